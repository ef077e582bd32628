"""What code returned, held to what its node declares (dsl.md 6.8). Does not know how or where the code ran."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from msgspec import Struct

from parlour.flow.node import NodeFailed
from parlour.flow.values import kind_of

LONGEST_TEXT = 400_000
LEAST, MOST = -(2**63), 2**63 - 1
LONGEST_NAME = 100
"""As much of a name as is said of one that nobody has declared."""
DECIMALS = 20
DEPTH = 5
"""Of objects within objects, what `main` returns being the first."""
ITEMS = {"array[string]": 30, "array[object]": 30, "array[number]": 1000, "array[boolean]": None}
"""How many items a list may have, by its type; None is no limit."""
KINDS = frozenset({"string", "number", "boolean", "object", *ITEMS})
SCIENTIFIC = re.compile(r"-?\d+(\.\d*)?[eE][+-]?\d+")
WORDS = {"none": "null", "integer": "number", "float": "number", "array[any]": "array"}
TOO_DEEP = f"Depth limit {DEPTH} reached, object too deep"


class Declared(Struct, frozen=True):
    """One output."""

    type: str = "string"
    children: "dict[str, Declared] | None" = None
    """Of an object: what is in it, if that is said."""


def outputs(told: object, declared: Mapping[str, Declared]) -> dict[str, object]:
    """The outputs of a node, from what its code returned.

    Raises:
        NodeFailed: it is not what was declared.
    """
    if not isinstance(told, dict):
        raise _wrong(f"main must return an object with the outputs (a dict in Python), and returned {_named(told)}")
    members = cast("dict[str, object]", told)
    return _members(members, declared, "", 1) if declared else _free_members(members, "", 1)


def _members(
    members: dict[str, object], declared: Mapping[str, Declared], within: str, depth: int
) -> dict[str, object]:
    """An object of which is said what is in it: all of that, and nothing else."""
    if depth > DEPTH:
        raise _too_deep(within)
    for name in declared:
        if name not in members:
            raise _wrong(f"Output {within}{name} is missing: main does not return it")
    if extra := [name for name in members if name not in declared]:
        told = ", ".join(f"{within}{name[:LONGEST_NAME]}" for name in extra[:5])
        raise _wrong(f"Not all output parameters are validated: {told} is returned, and not declared")
    return {name: _value(members[name], one, within + name, depth) for name, one in declared.items()}


def _value(value: object, declared: Declared, name: str, depth: int) -> object:
    kind = declared.type
    if kind not in KINDS:
        raise _wrong(f"Output {name} is declared as {kind!r}, and there is no such type")
    if value is None:
        return None
    if kind in ITEMS:
        return _list(value, kind, name, depth)
    if kind == "object" and declared.children and isinstance(value, dict):
        return _members(cast("dict[str, object]", value), declared.children, f"{name}.", depth + 1)
    return SCALARS[kind](value, name, depth)


def _list(value: object, kind: str, name: str, depth: int) -> list[object]:
    if not isinstance(value, list):
        raise _mistyped(name, kind, value)
    items, most, check = cast("list[object]", value), ITEMS[kind], SCALARS[kind[6:-1]]
    if most is not None and len(items) > most:
        raise _wrong(f"The length of output variable {name} must be less than {most} elements, and is {len(items)}")
    return [None if item is None else check(item, f"{name}[{n}]", depth) for n, item in enumerate(items)]


def _string(value: object, name: str, depth: int = 0) -> str:
    del depth
    if not isinstance(value, str):
        raise _mistyped(name, "string", value)
    if len(value) > LONGEST_TEXT:
        raise _wrong(
            f"The length of output variable {name} must be less than {LONGEST_TEXT} characters, and is {len(value)}"
        )
    return value.replace("\0", "")


def _number(value: object, name: str, depth: int = 0) -> int | float:
    del depth
    if isinstance(value, str) and SCIENTIFIC.fullmatch(value):
        value = float(value)
    if not isinstance(value, int | float):
        raise _mistyped(name, "number", value)
    if not LEAST <= value <= MOST:
        raise _wrong(f"Output variable {name} is out of range: it must lie between {LEAST} and {MOST}")
    if isinstance(value, float) and len(str(value).partition(".")[2]) > DECIMALS:
        raise _wrong(f"Output variable {name} has more than {DECIMALS} digits behind the point")
    return int(value) if isinstance(value, bool) else value


def _boolean(value: object, name: str, depth: int) -> bool:
    del depth
    if not isinstance(value, bool):
        raise _mistyped(name, "boolean", value)
    return value


def _object(value: object, name: str, depth: int) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _mistyped(name, "object", value)
    return _free_members(cast("dict[str, object]", value), f"{name}.", depth + 1)


SCALARS: dict[str, Callable[[object, str, int], object]] = {
    "string": _string,
    "number": _number,
    "boolean": _boolean,
    "object": _object,
}


def _free_members(members: dict[str, object], within: str, depth: int) -> dict[str, object]:
    """An object of which is not said what is in it."""
    if depth > DEPTH:
        raise _too_deep(within)
    return {name: _free(value, within + name, depth) for name, value in members.items()}


def _free(value: object, name: str, depth: int) -> object:
    match value:
        case None | bool():
            return value
        case str():
            return float(value) if SCIENTIFIC.fullmatch(value) else _string(value, name)
        case int() | float():
            return _number(value, name)
        case dict():
            return _free_members(cast("dict[str, object]", value), f"{name}.", depth + 1)
        case list():
            return list(_free_items(cast("list[object]", value), name, depth))
        case _:
            raise _mistyped(name, "JSON", value)


def _free_items(items: list[object], name: str, depth: int) -> Iterator[object]:
    kinds = {WORDS.get(kind := kind_of(item), kind).partition("[")[0] for item in items if item is not None}
    if len(kinds) > 1 or "array" in kinds:
        raise _wrong(f"Output {name} is not a valid array: make sure all elements are of the same type")
    for number, item in enumerate(items):
        yield _free(item, f"{name}[{number}]", depth)


def _named(value: object) -> str:
    kind = kind_of(value)
    return WORDS.get(kind, kind)


def _mistyped(name: str, kind: str, value: object) -> NodeFailed:
    article = "an" if kind.startswith(("a", "o")) else "a"
    return _wrong(f"Output {name} must be {article} {kind}, and is {_named(value)}")


def _too_deep(within: str) -> NodeFailed:
    return NodeFailed(f"{TOO_DEEP}: {within.removesuffix('.')}.", "DepthLimitError")


def _wrong(message: str) -> NodeFailed:
    return NodeFailed(f"{message}.", "OutputValidationError")
