"""The tools of the provider `json_process`: read and change JSON by a JSONPath. Knows nothing of where it is from."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Outcome
from parlour.tools.tool import Builtin, Given, string

LONGEST = 1024 * 1024
"""Characters of JSON that are read."""
CONTENT = string("the JSON, as text")
PATH = string("a JSONPath, such as $.store.books[*].title")
VALUE = string("the value: text, or JSON with value_decode")
DECODE: dict[str, object] = {"type": "boolean", "description": "whether the value is JSON, and not a text"}

Work = Callable[[Any, Any], object]
"""What is done with the path that was read, and the JSON."""


async def worked(given: Given, path: str, work: Work) -> Outcome:
    """On a thread: the library takes a while to load, and long JSON a while to read."""
    content = given.text("content")
    if len(content) > LONGEST:
        raise ToolFailed(f"the JSON has more than {LONGEST} characters")
    found = await asyncio.to_thread(attempt, content, given.text(path), work)
    structured = type(found) in {dict, list}  # anything else as graphs compare it: `True`
    told = json.dumps(found, ensure_ascii=given.flag("ensure_ascii")) if structured else str(found)
    return Outcome(told, data=(found,))


def attempt(content: str, path: str, work: Work) -> object:
    """Raises: ToolFailed: it is no JSON, or no JSONPath, or cannot be done."""
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.parser import parse

    try:
        return work(parse(path), json.loads(content))
    except JSONPathError as error:
        raise ToolFailed(f"{path!r} is no JSONPath: {error}") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ToolFailed(f"it cannot be done: {error}") from None


def value_of(given: Given, name: str) -> object:
    """Raises: ToolFailed: it is to be JSON, and is none."""
    written = given.text(name)
    if not given.flag("value_decode"):
        return written
    try:
        return cast("object", json.loads(written))
    except (ValueError, RecursionError):
        raise ToolFailed(f"{name} is no JSON: {written[:200]!r}") from None


def every(value: object) -> bool:
    del value
    return True


def found(path: Any, document: Any) -> object:
    values = [match.value for match in path.find(document)]
    return "" if not values else values[0] if len(values) == 1 else values


async def parse(given: Given) -> Outcome:
    return await worked(given, "json_filter", found)


async def json_delete(given: Given) -> Outcome:
    def delete(path: Any, document: Any) -> object:
        return path.filter(every, document)

    return await worked(given, "query", delete)


async def json_replace(given: Given) -> Outcome:
    value = value_of(given, "replace_value")

    def replace(path: Any, document: Any) -> object:
        return path.update(document, value)

    return await worked(given, "query", replace)


async def json_insert(given: Given) -> Outcome:
    value, create = value_of(given, "new_value"), given.flag("create_path")

    def insert(path: Any, document: Any) -> object:
        places = path.find(document)
        if not places:
            if not create:
                raise ToolFailed("there is nothing at that path (create_path makes it)")
            return path.update_or_create(document, value)
        for place in places:
            if isinstance(place.value, list):
                at = given.whole("index", len(cast("list[object]", place.value)))
                cast("list[object]", place.value).insert(at, value)
            else:
                document = place.full_path.update(document, value)
        return document

    return await worked(given, "query", insert)


TOOLS = (
    Builtin(
        "parse",
        "JSON Parse",
        "Reads what stands at a path of some JSON.",
        parse,
        {"content": CONTENT, "json_filter": PATH},
        ("content", "json_filter"),
    ),
    Builtin(
        "json_delete",
        "JSON Delete",
        "Deletes what stands at a path of some JSON.",
        json_delete,
        {"content": CONTENT, "query": PATH},
        ("content", "query"),
    ),
    Builtin(
        "json_replace",
        "JSON Replace",
        "Replaces what stands at a path of some JSON.",
        json_replace,
        {"content": CONTENT, "query": PATH, "replace_value": VALUE, "value_decode": DECODE},
        ("content", "query", "replace_value"),
    ),
    Builtin(
        "json_insert",
        "JSON Insert",
        "Puts a value at a path of some JSON; into a list that stands there, as a new item.",
        json_insert,
        {
            "content": CONTENT,
            "query": PATH,
            "new_value": VALUE,
            "value_decode": DECODE,
            "create_path": {"type": "boolean", "description": "whether a path that is not there is made"},
            "index": {"type": "integer", "description": "where in a list; at its end if absent"},
        },
        ("content", "query", "new_value"),
    ),
)
