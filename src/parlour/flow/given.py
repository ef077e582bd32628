"""What a node gives to a tool: parameters as a file writes them, and in the types that the tool has (dsl.md 6.11).

Knows no tool and no node.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import cast

from msgspec import Struct

from parlour.domain.files import File
from parlour.flow import template
from parlour.flow.node import NodeFailed
from parlour.flow.pool import MISSING, Pool
from parlour.flow.values import json_form, text_form
from parlour.ports.models import properties, required

PARAMETER = "ToolParameterError"
TRUE, FALSE = {"true", "yes", "y", "1", "on"}, {"false", "no", "n", "0", "off", ""}


class Given(Struct, frozen=True):
    """A parameter, as it is written."""

    type: str | None = None
    """`variable` (its value is a selector), `mixed` (a text with references), or `constant`."""
    value: object = None

    @property
    def selector(self) -> tuple[str, ...] | None:
        """Of a variable; None for anything else."""
        if self.type != "variable" or not isinstance(self.value, list):
            return None
        return tuple(map(str, cast("list[object]", self.value)))


Written = Mapping[str, Given | None]


def parameters(written: Written, pool: Pool) -> dict[str, object]:
    """What of them has a value. All but variables are texts, in Python's spelling, with their references filled in."""
    return dict(_settled(written, pool, constants_as_they_are=False))


def settings(written: Written, pool: Pool) -> dict[str, object]:
    """Likewise, but constants keep their types and their texts."""
    return dict(_settled(written, pool, constants_as_they_are=True))


def _settled(written: Written, pool: Pool, *, constants_as_they_are: bool) -> Iterator[tuple[str, object]]:
    for name, given in written.items():
        if given is None or given.value is None:
            continue
        if (selector := given.selector) is not None:
            value = pool.get(selector)
        elif given.type == "constant" and constants_as_they_are:
            value = given.value
        else:
            value = template.fill(str(given.value), pool)
        if value is not MISSING:
            yield name, value


def fitted(values: Mapping[str, object], schema: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Those that the tool declares, in its types; and the others, as they are.

    Raises:
        NodeFailed: one cannot be of its type, or is needed and not there.
    """
    declared = properties(schema)
    given = {name: _fitted(name, value, declared[name]) for name, value in values.items() if name in declared}
    given = {name: value for name, value in given.items() if value is not None}
    if lacking := [name for name in required(schema) if name not in given]:
        raise NodeFailed(f"The tool needs {', '.join(lacking)}.", PARAMETER)
    return given, {name: json_form(value) for name, value in values.items() if name not in declared}


def _fitted(name: str, value: object, schema: object) -> object:
    """In the type that is declared; None for a number, a list or an object of which nothing is written."""
    kind = _kind(cast("dict[str, object]", schema)) if isinstance(schema, dict) else ""
    match kind:
        case "string":
            return value.url if isinstance(value, File) else text_form(value)
        case "boolean":
            return _boolean(name, value)
        case "integer" | "number" if not isinstance(value, bool | int | float):
            return _number(name, text_form(value).strip(), whole=kind == "integer")
        case "array" | "object" if isinstance(value, str):
            return _read(name, value, kind)
        case _:
            return json_form(value)


def _kind(schema: Mapping[str, object]) -> str:
    """The type that it declares; of several the first, nothing apart."""
    written = schema.get("type")
    kinds = cast("list[object]", written) if isinstance(written, list) else [written]
    return next((kind for kind in kinds if isinstance(kind, str) and kind != "null"), "")


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, str):
        return bool(value)
    word = value.strip().lower()
    if word not in TRUE | FALSE:
        raise NodeFailed(f"{name} must be true or false, and is {_shown(value)}.", PARAMETER)
    return word in TRUE


def _number(name: str, text: str, *, whole: bool) -> int | float | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return int(float(text)) if whole else finite(float(text))
    except (ValueError, OverflowError):
        raise NodeFailed(f"{name} must be a number, and is {_shown(text)}.", PARAMETER) from None


def finite(number: float) -> float:
    """Raises: ValueError: it is none that JSON knows."""
    if not math.isfinite(number):
        raise ValueError(number)
    return number


def _read(name: str, text: str, kind: str) -> object:
    """A list or an object that is written as JSON."""
    if not text.strip():
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list if kind == "array" else dict):
        raise NodeFailed(f"{name} must be an {kind}, written as JSON, and is {_shown(text)}.", PARAMETER)
    return cast("object", found)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 100 else f"{text[:100]}…")
