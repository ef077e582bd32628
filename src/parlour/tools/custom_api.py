"""Tools of an API that its operator describes by an OpenAPI document; asked through the guarded web. Knows no model."""

import asyncio
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import quote, urlencode, urljoin

import msgspec
import yaml

from parlour.domain.problems import FetchFailed, ToolFailed
from parlour.ports.tools import Caller, Made, Outcome
from parlour.ports.web import MEGABYTE, Web, WebRequest
from parlour.tools.openapi import Description, Operation, described, parsed_arguments
from parlour.tools.shelf import Told

LARGEST = 10 * MEGABYTE
FORM = "application/x-www-form-urlencoded"


class CustomApi:
    """`spec` is the document, or its address; `base` stands in the place of the address that the document names."""

    def __init__(
        self, web: Web, spec: str, *, base: str = "", headers: Mapping[str, str] | None = None, seconds: float = 60
    ) -> None:
        self._web = web
        self._spec = spec
        self._base = base.rstrip("/")
        self._headers = tuple((headers or {}).items())
        self._seconds = seconds
        self._described: Description | None = None

    async def tools(self) -> Mapping[str, Told]:
        description = await self._description("")
        return {name: operation.told for name, operation in description.operations.items()}

    async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        description = await self._description(caller.app)
        operation = description.operations.get(name)
        if operation is None:
            raise ToolFailed(f"there is no operation {name}")
        request = self._request(self._base or description.base, operation, arguments, caller.app)
        async with self._web.fetch(request) as answer:
            status, kind, data = answer.status, answer.header("content-type"), await answer.body()
        if status >= 400:
            raise ToolFailed(f"the API answers {status}: {data[:2000].decode('utf-8', 'replace')}")
        kind = kind.partition(";")[0].strip().lower()
        if kind.startswith(("image/", "audio/", "video/")):
            return Outcome("", (Made(f"{name}.{kind.partition('/')[2].partition('+')[0]}", kind, data),))
        return Outcome(data.decode("utf-8", "replace"), data=as_json(data))

    async def aclose(self) -> None:
        """Nothing is held."""

    def _request(self, base: str, operation: Operation, arguments: Mapping[str, object], app: str) -> WebRequest:
        if not base.startswith(("http://", "https://")):
            raise ToolFailed("its description names no address: the operator has to give one (url)")
        path = operation.path
        for name, value in parsed_arguments(operation, arguments, "path").items():
            path = path.replace(f"{{{name}}}", quote(text(value), safe=""))
        body, headers = sent(operation, parsed_arguments(operation, arguments, "body"))
        given = parsed_arguments(operation, arguments, "header")
        cookies = parsed_arguments(operation, arguments, "cookie")
        named = {name.lower() for name, _ in self._headers}  # what the operator says is not a model's to change
        headers += [(name, text(value)) for name, value in given.items() if name.lower() not in named]
        if cookies and "cookie" not in named:
            headers.append(("cookie", "; ".join(f"{name}={quote(text(value))}" for name, value in cookies.items())))
        return WebRequest(
            base + path,
            method=operation.method,
            query=tuple(pairs(parsed_arguments(operation, arguments, "query"))),
            headers=(*headers, *self._headers),
            keys=tuple(name for name, _ in self._headers),
            body=body,
            app=app,
            total_seconds=self._seconds,
            most=LARGEST,
        )

    async def _description(self, app: str) -> Description:
        """Read once."""
        if self._described is None:
            source, base = self._spec, ""
            if source.startswith(("http://", "https://")):
                source, base = await self._fetched(app), source
            found = described(await asyncio.to_thread(loaded, source))
            if base and found.base.startswith("/"):
                found = Description(urljoin(base, found.base), found.operations)
            self._described = found
        return self._described

    async def _fetched(self, app: str) -> str:
        try:
            async with self._web.fetch(WebRequest(self._spec, app=app, most=LARGEST)) as answer:
                status, data = answer.status, await answer.body()
        except FetchFailed as failed:
            raise ToolFailed(f"the description of the API cannot be had: {failed.message}") from None
        if status != 200:
            raise ToolFailed(f"the description of the API cannot be had: its address answers {status}")
        return data.decode("utf-8", "replace")


def loaded(source: str) -> object:
    """Raises: ToolFailed: it is neither YAML nor JSON."""
    loader: Callable[..., object] = yaml.load  # pyright: ignore[reportUnknownMemberType]
    try:
        return loader(source, yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise ToolFailed("the description of the API is neither YAML nor JSON") from None


def sent(operation: Operation, body: dict[str, object]) -> tuple[bytes | None, list[tuple[str, str]]]:
    """The body, and the header that says what it is."""
    if not operation.media or not body:
        return None, []
    if operation.media == FORM:
        return urlencode(list(pairs(body))).encode(), [("content-type", FORM)]
    if "json" in operation.media:
        value: object = body[operation.whole] if operation.whole else body
        return msgspec.json.encode(value), [("content-type", operation.media)]
    return text(body[operation.whole] if operation.whole else body).encode(), [("content-type", operation.media)]


def pairs(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """A name comes once for each item of a list."""
    return [
        (name, text(item))
        for name, value in values.items()
        for item in (cast("list[object]", value) if isinstance(value, list) else [value])
    ]


def text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def as_json(data: bytes) -> tuple[object, ...]:
    try:
        return (cast("object", msgspec.json.decode(data)),)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
