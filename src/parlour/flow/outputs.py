"""What code returned, held to what its node declares (dsl.md 6.8). Does not know how or where the code ran."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from msgspec import Struct

from parlour.flow.node import NodeFailed, OutputLimits
from parlour.flow.values import kind_of

LONGEST_NAME = 100
"""As much of a name as is said of one that nobody has declared."""
ITEMS = ("array[string]", "array[object]", "array[number]", "array[boolean]")
KINDS = frozenset({"string", "number", "boolean", "object", *ITEMS})
SCIENTIFIC = re.compile(r"-?\d+(\.\d*)?[eE][+-]?\d+")
WORDS = {"none": "null", "integer": "number", "float": "number", "array[any]": "array"}


class Declared(Struct, frozen=True):
    """One output."""

    type: str = "string"
    children: "dict[str, Declared] | None" = None
    """Of an object: what is in it, if that is said."""


def outputs(told: object, declared: Mapping[str, Declared], limits: OutputLimits) -> dict[str, object]:
    """The outputs of a node, from what its code returned.

    Raises:
        NodeFailed: it is not what was declared.
    """
    if not isinstance(told, dict):
        raise _wrong(f"main must return an object with the outputs (a dict in Python), and returned {_named(told)}")
    members = cast("dict[str, object]", told)
    check = _Check(limits)
    return check.members(members, declared, "", 1) if declared else check.free_members(members, "", 1)


class _Check:
    """Looks at values, each with its name and how deep it lies."""

    def __init__(self, limits: OutputLimits) -> None:
        self._limits = limits
        self._most = {
            "array[string]": limits.max_string_array_length,
            "array[object]": limits.max_object_array_length,
            "array[number]": limits.max_number_array_length,
        }
        self._checks: dict[str, Callable[[object, str, int], object]] = {
            "string": self._string,
            "number": self._number,
            "boolean": self._boolean,
            "object": self._object,
        }

    def members(
        self, members: dict[str, object], declared: Mapping[str, Declared], within: str, depth: int
    ) -> dict[str, object]:
        """An object of which is said what is in it: all of that, and nothing else."""
        if depth > self._limits.max_depth:
            raise self._too_deep(within)
        for name in declared:
            if name not in members:
                raise _wrong(f"Output {within}{name} is missing: main does not return it")
        if extra := [name for name in members if name not in declared]:
            told = ", ".join(f"{within}{name[:LONGEST_NAME]}" for name in extra[:5])
            raise _wrong(f"Not all output parameters are validated: {told} is returned, and not declared")
        return {name: self._value(members[name], one, within + name, depth) for name, one in declared.items()}

    def _value(self, value: object, declared: Declared, name: str, depth: int) -> object:
        kind = declared.type
        if kind not in KINDS:
            raise _wrong(f"Output {name} is declared as {kind!r}, and there is no such type")
        if value is None:
            return None
        if kind in ITEMS:
            return self._list(value, kind, name, depth)
        if kind == "object" and declared.children and isinstance(value, dict):
            return self.members(cast("dict[str, object]", value), declared.children, f"{name}.", depth + 1)
        return self._checks[kind](value, name, depth)

    def _list(self, value: object, kind: str, name: str, depth: int) -> list[object]:
        if not isinstance(value, list):
            raise _mistyped(name, kind, value)
        items, most, check = cast("list[object]", value), self._most.get(kind), self._checks[kind[6:-1]]
        if most is not None and len(items) > most:
            raise _wrong(f"The length of output variable {name} must be less than {most} elements, and is {len(items)}")
        return [None if item is None else check(item, f"{name}[{n}]", depth) for n, item in enumerate(items)]

    def _string(self, value: object, name: str, depth: int = 0) -> str:
        del depth
        if not isinstance(value, str):
            raise _mistyped(name, "string", value)
        if len(value) > (most := self._limits.max_string_length):
            raise _wrong(
                f"The length of output variable {name} must be less than {most} characters, and is {len(value)}"
            )
        return value.replace("\0", "")

    def _number(self, value: object, name: str, depth: int = 0) -> int | float:
        del depth
        if isinstance(value, str) and SCIENTIFIC.fullmatch(value):
            value = float(value)
        if not isinstance(value, int | float):
            raise _mistyped(name, "number", value)
        least, most, digits = self._limits.min_number, self._limits.max_number, self._limits.max_precision
        if not least <= value <= most:
            raise _wrong(f"Output variable {name} is out of range: it must lie between {least} and {most}")
        if isinstance(value, float) and len(str(value).partition(".")[2]) > digits:
            raise _wrong(f"Output variable {name} has more than {digits} digits behind the point")
        return int(value) if isinstance(value, bool) else value

    def _boolean(self, value: object, name: str, depth: int) -> bool:
        del depth
        if not isinstance(value, bool):
            raise _mistyped(name, "boolean", value)
        return value

    def _object(self, value: object, name: str, depth: int) -> dict[str, object]:
        if not isinstance(value, dict):
            raise _mistyped(name, "object", value)
        return self.free_members(cast("dict[str, object]", value), f"{name}.", depth + 1)

    def free_members(self, members: dict[str, object], within: str, depth: int) -> dict[str, object]:
        """An object of which is not said what is in it."""
        if depth > self._limits.max_depth:
            raise self._too_deep(within)
        return {name: self._free(value, within + name, depth) for name, value in members.items()}

    def _free(self, value: object, name: str, depth: int) -> object:
        match value:
            case None | bool():
                return value
            case str():
                return float(value) if SCIENTIFIC.fullmatch(value) else self._string(value, name)
            case int() | float():
                return self._number(value, name)
            case dict():
                return self.free_members(cast("dict[str, object]", value), f"{name}.", depth + 1)
            case list():
                return list(self._free_items(cast("list[object]", value), name, depth))
            case _:
                raise _mistyped(name, "JSON", value)

    def _free_items(self, items: list[object], name: str, depth: int) -> Iterator[object]:
        kinds = {WORDS.get(kind := kind_of(item), kind).partition("[")[0] for item in items if item is not None}
        if len(kinds) > 1 or "array" in kinds:
            raise _wrong(f"Output {name} is not a valid array: make sure all elements are of the same type")
        for number, item in enumerate(items):
            yield self._free(item, f"{name}[{number}]", depth)

    def _too_deep(self, within: str) -> NodeFailed:
        told = f"Depth limit {self._limits.max_depth} reached, object too deep: {within.removesuffix('.')}."
        return NodeFailed(told, "DepthLimitError")


def _named(value: object) -> str:
    kind = kind_of(value)
    return WORDS.get(kind, kind)


def _mistyped(name: str, kind: str, value: object) -> NodeFailed:
    article = "an" if kind.startswith(("a", "o")) else "a"
    return _wrong(f"Output {name} must be {article} {kind}, and is {_named(value)}")


def _wrong(message: str) -> NodeFailed:
    return NodeFailed(f"{message}.", "OutputValidationError")
