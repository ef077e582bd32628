"""Values of a flow as text and by kind (dsl.md 3.2-3.4). Knows no pool and no node."""

import json
from collections.abc import Iterator
from typing import cast

from parlour.domain.files import File
from parlour.domain.values import Json, json_form, revived

__all__ = ["Json", "files_in", "json_form", "kind_of", "markdown_form", "revived", "text_form", "zero"]


def text_form(value: object) -> str:
    """A value within a prompt or any other plain text; the spelling is Python's, as prompts depend on it."""
    match value:
        case None | File():
            return ""
        case str():
            return value
        case dict():
            return json.dumps(json_form(cast("object", value)), ensure_ascii=False)
        case list():
            return _list_text(cast("list[object]", value))
        case _:
            return str(value)


def _list_text(items: list[object]) -> str:
    if not items or all(isinstance(item, File) for item in items):
        return ""
    if all(isinstance(item, str) for item in items):
        return json.dumps(items, ensure_ascii=False)
    return repr(json_form(items))


def markdown_form(value: object) -> str:
    """A value within an answer: lists as bullets, files as links."""
    match value:
        case File():
            mark = "!" if value.type == "image" else ""
            return f"{mark}[{value.name}]({value.url})"
        case dict():
            return json.dumps(json_form(cast("object", value)), ensure_ascii=False, indent=2)
        case list():
            items = cast("list[object]", value)
            if items and all(isinstance(item, File) for item in items):
                return "\n".join(map(markdown_form, items))
            return "\n".join(f"- {json_form(item)}" for item in items)
        case _:
            return text_form(value)


def files_in(value: object) -> list[File]:
    """The file, or the files of a list; none in anything else."""
    if isinstance(value, File):
        return [value]
    if isinstance(value, list):
        return [item for item in cast("list[object]", value) if isinstance(item, File)]
    return []


SCALARS: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "float", File: "file"}


def kind_of(value: object) -> str:
    """`string`, `integer`, `float`, `boolean`, `object`, `file`, `none`, or `array[…]` (dsl.md 3.2)."""
    if value is None:
        return "none"
    if not isinstance(value, list):
        return SCALARS.get(type(value), "object")
    kinds = set(_kinds(cast("list[object]", value)))
    if kinds and kinds <= {"integer", "float"}:
        return "array[number]"
    if len(kinds) != 1 or (only := kinds.pop()) in {"none", "array"}:
        return "array[any]"
    return f"array[{only}]"


def _kinds(items: list[object]) -> Iterator[str]:
    return ("array" if isinstance(item, list) else kind_of(item) for item in items)


ZEROS: dict[str, object] = {"string": "", "secret": "", "number": 0, "integer": 0, "float": 0.0, "boolean": False}


def zero(kind: str) -> object:
    """What a variable of a kind holds that was given nothing."""
    if kind.startswith("array"):
        return []
    return {} if kind == "object" else ZEROS.get(kind)
