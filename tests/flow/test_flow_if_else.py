"""Conditions, operator by operator as the table of dsl.md 6.7 has them, and the node that goes one way by them."""

from typing import Any

import pytest

from parlour.domain.events import NodeStarted
from parlour.domain.files import File
from parlour.flow.conditions import Condition, SubCondition, SubConditions, judge
from parlour.flow.node import NodeFailed
from parlour.flow.plan import faults
from parlour.flow.pool import Pool
from tests.flow.node_samples import attempt, graph, node, walk

pytestmark = pytest.mark.anyio

PICTURE = File("image", "local_file", "a.png", ".png", "image/png", 2048, "https://x/a.png", "u1")
PAPER = File("document", "remote_url", "b.pdf", "pdf", "application/pdf", 10, "https://x/b.pdf")


def holds(actual: object, word: str, expected: object = None, *, kind: str = "", **subs: Any) -> bool:
    pool = Pool({"n": {"other": "xyz"}})
    pool.put("n", "v", actual, kind)
    condition = Condition(("n", "v"), word, expected, SubConditions(**subs) if subs else None)
    return judge([condition], "and", pool).holds


@pytest.mark.parametrize(
    ("actual", "word", "expected", "answer"),
    [
        ("hello", "contains", "ell", True),
        ("hello", "contains", "Ell", False),
        ("room 12", "contains", 12, True),
        ("", "contains", "", False),
        (None, "contains", "x", False),
        (["a", "b"], "contains", "a", True),
        ([1, 2], "contains", "1", False),
        ([1, 2], "contains", 1, True),
        ([], "contains", "a", False),
        ("hello", "not contains", "x", True),
        ("", "not contains", "x", True),
        (None, "not contains", "x", True),
        (["a"], "not contains", "a", False),
        ("hello", "start with", "he", True),
        ("hello", "start with", "lo", False),
        ("", "start with", "", False),
        (None, "start with", "a", False),
        ("hello", "end with", "lo", True),
        (None, "end with", "a", False),
        ("a", "is", "a", True),
        ("a", "is", "A", False),
        ("a", "is", "a ", False),
        ("", "is", "", True),
        (None, "is", "", False),
        (None, "is not", "a", False),
        ("a", "is not", "b", True),
        (True, "is", "true", True),
        (True, "is", "True", True),
        (False, "is", "0", True),
        (False, "is", False, True),
        (True, "is", 1, True),
        (True, "is not", "false", True),
        ("", "empty", None, True),
        ([], "empty", None, True),
        ({}, "empty", None, True),
        (0, "empty", None, True),
        (False, "empty", None, True),
        (None, "empty", None, True),
        (" ", "empty", None, False),
        (0, "not empty", None, False),
        ("x", "not empty", "", True),
        (PICTURE, "not empty", "", True),
        (None, "null", None, True),
        ("", "null", None, False),
        ("", "not null", None, True),
        ("", "exists", None, True),
        (None, "exists", None, False),
        (None, "not exists", None, True),
        ([], "not exists", None, False),
        ("image", "in", ["image", "document"], True),
        ("video", "in", ["image"], False),
        ("", "in", [""], False),
        (None, "not in", ["image"], True),
        ("image", "not in", ["image"], False),
        (["a", "b"], "all of", ["b", "a"], True),
        (["a"], "all of", ["a", "b"], False),
        ("abc", "all of", ["a", "c"], True),
        ([], "all of", [], False),
        (None, "all of", ["a"], False),
        (3, "=", "3", True),
        (3, "=", 3.0, True),
        (3, "≠", "4", True),
        (3.0, "=", "3", True),
        (3.5, "=", "3.5", True),
        (True, "=", "true", True),
        (True, "≠", "1", False),
        (None, "=", "0", False),
        (None, "≠", "0", False),
        (3, ">", "2.5", True),
        (3, ">", 3, False),
        (3.5, "<", "4", True),
        (3, "≥", "3", True),
        (3, "≤", "2", False),
        (None, ">", "1", False),
        (None, "≤", "1", False),
        ("xyz!", "start with", "{{#n.other#}}", True),
        ("n.nobody", "is", "{{#n.nobody#}}", True),
    ],
)
def test_an_operator_answers_as_the_table_says(actual: object, word: str, expected: object, answer: object) -> None:
    assert holds(actual, word, expected) is answer


