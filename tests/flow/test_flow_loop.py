"""Loops as dsl.md 6.15 and contract 4.3, 4.5 (i) have them, each in a graph that is run to its end."""

from typing import Any

import pytest

from parlour.domain.app import ChatflowApp
from parlour.domain.events import AnyEvent, ContainerFinished, ContainerNext, ContainerStarted, NodeFinished, TextDelta
from parlour.domain.graph import Graph, Node, Variable
from parlour.flow.node import Limits, NodeFailed
from tests.flow.flow_samples import CARD, play
from tests.flow.node_samples import graph, node, walk
from tests.flow.test_flow_iteration import names

pytestmark = pytest.mark.anyio


def variable(label: str, var_type: str, value: object, value_type: str = "constant") -> dict[str, object]:
    return {"id": label, "label": label, "var_type": var_type, "value_type": value_type, "value": value}


def until(word: str, value: object, *selector: str) -> list[dict[str, object]]:
    return [{"variable_selector": list(selector) or ["loop", "n"], "comparison_operator": word, "value": value}]


def count(by: int = 1) -> Node:
    item = {"variable_selector": ["loop", "n"], "operation": "+=", "input_type": "constant", "value": by}
    return node("count", "assigner", version="2", items=[item])


def made(*inner: Node, edges: tuple[str, ...] = (), rounds: int = 3, **data: Any) -> Graph:
    """start → loop → answer, with these nodes within, the first one after the loop's start."""
    variables = data.pop("loop_variables", [variable("n", "number", "0")])
    loop = node("loop", "loop", start_node_id="begin", loop_count=rounds, loop_variables=variables, **data)
    within = [Node(one.id, one.type, one.id, one.data, "loop") for one in inner]
    nodes = [
        node("start", "start"),
        loop,
        node("begin", "loop-start", parent="loop"),
        *within,
        node("last", "answer", answer="{{#loop.n#}}"),
    ]
    return graph(nodes, "start loop", "loop last", *([f"begin {inner[0].id}"] if inner else []), *edges)


def finished(events: list[AnyEvent]) -> ContainerFinished:
    (found,) = (event for event in events if isinstance(event, ContainerFinished))
    return found


async def test_a_loop_goes_round_until_its_condition_holds() -> None:
    events, _, pool = await walk(made(count(), break_conditions=until("≥", "2")))
    assert names(events) == [
        "start>",
        "start<",
        "started 3",
        "count>",
        "count<",
        "next 1",
        "count>",
        "count<",
        "completed succeeded 2",
        "'2'",
        "last>",
        "last<",
    ]
    assert pool.node("loop") == {"n": 2, "loop_round": 2}
    over = finished(events)
    assert over.outputs == {"n": 2, "loop_round": 2}
    assert over.execution_metadata["completed_reason"] == "loop_break"
    assert over.execution_metadata["loop_variable_map"] == {"0": {"n": 1}, "1": {"n": 2}}
    assert over.execution_metadata["loop_duration_map"] == {"0": 4.0, "1": 4.0}
    started, following = (event for event in events if isinstance(event, ContainerStarted | ContainerNext))
    assert isinstance(started, ContainerStarted)
    assert (started.kind, started.id, started.node_type, started.title) == ("loop", "loop", "loop", "loop")
    assert started.inputs == {"loop_count": 3, "n": 0}
    assert isinstance(following, ContainerNext)
    assert following.pre_loop_output == {"n": 1, "loop_round": 1}
    inner = [event.outcome for event in events if isinstance(event, NodeFinished) and event.outcome.loop_id]
    assert [(one.node_id, one.loop_id, one.iteration_id) for one in inner] == [("count", "loop", None)] * 2
    assert [one.execution_metadata for one in inner] == [{"loop_id": "loop", "loop_index": at} for at in (0, 1)]


async def test_a_loop_whose_condition_never_holds_ends_with_its_count() -> None:
    events, _, pool = await walk(made(count(), break_conditions=until("≥", "9")))
    assert pool.node("loop") == {"n": 3, "loop_round": 3}
    assert finished(events).execution_metadata["completed_reason"] == "loop_completed"


