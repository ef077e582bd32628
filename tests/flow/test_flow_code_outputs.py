"""What code returns is held to what its node declares (dsl.md 6.8)."""

from typing import Any

import msgspec
import pytest

from parlour.flow.node import NodeFailed, OutputLimits
from parlour.flow.outputs import Declared, outputs

LIMITS = OutputLimits()
BIG = "x" * LIMITS.max_string_length
MOST = LIMITS.max_number

FITTING: list[tuple[str, object]] = [
    ("string", ""),
    ("string", BIG),
    ("string", "1e5"),
    ("number", 0),
    ("number", -1.5),
    ("number", MOST),
    ("number", -MOST - 1),
    ("number", 0.1 + 0.2),
    ("number", 1e-7),
    ("boolean", False),
    ("object", {}),
    ("object", {"a": {"b": [1, 2.5, None]}, "c": True, "d": ["x", None], "e": [{"f": 1}, {"g": []}]}),
    ("array[string]", ["a"] * 30),
    ("array[object]", [{"a": 1}] * 30),
    ("array[number]", [1] * 1000),
    ("array[boolean]", [True] * 2000),
    ("array[string]", []),
    ("array[number]", [1, None, 2.5]),
]

MISTYPED: list[tuple[str, object, str]] = [
    ("string", 1, "Output it must be a string, and is number."),
    ("string", {}, "Output it must be a string, and is object."),
    ("number", "1", "Output it must be a number, and is string."),
    ("boolean", 1, "Output it must be a boolean, and is number."),
    ("object", [], "Output it must be an object, and is array."),
    ("array[string]", "a", "Output it must be an array[string], and is string."),
    ("array[string]", ["a", 1], "Output it[1] must be a string, and is number."),
    ("array[number]", [1, "a"], "Output it[1] must be a number, and is string."),
    ("array[object]", [{}, "a"], "Output it[1] must be an object, and is string."),
    ("array[boolean]", [True, 1], "Output it[1] must be a boolean, and is number."),
    ("object", {"a": [1, "x"]}, "Output it.a is not a valid array: make sure all elements are of the same type."),
    ("object", {"a": [[1]]}, "Output it.a is not a valid array: make sure all elements are of the same type."),
    ("array[file]", [], "Output it is declared as 'array[file]', and there is no such type."),
]

TOO_MUCH: list[tuple[str, object, str]] = [
    ("string", BIG + "x", "must be less than 400000 characters, and is 400001"),
    ("object", {"a": BIG + "x"}, "output variable it.a must be less than 400000 characters"),
    ("array[string]", ["a"] * 31, "must be less than 30 elements, and is 31"),
    ("array[object]", [{}] * 31, "must be less than 30 elements, and is 31"),
    ("array[number]", [1] * 1001, "must be less than 1000 elements, and is 1001"),
    ("array[string]", [BIG + "x"], "output variable it[0] must be less than 400000 characters"),
    ("number", MOST + 1, "it is out of range"),
    ("number", -1e19, "it is out of range"),
    ("object", {"a": MOST + 1}, "it.a is out of range"),
    ("array[number]", [MOST + 1], "it[0] is out of range"),
    ("number", 1.2345678901234567e-300, "more than 20 digits behind the point"),
]


def held(told: object, declared: object, limits: OutputLimits = LIMITS) -> dict[str, object]:
    return outputs(told, msgspec.convert(declared, dict[str, Declared]), limits)


def one(kind: str, value: object) -> object:
    return held({"it": value}, {"it": {"type": kind, "children": None}})["it"]


def failure(told: object, declared: object) -> NodeFailed:
    with pytest.raises(NodeFailed) as raised:
        held(told, declared)
    return raised.value


def nested(depth: int, value: object = 1) -> object:
    """That many objects, one within the other."""
    return {"in": nested(depth - 1, value)} if depth else value


@pytest.mark.parametrize(
    ("kind", "value"),
    FITTING,
)
def test_what_fits_is_taken_as_it_is(kind: str, value: object) -> None:
    assert one(kind, value) == value


@pytest.mark.parametrize(
    "kind",
    ["string", "number", "boolean", "object", "array[string]", "array[number]", "array[object]", "array[boolean]"],
)
def test_null_fits_every_type(kind: str) -> None:
    assert one(kind, None) is None


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    MISTYPED,
)
def test_what_is_of_another_type_is_refused_by_name(kind: str, value: object, words: str) -> None:
    failed = failure({"it": value}, {"it": {"type": kind}})
    assert (failed.message, failed.kind) == (words, "OutputValidationError")


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    TOO_MUCH,
)
def test_what_is_too_much_is_refused_with_its_limit(kind: str, value: object, words: str) -> None:
    failed = failure({"it": value}, {"it": {"type": kind}})
    assert words in failed.message
    assert failed.kind == "OutputValidationError"