@pytest.mark.parametrize(
    ("actual", "word", "expected", "why"),
    [
        (5, "contains", "5", "Only a text or a list"),
        ({"a": 1}, "contains", "a", "Only a text or a list"),
        (5, "start with", "5", "Only a text"),
        (["a"], "end with", "a", "Only a text"),
        (5, "is", "5", "text or a boolean"),
        (5, "is not", "6", "text or a boolean"),
        (["a"], "is", "a", "text or a boolean"),
        (True, "is", "perhaps", "no boolean"),
        ("image", "in", "image", "Only a list"),
        (["a"], "all of", "a", "needs a list"),
        (3, "=", "3.5", "'3.5' is no integer"),
        (3, "=", "", "'' is no integer"),
        ("3", "=", "3", "Only a number"),
        (3, ">", "many", "'many' is no number"),
        ("3", ">", "2", "Only a number"),
        ("a", "like", "a", "no comparison 'like'"),
        ("a", "", "a", "no comparison ''"),
        ([PICTURE], "contains", "x", "without saying what"),
    ],
)
def test_values_that_an_operator_is_not_for_fail_the_node_by_the_variables_name(
    actual: object, word: str, expected: object, why: str
) -> None:
    with pytest.raises(NodeFailed, match=rf"^n\.v: .*{why}"):
        holds(actual, word, expected)


@pytest.mark.parametrize("word", ["empty", "not empty", "null", "exists", "not exists", "is"])
@pytest.mark.parametrize("selector", [("gone", "text"), (), None, ("n", "v", "deeper")])
def test_a_variable_that_is_not_there_fails_whatever_is_asked_of_it(
    word: str, selector: tuple[str, ...] | None
) -> None:
    with pytest.raises(NodeFailed, match="is not there"):
        judge([Condition(selector, word, "")], "and", Pool({"n": {"v": "text"}}))


@pytest.mark.parametrize(
    ("subs", "answer"),
    [
        ([("type", "in", ["image"])], True),
        ([("type", "in", ["audio"])], False),
        ([("type", "not in", ["audio"])], True),
        ([("type", "not in", ["image"])], False),
        ([("transfer_method", "in", ["local_file"]), ("name", "end with", ".pdf")], True),
        ([("name", "contains", "a"), ("name", "contains", "z")], False),
        ([("extension", "is", "png")], True),
        ([("extension", "is", ".pdf")], True),
        ([("extension", "is not", "png")], False),
        ([("size", ">", "1000")], True),
        ([("size", "<", "5")], False),
        ([("related_id", "is", "u1")], True),
        ([("name", "not contains", "z")], True),
    ],
)
@pytest.mark.parametrize("word", ["contains", "not contains", "all of"])
def test_files_are_asked_about_by_their_attributes(
    subs: list[tuple[str, str, object]], answer: object, word: str
) -> None:
    asked = tuple(SubCondition(*sub) for sub in subs)
    assert holds([PICTURE, PAPER], word, kind="array[file]", conditions=asked) is answer


def test_one_of_several_attributes_is_enough_when_they_are_joined_by_or() -> None:
    asked = (SubCondition("type", "in", ["audio"]), SubCondition("size", "≥", "10"))
    assert holds([PAPER], "contains", conditions=asked, logical_operator="or")
    assert not holds([PAPER], "contains", conditions=asked, logical_operator="and")


def test_a_list_of_no_files_has_none_that_is_like_this() -> None:
    asked = (SubCondition("type", "in", ["image"]),)
    assert not holds([], "contains", kind="array[file]", conditions=asked)


def test_an_attribute_that_files_do_not_have_fails_the_node() -> None:
    with pytest.raises(NodeFailed, match="no attribute 'colour'"):
        holds([PICTURE], "contains", conditions=(SubCondition("colour", "is", "red"),))


def test_no_conditions_hold_together_and_none_holds_alone() -> None:
    assert judge([], "and", Pool()).holds is True
    assert judge([], None, Pool()).holds is True
    assert judge([], "or", Pool()).holds is False


