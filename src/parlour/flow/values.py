"""Values of a flow by kind (dsl.md 3.2-3.4). Knows no pool and no node."""

from collections.abc import Iterator
from typing import cast

from parlour.domain.files import File
from parlour.domain.values import Json, json_form, markdown_form, revived, text_form

__all__ = ["Json", "files_in", "json_form", "kind_of", "markdown_form", "revived", "text_form", "zero"]


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