@pytest.mark.parametrize("told", [None, 1, "text", [], [{"it": 1}], True])
def test_only_an_object_is_a_result(told: object) -> None:
    assert "main must return an object" in failure(told, {"it": {"type": "number"}}).message


def test_every_output_that_is_declared_must_be_returned_and_no_other() -> None:
    declared = {"a": {"type": "string"}, "b": {"type": "string"}}
    assert failure({"a": ""}, declared).message == "Output b is missing: main does not return it."
    extra = failure({"a": "", "b": "", "c": "", "d": 1}, declared).message
    assert extra == "Not all output parameters are validated: c, d is returned, and not declared."
    assert len(failure({"a": "", "b": ""} | {"x" * 10**6: 1}, declared).message) < 500


def test_a_node_without_declared_outputs_puts_out_whatever_it_returns() -> None:
    told: dict[str, object] = {"a": [1, 2], "b": {"c": "d"}}
    assert held(told, {}) == told
    assert failure({"a": [1, "b"]}, {}).kind == "OutputValidationError"


def test_objects_may_lie_five_deep() -> None:
    assert held({"it": nested(4)}, {"it": {"type": "object"}}) == {"it": nested(4)}
    for told, declared in (
        ({"it": nested(5)}, {"it": {"type": "object"}}),
        ({"it": [nested(5)]}, {"it": {"type": "array[object]"}}),
        ({"it": {"a": [nested(4)]}}, {"it": {"type": "object"}}),
        (nested(6), {}),
    ):
        failed = failure(told, declared)
        assert failed.kind == "DepthLimitError"
        assert failed.message.startswith("Depth limit 5 reached, object too deep: ")


def test_what_is_declared_of_an_object_is_held_within_it() -> None:
    inner: dict[str, Any] = {"n": {"type": "number"}, "more": {"type": "object", "children": {"s": {"type": "string"}}}}
    declared = {"it": {"type": "object", "children": inner}}
    told = {"it": {"n": True, "more": {"s": "a\0b"}}}
    assert held(told, declared) == {"it": {"n": 1, "more": {"s": "ab"}}}
    assert failure({"it": {"n": 1, "more": {}}}, declared).message.startswith("Output it.more.s is missing")
    assert "it.x" in failure({"it": {"n": 1, "more": None, "x": 1}}, declared).message
    assert failure({"it": 1}, declared).message == "Output it must be an object, and is number."


def test_booleans_are_numbers_where_a_number_is_wanted() -> None:
    assert (one("number", True), type(one("number", True))) == (1, int)
    assert one("array[number]", [True, 2]) == [1, 2]


def test_texts_lose_their_nuls() -> None:
    assert one("string", "a\0b") == "ab"
    assert one("object", {"a": ["\0"]}) == {"a": [""]}
    assert one("array[string]", ["\0a"]) == ["a"]


def test_a_text_in_scientific_notation_is_a_number_unless_a_text_is_declared() -> None:
    assert one("number", "1.5e3") == 1500.0
    assert one("array[number]", ["-2E+2"]) == [-200.0]
    assert one("object", {"a": "1e5", "b": "1e5x", "c": "12"}) == {"a": 100000.0, "b": "1e5x", "c": "12"}
    assert one("string", "1e5") == "1e5"
    assert "out of range" in failure({"it": "1e400"}, {"it": {"type": "number"}}).message


LIMITED: list[tuple[OutputLimits, str, object, object, str]] = [
    (OutputLimits(max_string_length=3), "string", "abc", "abcd", "less than 3 characters, and is 4"),
    (OutputLimits(max_string_array_length=1), "array[string]", ["a"], ["a", "b"], "less than 1 elements, and is 2"),
    (OutputLimits(max_object_array_length=1), "array[object]", [{}], [{}, {}], "less than 1 elements, and is 2"),
    (OutputLimits(max_number_array_length=1), "array[number]", [1], [1, 2], "less than 1 elements, and is 2"),
    (OutputLimits(max_depth=2), "object", {"a": 1}, {"a": {}}, "Depth limit 2 reached"),
    (OutputLimits(max_precision=1), "number", 1.5, 1.25, "more than 1 digits"),
    (OutputLimits(max_number=7), "number", 7, 8, "between -9223372036854775808 and 7"),
    (OutputLimits(min_number=-1), "number", -1, -2, "between -1 and"),
]


@pytest.mark.parametrize(("limits", "kind", "fits", "not_any_more", "words"), LIMITED)
def test_each_limit_is_the_operators_to_set(
    limits: OutputLimits, kind: str, fits: object, not_any_more: object, words: str
) -> None:
    declared = {"it": {"type": kind}}
    assert held({"it": fits}, declared, limits) == {"it": fits}
    with pytest.raises(NodeFailed, match=words):
        held({"it": not_any_more}, declared, limits)
