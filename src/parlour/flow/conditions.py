"""Conditions over values (dsl.md 6.7): of if-else nodes, and of what ends a loop. Knows no node: a pool goes in.

Equal to the exporting house's engine, down to what it refuses: a variable that is not there fails, a number has no
`is`, and an integer is not compared with `3.5`.
"""

import json
import operator
from collections.abc import Callable, Iterable
from typing import cast

from msgspec import Struct

from parlour.domain.files import File
from parlour.flow.node import NodeFailed
from parlour.flow.pool import ATTRIBUTES, MISSING, Pool
from parlour.flow.template import fill
from parlour.flow.values import text_form

KIND = "ConditionError"
ON_FILES = frozenset({"contains", "not contains", "all of"})
"""Asked of a list of files, they look into each file."""


class SubCondition(Struct, frozen=True):
    """What an attribute of a file must be."""

    key: str
    comparison_operator: str | None = ""
    value: object = None


class SubConditions(Struct, frozen=True):
    conditions: tuple[SubCondition, ...] = ()
    logical_operator: str | None = "and"


class Condition(Struct, frozen=True):
    variable_selector: tuple[str, ...] | None = ()
    comparison_operator: str | None = ""
    value: object = None
    sub_variable_condition: SubConditions | None = None


class Verdict(Struct, frozen=True):
    """Whether conditions hold, and what was looked at until that was known."""

    holds: bool
    looked: tuple[dict[str, object], ...] = ()
    results: tuple[bool, ...] = ()


def judge(conditions: Iterable[Condition], joined: str | None, pool: Pool) -> Verdict:
    """All of them (`and`) or one of them (`or`); none is looked at that does not matter any more.

    Raises:
        NodeFailed: a variable is not there, or cannot be compared like this.
    """
    decides = joined == "or"
    looked: list[dict[str, object]] = []
    results: list[bool] = []
    for condition in conditions:
        actual = pool.get(condition.variable_selector or ())
        name = ".".join(condition.variable_selector or ()) or "(none chosen)"
        if actual is MISSING:
            raise NodeFailed(f"The variable {name} of a condition is not there.", KIND)
        expected = expanded(condition.value, pool)
        word = condition.comparison_operator or ""
        looked.append({"actual_value": actual, "expected_value": expected, "comparison_operator": word})
        try:
            if word in ON_FILES and _of_files(actual, pool.kind(condition.variable_selector or ())):
                results.append(_files_hold(cast("list[File]", actual), condition, pool))
            else:
                results.append(compare(word, actual, expected))
        except NodeFailed as failed:
            raise NodeFailed(f"{name}: {failed.message}", KIND) from failed
        if results[-1] is decides:
            return Verdict(decides, tuple(looked), tuple(results))
    return Verdict(not decides, tuple(looked), tuple(results))


def expanded(value: object, pool: Pool) -> object:
    """What is compared with: a text has its references filled in."""
    return fill(value, pool) if isinstance(value, str) else value


def _of_files(value: object, kind: str) -> bool:
    if not isinstance(value, list):
        return False
    return kind == "array[file]" or any(isinstance(item, File) for item in cast("list[object]", value))


def _files_hold(files: list[File], condition: Condition, pool: Pool) -> bool:
    """Each sub-condition asks whether one file is like this, or whether every file is not like that."""
    subs = condition.sub_variable_condition
    if subs is None or not subs.conditions:
        raise NodeFailed("A list of files is asked about without saying what of them.", KIND)
    results = [file_holds(sub, files, pool) for sub in subs.conditions]
    return any(results) if subs.logical_operator == "or" else all(results)


def file_holds(sub: SubCondition, files: Iterable[File], pool: Pool) -> bool:
    """Whether one of the files is like this; with a `not`, whether every one is."""
    word = sub.comparison_operator or ""
    expected = expanded(sub.value, pool)
    if sub.key == "extension" and isinstance(expected, str):
        expected = dotted(expected)
    results = (compare(word, attribute(file, sub.key), expected) for file in files)
    return all(results) if "not" in word else any(results)


def attribute(file: File, key: str) -> object:
    """What a condition sees of a file.

    Raises:
        NodeFailed: a file has no such attribute.
    """
    if key not in ATTRIBUTES:
        raise NodeFailed(f"A file has no attribute {key!r}.", KIND)
    value = getattr(file, key)
    return dotted(value) if key == "extension" else value