async def test_a_loop_without_conditions_goes_round_as_often_as_it_says() -> None:
    _, _, pool = await walk(made(count(), break_conditions=[]))
    assert pool.node("loop") == {"n": 3, "loop_round": 3}


async def test_a_condition_that_holds_before_the_first_round_leaves_no_outputs() -> None:
    events, _, pool = await walk(made(count(), break_conditions=until("=", "0")))
    over = finished(events)
    assert (over.outputs, over.steps, over.status) == ({}, 0, "succeeded")
    assert over.execution_metadata["completed_reason"] == "loop_break"
    assert pool.node("loop") == {"n": 0}
    assert "count>" not in names(events)


async def test_a_condition_that_cannot_be_judged_does_not_hold_before_the_first_round_and_fails_the_loop_after_it() -> (
    None
):
    said: list[AnyEvent] = []
    with pytest.raises(NodeFailed, match=r"^loop: The variable gone\.text of a condition is not there"):
        await walk(made(count(), break_conditions=until("is", "x", "gone", "text")), said=said)
    assert names(said)[-3:] == ["count>", "count<", "completed failed 1"]


async def test_a_condition_may_look_at_a_node_within() -> None:
    says = [{"variable": "n", "value_selector": ["loop", "n"]}]
    say = node("say", "template-transform", template="at {{ n }}", variables=says)
    flow = made(count(), say, edges=("count say",), break_conditions=until("is", "at 2", "say", "output"))
    _, _, pool = await walk(flow)
    assert pool.get(("loop", "loop_round")) == 2


@pytest.mark.parametrize(("joined", "rounds"), [("and", 2), ("or", 1), (None, 2)])
async def test_conditions_are_joined_as_the_author_says(joined: str | None, rounds: int) -> None:
    both = until("≥", "1") + until("≥", "2")
    _, _, pool = await walk(made(count(), break_conditions=both, logical_operator=joined))
    assert pool.get(("loop", "loop_round")) == rounds


async def test_a_loops_end_stops_it_after_what_remains_of_the_round() -> None:
    cases = [{"case_id": "true", "logical_operator": "and", "conditions": until("=", "2")}]
    flow = made(
        count(),
        node("if", "if-else", cases=cases),
        node("stop", "loop-end"),
        node("rest", "template-transform", template="rest"),
        edges=("count if", "if stop true", "count rest"),
        rounds=5,
    )
    events, _, pool = await walk(flow)
    assert pool.get(("loop", "loop_round")) == 2
    assert finished(events).execution_metadata["completed_reason"] == "loop_break"
    assert names(events).count("rest<") == 2
    assert "stop<" in names(events)


async def test_what_nodes_within_put_out_stays_after_the_loop_and_goes_before_each_round() -> None:
    seen = [{"variable": "old", "value_selector": ["late", "output"]}]
    early = node("early", "template-transform", template="{{ old }}", variables=seen)
    late = node("late", "template-transform", template="late")
    _, _, pool = await walk(made(early, late, edges=("early late",), rounds=2))
    assert pool.node("early") == {"output": "None"}
    assert pool.node("late") == {"output": "late"}


@pytest.mark.parametrize(
    ("kind", "value", "begins"),
    [
        ("string", "2", "2"),
        ("string", "", ""),
        ("string", None, ""),
        ("number", "2", 2),
        ("number", "2.5", 2.5),
        ("number", 7, 7),
        ("number", "", 0),
        ("boolean", "true", True),
        ("boolean", False, False),
        ("object", '{"a": 1}', {"a": 1}),
        ("object", None, {}),
        ("array[string]", '["a"]', ["a"]),
        ("array[string]", ["a"], ["a"]),
        ("array[number]", "", []),
        ("array[object]", None, []),
    ],
)
async def test_a_variable_begins_as_its_constant_says(kind: str, value: object, begins: object) -> None:
    _, _, pool = await walk(made(loop_variables=[variable("v", kind, value)], rounds=1))
    assert pool.get(("loop", "v")) == begins
    assert pool.kind(("loop", "v")) == kind


async def test_a_variable_begins_as_another_one_is() -> None:
    flow = made(loop_variables=[variable("v", "string", ["start", "word"], "variable")], rounds=1)
    _, _, pool = await walk(flow, {"start": {"word": "x"}})
    assert pool.get(("loop", "v")) == "x"


