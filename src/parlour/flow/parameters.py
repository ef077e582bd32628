"""Parameters told out of what a model has written: which there are, what is taken for each, what is not as asked for.

Pure: knows no node and no call. Source: dsl.md 6.16.
"""

import json
from math import isfinite
from typing import cast

from msgspec import Struct

from parlour.flow.pool import MISSING

KINDS = {"bool": "boolean", "select": "string"}
SCALARS: dict[str, object] = {"string": "", "number": 0, "boolean": False}
MOST_STARTS = 100
"""How many braces are looked behind for an object."""


class Parameter(Struct, frozen=True):
    name: str
    type: str = "string"
    options: tuple[str, ...] | None = None
    description: str | None = None
    required: bool | None = None

    @property
    def kind(self) -> str:
        """`string`, `number`, `boolean`, or `array[…]` of one of them or of objects."""
        return KINDS.get(self.type, self.type)

    @property
    def item(self) -> str:
        """The kind of an array's elements; empty if it is none."""
        return KINDS.get(found := self.type[6:-1], found) if self.type.startswith("array[") else ""

    @property
    def zero(self) -> object:
        """What it holds that was not found."""
        return [] if self.item else SCALARS.get(self.kind, "")

    def schema(self) -> dict[str, object]:
        said: dict[str, object] = {"type": self.kind if self.kind in SCALARS else "string"}
        if self.item:
            said = {"type": "array", "items": {"type": self.item}}
        if self.type == "select" and self.options:
            said["enum"] = list(self.options)
        return {"description": self.description or "", **said}


class Extracted(Struct, frozen=True):
    """A value for each parameter, and what is not as it was asked for; empty if all is."""

    values: dict[str, object]
    reason: str = ""


def schema_of(parameters: tuple[Parameter, ...]) -> dict[str, object]:
    """The JSON Schema of an object that holds them."""
    return {
        "type": "object",
        "properties": {one.name: one.schema() for one in parameters},
        "required": [one.name for one in parameters if one.required],
    }


def extracted(parameters: tuple[Parameter, ...], found: dict[str, object] | None) -> Extracted:
    """What is taken from an object that a model has written; None where it has written none."""
    if found is None:
        return Extracted({one.name: one.zero for one in parameters}, "The model's answer holds no JSON object.")
    reasons: list[str] = []
    values: dict[str, object] = {}
    if unknown := found.keys() - {one.name for one in parameters}:
        reasons.append(f"not asked for: {', '.join(sorted(unknown))}")
    for one in parameters:
        value = coerced(one, found.get(one.name))
        values[one.name] = one.zero if value is MISSING else value
        if one.name not in found or (one.required and found[one.name] is None):
            reasons.append(f"{one.name} is missing{', and required' if one.required else ''}")
        elif value is MISSING and found[one.name] is not None:
            reasons.append(f"{one.name} is no {one.type}")
        elif one.type == "select" and one.options and value not in one.options:
            reasons.append(f"{one.name} is none of {', '.join(one.options)}")
    return Extracted(values, f"Invalid parameters: {'; '.join(reasons)}." if reasons else "")


def coerced(parameter: Parameter, value: object) -> object:
    """The value as one of the parameter's kind; MISSING if it cannot be one."""
    if not parameter.item:
        return scalar(parameter.kind, value)
    if not isinstance(value, list):
        return MISSING
    items = [scalar(parameter.item, item) for item in cast("list[object]", value)]
    return [item for item in items if item is not MISSING]


def scalar(kind: str, value: object) -> object:
    match kind:
        case "number":
            return number(value)
        case "boolean":
            return boolean(value)
        case "object":
            return cast("object", value) if isinstance(value, dict) else MISSING
        case _:
            return value if isinstance(value, str) else MISSING


def number(value: object) -> object:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
        try:
            value = float(value)
        except ValueError:
            return MISSING
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return value if is_number else MISSING


def boolean(value: object) -> object:
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower(), MISSING)
    return bool(value) if isinstance(value, bool | int) and value in {0, 1} else MISSING


def first_object(text: str) -> dict[str, object] | None:
    """The first complete JSON object in a text."""
    decoder, start = json.JSONDecoder(), -1
    for _ in range(MOST_STARTS):
        start = text.find("{", start + 1)
        if start < 0:
            return None
        try:
            found, _end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        return cast("dict[str, object]", found)
    return None
