"""One question to a service of the web, with what its operator gives to get in. Knows no service.

A key goes to the place that it is for, and follows no redirect to another.
"""

from typing import Any, cast

import msgspec

from parlour.domain.problems import ToolFailed
from parlour.ports.web import MEGABYTE, WebRequest
from parlour.tools.tool import Given

LARGEST = 5 * MEGABYTE
SHOWN = 300
"""Characters of a refusal."""
JSON = (("content-type", "application/json"), ("accept", "application/json"))

Pairs = tuple[tuple[str, str], ...]


async def ask(
    given: Given,
    url: str,
    *,
    query: Pairs = (),
    headers: Pairs = (),
    body: object = None,
    most: int = LARGEST,
) -> bytes:
    """What it answers; a `body` is sent as JSON.

    Raises:
        ToolFailed: it refuses.
        FetchFailed: it does not answer.
    """
    access = given.access
    key = (("authorization", f"Bearer {access.api_key}"),) if access.api_key else ()
    own = tuple(access.headers.items())
    asked = WebRequest(
        url,
        method="GET" if body is None else "POST",
        query=query,
        headers=(*(JSON if body is not None else ()), *headers, *key, *own),
        body=None if body is None else msgspec.json.encode(body),
        app=given.app,
        read_seconds=600,  # whoever uses the tool says how long it may take
        total_seconds=600,
        redirects=0 if key or own else 5,
        most=most,
    )
    async with given.reach.web.fetch(asked) as answer:
        status, data = answer.status, await answer.body()
    if status in {401, 403}:
        raise ToolFailed(f"the service refuses the key that the operator has given ({status})")
    if not 200 <= status < 300:
        raise ToolFailed(f"the service answers {status}: {data[: 4 * SHOWN].decode('utf-8', 'replace')[:SHOWN]}")
    return data


def read(data: bytes) -> dict[str, Any]:
    """Raises: ToolFailed: it is no JSON object."""
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ToolFailed("the service's answer cannot be read") from None


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing of what is none."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]


def needed(value: str, name: str) -> str:
    """Raises: ToolFailed: the operator has not said it."""
    if not value:
        raise ToolFailed(f"it cannot be used here: its operator has given no {name} for it (docs/tools.md)")
    return value