async def test_a_secret_with_which_a_variable_begins_is_not_told() -> None:
    key = variable("key", "string", ["env", "KEY"], "variable")
    flow = made(count(), loop_variables=[variable("n", "number", "0"), key], rounds=1)
    app = ChatflowApp(CARD, flow, environment=(Variable("KEY", "secret", "s3cret"),))
    told = [event.inputs for event in (await play(app)).said if isinstance(event, ContainerStarted | ContainerFinished)]
    assert [inputs["key"] for inputs in told] == ["********"] * 2


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        (variable("v", "number", "many"), "v is to begin as 'many', and is of type number"),
        (variable("v", "array[string]", "[1]"), r"v is to begin as \[1\], and is of type array"),
        (variable("v", "string", ["start", "gone"], "variable"), r"The variable start\.gone for v is not there"),
        (variable("v", "number", ["start", "word"], "variable"), "v is to begin as 'x', and is of type number"),
    ],
)
async def test_a_variable_that_cannot_begin_like_this_fails_the_loop(declared: dict[str, object], why: str) -> None:
    with pytest.raises(NodeFailed, match=f"^loop: {why}"):
        await walk(made(loop_variables=[declared]), {"start": {"word": "x"}})


async def test_the_failure_of_a_node_within_is_the_loops() -> None:
    said: list[AnyEvent] = []
    with pytest.raises(NodeFailed, match=r"^bad: The template fails"):
        await walk(made(node("bad", "template-transform", template="{{ x.y }}")), said=said)
    assert names(said)[-2:] == ["bad<", "completed failed 0"]
    error = finished(said).error
    assert error is not None
    assert error.startswith("bad: The template fails")


async def test_each_rounds_answer_is_heard_and_kept() -> None:
    events, result, _ = await walk(made(count(), node("say", "answer", answer="{{#loop.n#}}, "), edges=("count say",)))
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "1, 2, 3, 3"
    assert result.answer == "1, 2, 3, 3"


async def test_only_what_is_around_it_can_be_written_by_a_node() -> None:
    outside = graph(
        [*made(count()).nodes, Node("late", "assigner", "late", count().data)],
        "start loop",
        "loop late",
        "begin count",
    )
    with pytest.raises(NodeFailed, match=r"^late: There is no variable loop\.n to write"):
        await walk(outside)


async def test_what_a_loop_writes_to_the_conversation_is_there_in_the_next_round() -> None:
    item = {"variable_selector": ["conversation", "n"], "operation": "+=", "input_type": "constant", "value": 2}
    more = node("more", "assigner", version="2", items=[item])
    flow = made(more, break_conditions=until("≥", "4", "conversation", "n"))
    events, _, pool = await walk(flow, {"conversation": {"n": 0}}, variables=[Variable("n", "number", 0)])
    assert pool.get(("conversation", "n")) == 4
    assert [name for name in names(events) if name.startswith("n=")] == ["n=2", "n=4"]


async def test_an_iteration_within_a_loop_begins_anew_each_round() -> None:
    each = node("each", "iteration", iterator_selector=["start", "list"], output_selector=["each", "item"])
    flow = made(count(), each, edges=("count each",), rounds=2)
    nested = graph(
        [*flow.nodes, node("go", "iteration-start", parent="each")],
        *(f"{edge.source} {edge.target}" for edge in flow.edges),
    )
    events, _, pool = await walk(nested, {"start": {"list": ["a", "b"]}})
    assert pool.get(("each", "output")) == ["a", "b"]
    assert names(events).count("completed succeeded 2") == 3


async def test_a_loop_of_nothing_that_goes_round_for_ever_fails_by_name() -> None:
    with pytest.raises(NodeFailed, match=r"^loop: It goes round more than 20 times"):
        await walk(made(rounds=10**9), limits=Limits(steps=20))


async def test_the_limit_of_steps_ends_a_loop() -> None:
    with pytest.raises(NodeFailed, match=r"^loop: The run has reached its limit of 20 steps"):
        await walk(made(count(), rounds=10**9), limits=Limits(steps=20))
