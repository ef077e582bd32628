"""Nodes that join branches, and nodes that write variables (dsl.md 6.12, 6.13)."""

from typing import Any

import pytest

from parlour.domain.events import VariableAssigned
from parlour.flow.node import NodeFailed
from tests.flow.flow_samples import Played, chatflow, graph, node, play

pytestmark = pytest.mark.anyio

START = node("start", "start")


async def joined(**data: Any) -> dict[str, object]:
    played = await play(graph([START, node("agg", "variable-aggregator", **data)], "start agg"), inputs={"a": None})
    return played.outcomes["agg"].outputs or {}


async def test_the_first_value_that_is_there_counts_and_null_is_there() -> None:
    assert await joined(variables=[["nobody", "x"], ["start", "a"], ["sys", "query"]]) == {"output": None}


async def test_where_none_is_there_nothing_comes_out() -> None:
    assert await joined(variables=[["nobody", "x"], []]) == {}


async def test_groups_come_out_by_their_names() -> None:
    groups = [
        {"group_name": "One", "variables": [["nobody", "x"], ["sys", "query"]]},
        {"group_name": "Two", "variables": [["nobody", "x"]]},
    ]
    settings = {"group_enabled": True, "groups": groups}
    assert await joined(variables=[["sys", "query"]], advanced_settings=settings) == {"One": {"output": "hi"}}


async def written(*items: dict[str, Any], **variables: object) -> Played:
    assigner = node("set", "assigner", version="2", items=list(items))
    names = " ".join("{{#conversation." + name + "#}}" for name in variables)
    nodes = [START, assigner, node("a", "answer", answer=names)]
    return await play(chatflow(graph(nodes, "start set", "set a"), **variables))


def item(name: str, operation: str, value: object = None, input_type: str = "constant") -> dict[str, Any]:
    selector = ["conversation", name]
    return {"variable_selector": selector, "operation": operation, "value": value, "input_type": input_type}


def assigned(played: Played) -> dict[str, object]:
    return {said.name: said.value for said in played.said if isinstance(said, VariableAssigned)}


async def test_items_are_written_in_order_see_each_other_and_are_heard_at_once() -> None:
    played = await written(item("n", "+=", 2), item("n", "*=", 10), item("s", "set", "new"), n=1, s="old")
    assert assigned(played) == {"n": 30, "s": "new"}
    assert played.text == "30 new"
    assert played.outcomes["set"].outputs == {}


@pytest.mark.parametrize(
    ("operation", "value", "kept"),
    [
        ("append", ["sys", "query"], ["a", "b", "hi"]),
        ("remove-first", None, ["b"]),
        ("remove-last", None, ["a"]),
        ("clear", None, []),
    ],
)
async def test_lists_are_written_item_by_item(operation: str, value: object, kept: list[str]) -> None:
    played = await written(item("names", operation, value, "variable"), names=["a", "b"])
    assert assigned(played) == {"names": kept}


async def test_a_source_that_is_null_is_passed_over_and_one_that_is_missing_fails() -> None:
    with pytest.raises(NodeFailed, match="is not there"):
        await written(item("s", "over-write", ["nobody", "x"], "variable"), s="old")


@pytest.mark.parametrize(
    ("operation", "value", "why"),
    [("/=", 0, "divided by zero"), ("+=", "two", "needs a value"), ("append", 1, "not for"), ("shout", 1, "shout")],
)
async def test_what_does_not_fit_fails_and_writes_nothing(operation: str, value: object, why: str) -> None:
    with pytest.raises(NodeFailed, match=why):
        await written(item("n", "set", 5), item("n", operation, value), n=1)


async def test_the_first_version_writes_one_variable_from_another() -> None:
    old = {"assigned_variable_selector": ["conversation", "s"], "input_variable_selector": ["sys", "query"]}
    nodes = [START, node("set", "assigner", write_mode="over-write", **old)]
    assert assigned(await play(chatflow(graph(nodes, "start set"), s="old"))) == {"s": "hi"}


async def test_a_variable_that_is_not_declared_cannot_be_written() -> None:
    with pytest.raises(NodeFailed, match="There is no variable"):
        await written(item("other", "set", 1), n=1)