def dotted(extension: str) -> str:
    return f".{extension}" if extension and not extension.startswith(".") else extension


def compare(word: str, actual: object, expected: object) -> bool:
    """One comparison.

    Raises:
        NodeFailed: there is no such operator, or not for such values.
    """
    comparison = COMPARISONS.get(word)
    if comparison is None:
        raise NodeFailed(f"There is no comparison {word!r}.", KIND)
    return comparison(actual, expected)


def _contains(actual: object, expected: object) -> bool:
    match actual:
        case _ if not actual:
            return False
        case str():
            return text_form(expected) in actual
        case list():
            return expected in cast("list[object]", actual)
        case _:
            raise NodeFailed("Only a text or a list can contain something.", KIND)


def _begins(actual: object, expected: object) -> bool:
    return bool(actual) and _text(actual).startswith(text_form(expected))


def _ends(actual: object, expected: object) -> bool:
    return bool(actual) and _text(actual).endswith(text_form(expected))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise NodeFailed("Only a text can begin or end with something.", KIND)
    return value


def _is(actual: object, expected: object) -> bool:
    match actual:
        case bool():
            return actual is _boolean(expected)
        case str():
            return actual == expected
        case _:
            raise NodeFailed("Only a text or a boolean can be compared with `is`.", KIND)


def _boolean(expected: object) -> bool:
    """A text stands for a boolean as JSON has it; so does a number."""
    value = expected
    if isinstance(expected, str):
        try:
            value = json.loads(expected.strip().lower())
        except ValueError:
            value = None
    if not isinstance(value, bool | int | float):
        raise NodeFailed(f"{expected!r} is no boolean.", KIND)
    return bool(value)


def _in(actual: object, expected: object) -> bool:
    if not isinstance(expected, list):
        raise NodeFailed("Only a list can be looked into with `in`.", KIND)
    return bool(actual) and actual in cast("list[object]", expected)


def _all_of(actual: object, expected: object) -> bool:
    if not isinstance(expected, list):
        raise NodeFailed("`all of` needs a list.", KIND)
    if not actual:
        return False
    return all(_contains(actual, item) for item in cast("list[object]", expected))


def _equals(actual: object, expected: object) -> bool:
    if isinstance(actual, bool):
        return actual is _boolean(expected)
    number = _number(actual)
    return number == (_integer(expected) if isinstance(number, int) else _float(expected))


def _number(actual: object) -> int | float:
    if not isinstance(actual, int | float):
        raise NodeFailed("Only a number can be compared as a number.", KIND)
    return actual


def _integer(expected: object) -> int:
    try:
        return int(cast("str", expected))
    except (TypeError, ValueError, OverflowError) as error:
        raise NodeFailed(f"{expected!r} is no integer.", KIND) from error


def _float(expected: object) -> float:
    try:
        return float(cast("str", expected))
    except (TypeError, ValueError, OverflowError) as error:
        raise NodeFailed(f"{expected!r} is no number.", KIND) from error


Comparison = Callable[[object, object], bool]


def _not(comparison: Comparison) -> Comparison:
    return lambda actual, expected: not comparison(actual, expected)


def _present(comparison: Comparison) -> Comparison:
    """Nothing is said of null, nor the opposite."""
    return lambda actual, expected: actual is not None and comparison(actual, expected)


def _ordered(order: Callable[[float, float], bool]) -> Comparison:
    return _present(lambda actual, expected: order(_number(actual), _float(expected)))


COMPARISONS: dict[str, Comparison] = {
    "contains": _contains,
    "not contains": _not(_contains),
    "start with": _begins,
    "end with": _ends,
    "is": _present(_is),
    "is not": _present(_not(_is)),
    "empty": lambda actual, _: not actual,
    "not empty": lambda actual, _: bool(actual),
    "null": lambda actual, _: actual is None,
    "not null": lambda actual, _: actual is not None,
    "exists": lambda actual, _: actual is not None,
    "not exists": lambda actual, _: actual is None,
    "in": _in,
    "not in": _not(_in),
    "all of": _all_of,
    "=": _present(_equals),
    "≠": _present(_not(_equals)),
    ">": _ordered(operator.gt),
    "<": _ordered(operator.lt),
    "≥": _ordered(operator.ge),
    "≤": _ordered(operator.le),
}