def test_what_does_not_matter_any_more_is_not_looked_at() -> None:
    pool = Pool({"n": {"v": "a"}})
    true, false, broken = Condition(("n", "v"), "is", "a"), Condition(("n", "v"), "is", "b"), Condition(("gone", "x"))
    assert judge([true, broken], "or", pool).holds is True
    assert judge([false, broken], "and", pool).holds is False
    with pytest.raises(NodeFailed):
        judge([true, broken], "and", pool)


def case(word: str, value: str, **named: str) -> dict[str, Any]:
    condition = {"variable_selector": ["n", "v"], "comparison_operator": word, "value": value, "id": "c"}
    return named | {"logical_operator": "and", "conditions": [condition]}


async def test_the_first_case_that_holds_is_the_way_out() -> None:
    cases = [case("is", "x", case_id="true"), case("contains", "b", case_id="u1"), case("contains", "a", case_id="u2")]
    tried = await attempt(node("if", "if-else", cases=cases), {"n": {"v": "abc"}})
    assert tried.result.handle == "u1"
    assert tried.outputs == {"result": True, "selected_case_id": "u1"}
    assert tried.scope.inputs == {
        "conditions": [
            {"actual_value": "abc", "expected_value": "x", "comparison_operator": "is"},
            {"actual_value": "abc", "expected_value": "b", "comparison_operator": "contains"},
        ]
    }
    assert tried.scope.process == {
        "condition_results": [
            {"group": "true", "results": [False], "final_result": False},
            {"group": "u1", "results": [True], "final_result": True},
        ]
    }


async def test_a_case_may_have_an_id_by_its_other_name() -> None:
    cases = [case("is", "x", id="true"), case("is", "abc", id="second")]
    assert (await attempt(node("if", "if-else", cases=cases), {"n": {"v": "abc"}})).result.handle == "second"


async def test_the_way_out_is_false_when_no_case_holds() -> None:
    tried = await attempt(node("if", "if-else", cases=[case("is", "x", case_id="true")]), {"n": {"v": "abc"}})
    assert tried.result.handle == "false"
    assert tried.outputs == {"result": False, "selected_case_id": "false"}


@pytest.mark.parametrize(("value", "handle"), [("abc", "true"), ("x", "false")])
async def test_conditions_without_a_case_are_one_case(value: str, handle: str) -> None:
    single = case("is", "abc")
    tried = await attempt(node("if", "if-else", **single), {"n": {"v": value}})
    assert tried.result.handle == handle


async def test_cases_stand_before_conditions_of_the_old_form() -> None:
    made = node("if", "if-else", cases=[case("is", "abc", case_id="u1")], **case("is", "nothing"))
    assert (await attempt(made, {"n": {"v": "abc"}})).result.handle == "u1"


async def test_a_failing_condition_is_told_with_its_node_and_its_variable() -> None:
    with pytest.raises(NodeFailed, match=r"^if: n\.v: Only a number"):
        await attempt(node("if", "if-else", cases=[case(">", "1")]), {"n": {"v": "abc"}})
    with pytest.raises(NodeFailed, match=r"^if: The variable n\.v of a condition is not there"):
        await attempt(node("if", "if-else", cases=[case("empty", "")]))


async def test_only_the_taken_branch_runs() -> None:
    made = graph(
        [
            node("n", "start"),
            node("if", "if-else", cases=[case("is", "abc", case_id="true")]),
            node("yes", "template-transform", template="yes"),
            node("no", "template-transform", template="no"),
        ],
        "n if",
        "if yes true",
        "if no false",
    )
    events, _, pool = await walk(made, {"n": {"v": "abc"}})
    assert [event.node_id for event in events if isinstance(event, NodeStarted)] == ["n", "if", "yes"]
    assert pool.node("no") == {}


def test_a_comparison_that_nobody_knows_is_a_fault_of_the_file() -> None:
    found = faults(graph([node("if", "if-else", cases=[case("resembles", "x")])]))
    assert [(fault.level, fault.node_id, fault.what) for fault in found] == [
        ("refused", "if", "comparison 'resembles'"),
    ]
