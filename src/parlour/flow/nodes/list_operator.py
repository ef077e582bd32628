"""Picks, sorts and cuts the items of a list (dsl.md 6.18): filter, then extract, then order, then limit.

Does not know how a text is compared: `flow/conditions.py` does.
"""

from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

from msgspec import Struct

from parlour.domain.files import File
from parlour.flow.conditions import SubCondition, attribute, compare, dotted, expanded
from parlour.flow.node import NodeFailed, Result, Say, Scope
from parlour.flow.pool import MISSING, Pool
from parlour.flow.template import fill
from parlour.flow.values import json_form, kind_of

KIND = "ListOperatorError"
KINDS = frozenset({"string", "number", "integer", "float", "boolean", "file"})
"""Of the items of lists that it takes."""
ON_TEXT = frozenset(
    {"contains", "not contains", "start with", "end with", "is", "is not", "in", "not in", "empty", "not empty"}
)
ON_NUMBERS = frozenset({"=", "≠", ">", "<", "≥", "≤"})
LONGEST = 20
"""Characters of the number of an item."""
ON_WORDS = frozenset({"in", "not in"})
"""Of a file's type, and of how it came."""


class FilterBy(Struct, frozen=True):
    enabled: bool | None = False
    conditions: tuple[SubCondition, ...] | None = None


class ExtractBy(Struct, frozen=True):
    enabled: bool | None = False
    serial: str | int | None = "1"


class OrderBy(Struct, frozen=True):
    enabled: bool | None = False
    key: str | None = ""
    value: str | None = "asc"


class Limit(Struct, frozen=True):
    enabled: bool | None = False
    size: int | None = None


class Config(Struct, frozen=True):
    variable: tuple[str, ...] | None = None
    filter_by: FilterBy | None = None
    extract_by: ExtractBy | None = None
    order_by: OrderBy | None = None
    limit: Limit | None = None


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    selector = config.variable or ()
    value = scope.value(selector)
    if value is MISSING:
        raise scope.failed(f"The variable {'.'.join(selector) or '(none chosen)'} is not there.", KIND)
    scope.inputs = {"variable": json_form(value)}
    try:
        items = _operated(config, _items(value), scope.pool)
    except NodeFailed as failed:
        raise scope.failed(failed.message, KIND) from failed
    outputs = {
        "result": items,
        "first_record": items[0] if items else None,
        "last_record": items[-1] if items else None,
    }
    kind = scope.pool.kind(selector) or (kind_of(value) if value else "")
    yield Result(outputs, kinds={"result": kind})


def _items(value: object) -> list[object]:
    """
    Raises:
        NodeFailed: it is no list, or none of one simple kind.
    """
    if not value and (value is None or isinstance(value, list)):
        return []
    kind = kind_of(value)
    if not kind.startswith("array[") or kind[6:-1] not in KINDS:
        raise NodeFailed(f"It takes a list of texts, numbers, booleans or files, not what is of type {kind}.")
    return cast("list[object]", value)


def _operated(config: Config, items: list[object], pool: Pool) -> list[object]:
    if not items:
        return []
    if config.filter_by is not None and config.filter_by.enabled:
        for condition in config.filter_by.conditions or ():
            items = [item for item in items if _passes(item, condition, expanded(condition.value, pool))]
    if config.extract_by is not None and config.extract_by.enabled:
        items = [_extracted(items, fill(str(config.extract_by.serial or ""), pool))]
    if config.order_by is not None and config.order_by.enabled:
        items = sorted(items, key=_order(config.order_by.key or ""), reverse=config.order_by.value == "desc")
    if config.limit is not None and config.limit.enabled and (config.limit.size or 0) > 0:
        items = items[: config.limit.size]
    return items


def _passes(item: object, condition: SubCondition, expected: object) -> bool:
    """
    Raises:
        NodeFailed: such items are not compared like this.
    """
    word = condition.comparison_operator or ""
    value, allowed = item, ON_TEXT
    if isinstance(item, File):
        value = attribute(item, condition.key)
        if condition.key in {"type", "transfer_method"}:
            allowed = ON_WORDS
        elif condition.key == "extension" and isinstance(expected, str):
            expected = dotted(expected)
    if isinstance(value, bool):
        allowed = frozenset({"is", "is not"})
    elif isinstance(value, int | float):
        value, allowed = float(value), ON_NUMBERS
    if word not in allowed:
        raise NodeFailed(f"There is no comparison {word!r} for {condition.key or 'such items'}.")
    if word in ON_WORDS and isinstance(expected, str):
        return (str(value) in expected) is (word == "in")
    return compare(word, value, expected)


def _extracted(items: list[object], serial: str) -> object:
    """
    Raises:
        NodeFailed: there is no such item.
    """
    number = int(serial) if serial.strip().isdecimal() and len(serial) < LONGEST else 0
    if not 1 <= number <= len(items):
        raise NodeFailed(f"There is no item {serial!r}: the list has {len(items)}, the first one is 1.")
    return items[number - 1]


def _order(key: str) -> Callable[[object], Any]:
    return lambda item: attribute(item, key) if isinstance(item, File) else item
