"""Iterations as dsl.md 6.14 and contract 4.3, 4.5 (h) have them, each in a graph that is run to its end."""

from typing import Any

import pytest

from parlour.domain.events import (
    AnyEvent,
    ContainerFinished,
    ContainerNext,
    ContainerStarted,
    NodeFinished,
    NodeStarted,
    TextDelta,
    VariableAssigned,
)
from parlour.domain.graph import Graph, Node, Variable
from parlour.flow.node import Limits, NodeFailed
from tests.flow.node_samples import graph, node, walk

pytestmark = pytest.mark.anyio

NAMES = [
    {"variable": "item", "value_selector": ["each", "item"]},
    {"variable": "index", "value_selector": ["each", "index"]},
]


def made(*inner: Node, edges: tuple[str, ...] = (), output: list[str] | None = None, **data: Any) -> Graph:
    """start → each → answer, with these nodes within, the first one after the iteration's start."""
    within = [Node(one.id, one.type, one.id, one.data, "each") for one in inner]
    each = node(
        "each",
        "iteration",
        start_node_id="begin",
        iterator_selector=["start", "list"],
        output_selector=output or ["say", "output"],
        **data,
    )
    nodes = [
        node("start", "start"),
        each,
        node("begin", "iteration-start", parent="each"),
        *within,
        node("last", "answer", answer="{{#each.output#}}"),
    ]
    return graph(nodes, "start each", "each last", f"begin {inner[0].id}", *edges)


def say(template: str = "{{ item }}{{ index }}") -> Node:
    return node("say", "template-transform", template=template, variables=NAMES)


def names(events: list[AnyEvent]) -> list[str]:
    """The events as a reader of a transcript has them."""
    found: list[str] = []
    for event in events:
        match event:
            case ContainerStarted():
                found.append(f"started {event.length}")
            case ContainerNext():
                found.append(f"next {event.index}")
            case ContainerFinished():
                found.append(f"completed {event.status} {event.steps}")
            case NodeStarted():
                found.append(f"{event.node_id}>")
            case NodeFinished():
                found.append(f"{event.outcome.node_id}<")
            case TextDelta():
                found.append(f"'{event.text}'")
            case VariableAssigned():
                found.append(f"{event.name}={event.value}")
            case _:
                pass
    return found


async def output(flow: Graph, items: object, **more: Any) -> object:
    _, _, pool = await walk(flow, {"start": {"list": items}}, **more)
    return pool.get(("each", "output"))


async def test_the_events_of_an_iteration_stand_in_the_place_of_its_nodes_events() -> None:
    events, _, pool = await walk(made(say()), {"start": {"list": ["a", "b"]}})
    assert names(events) == [
        "start>",
        "start<",
        "started 2",
        "next 0",
        "say>",
        "say<",
        "next 1",
        "say>",
        "say<",
        "completed succeeded 2",
        "'- a0\n- b1'",
        "last>",
        "last<",
    ]
    assert pool.get(("each", "output")) == ["a0", "b1"]
    started, finished = (one for one in events if isinstance(one, ContainerStarted | ContainerFinished))
    assert (started.id, started.node_id, started.node_type, started.title) == ("each", "each", "iteration", "each")
    assert started.inputs == {"iterator_selector": ["a", "b"]}
    assert isinstance(finished, ContainerFinished)
    assert finished.outputs == {"output": ["a0", "b1"]}
    assert finished.error is None
    assert finished.execution_metadata == {"total_tokens": 0, "iteration_duration_map": {"0": 4.0, "1": 4.0}}
    inner = [one.outcome for one in events if isinstance(one, NodeFinished) and one.outcome.node_id == "say"]
    assert [(one.iteration_id, one.loop_id) for one in inner] == [("each", None)] * 2
    assert [one.execution_metadata for one in inner] == [
        {"iteration_id": "each", "iteration_index": index} for index in (0, 1)
    ]


async def test_items_beside_each_other_are_announced_first_and_told_in_blocks_as_they_end() -> None:
    events, _, pool = await walk(made(say(), is_parallel=True), {"start": {"list": ["a", "b", "c"]}})
    found = names(events)
    assert found[2:6] == ["started 3", "next 0", "next 1", "next 2"]
    assert found[6:13] == ["say>", "say<"] * 3 + ["completed succeeded 3"]
    blocks = [one for one in events if isinstance(one, NodeStarted) and one.node_id == "say"]
    ends = [one.outcome for one in events if isinstance(one, NodeFinished) and one.outcome.node_id == "say"]
    assert [one.id for one in blocks] == [one.id for one in ends]
    assert pool.get(("each", "output")) == ["a0", "b1", "c2"]


@pytest.mark.parametrize("items", [None, []])
async def test_a_list_of_nothing_is_told_by_nothing_and_puts_out_nothing(items: object) -> None:
    events, _, pool = await walk(made(say()), {"start": {"list": items}})
    assert names(events) == ["start>", "start<", "''", "last>", "last<"]
    assert pool.get(("each", "output")) == []


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"list": "abc"}, r"each: start\.list is of type string, and no list"),
        ({"list": {"a": 1}}, r"each: start\.list is of type object"),
        ({}, r"each: The variable start\.list is not there"),
    ],
)
async def test_what_is_no_list_fails_the_iteration_by_name(values: dict[str, object], why: str) -> None:
    with pytest.raises(NodeFailed, match=f"^{why}"):
        await walk(made(say()), {"start": values})


async def test_what_nodes_within_put_out_is_not_seen_outside() -> None:
    _, _, pool = await walk(made(say()), {"start": {"list": ["a"]}})
    assert pool.node("say") == {}
    assert pool.node("each") == {"output": ["a0"]}


async def test_an_item_does_not_see_what_another_one_has_put_out() -> None:
    seen = [{"variable": "old", "value_selector": ["say", "output"]}]
    peek = node("peek", "template-transform", template="{{ old }}", variables=seen)
    flow = made(peek, say(), edges=("peek say",), output=["peek", "output"])
    assert await output(flow, ["a", "b"]) == ["None", "None"]


@pytest.mark.parametrize(("selector", "expected"), [(["each", "item"], ["a", "b"]), (["gone", "text"], [None, None])])
async def test_an_output_may_be_the_item_itself_and_is_null_where_it_is_not_there(
    selector: list[str], expected: list[object]
) -> None:
    assert await output(made(say(), output=selector), ["a", "b"]) == expected


FAULTY = "{{ item.missing.deeper if item == 'bad' else item }}"


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize(
    ("mode", "expected"), [("continue-on-error", ["a", None, "b"]), ("remove-abnormal-output", ["a", "b"])]
)
async def test_a_failing_item_leaves_null_or_nothing_at_its_place(
    mode: str, expected: list[object], parallel: object
) -> None:
    flow = made(say(FAULTY), error_handle_mode=mode, is_parallel=parallel)
    assert await output(flow, ["a", "bad", "b"]) == expected


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("mode", ["terminated", None])
async def test_the_first_failure_is_the_iterations_unless_its_author_wants_to_go_on(
    mode: str | None, parallel: object
) -> None:
    said: list[AnyEvent] = []
    flow = made(say(FAULTY), error_handle_mode=mode, is_parallel=parallel)
    with pytest.raises(NodeFailed, match=r"^say: The template fails"):
        await walk(flow, {"start": {"list": ["bad", "a"]}}, said=said)
    finished = said[-1]
    assert isinstance(finished, ContainerFinished)
    assert finished.status == "failed"
    assert finished.outputs is None
    assert finished.error is not None
    assert finished.error.startswith("say: The template fails")
    assert isinstance(said[-2], NodeFinished)
    assert said[-2].outcome.status == "failed"


async def test_a_fail_branch_of_an_iteration_catches_what_its_items_do_not() -> None:
    flow = made(say(FAULTY), error_strategy="default-value", default_value=[{"key": "output", "value": "none"}])
    assert await output(flow, ["bad"]) == "none"


LISTS = node("say", "list-operator", variable=["each", "item"])


@pytest.mark.parametrize(
    ("items", "flatten", "expected"),
    [
        ([["a", "b"], ["c"]], None, ["a", "b", "c"]),
        ([["a", "b"], ["c"]], True, ["a", "b", "c"]),
        ([["a", "b"], ["c"]], False, [["a", "b"], ["c"]]),
        ([["a"], None, ["c"]], True, ["a", "c"]),
        ([["a"], "b"], True, [["a"], "b"]),
        ([[["a"]], [["b"]]], True, [["a"], ["b"]]),
        ([None, None], True, [None, None]),
    ],
)
async def test_lists_of_lists_are_made_flat_by_one_level(
    items: list[object], flatten: object, expected: list[object]
) -> None:
    flow = made(say(), output=["each", "item"], flatten_output=flatten)
    assert await output(flow, items) == expected


def appending(**data: Any) -> Graph:
    item = {"variable_selector": ["conversation", "seen"], "operation": "append", "value": ["each", "item"]}
    keep = node("keep", "assigner", version="2", items=[item | {"input_type": "variable"}])
    return made(keep, output=["conversation", "seen"], flatten_output=False, **data)


SEEN = [Variable("seen", "array[string]", [])]


async def test_what_items_write_to_the_conversation_gets_out_and_is_seen_by_the_next() -> None:
    values: dict[str, dict[str, object]] = {"start": {"list": ["a", "b"]}, "conversation": {"seen": []}}
    events, _, pool = await walk(appending(), values, variables=SEEN)
    assert pool.get(("each", "output")) == [["a"], ["a", "b"]]
    assert pool.get(("conversation", "seen")) == ["a", "b"]
    assert [event.value for event in events if isinstance(event, VariableAssigned)] == [["a"], ["a", "b"]]


async def test_what_items_beside_each_other_write_gets_out_in_the_order_of_the_list() -> None:
    values: dict[str, dict[str, object]] = {"start": {"list": ["a", "b", "c"]}, "conversation": {"seen": []}}
    events, _, pool = await walk(appending(is_parallel=True), values, variables=SEEN)
    assert pool.get(("each", "output")) == [["a"], ["b"], ["c"]]
    assert [event.value for event in events if isinstance(event, VariableAssigned)] == [["a"], ["b"], ["c"]]
    assert pool.get(("conversation", "seen")) == ["c"]
    assert names(events)[-4].startswith("completed")


async def test_answers_within_are_heard_as_they_are_said_and_the_last_one_is_the_iterations() -> None:
    flow = made(node("speak", "answer", answer="<{{#each.item#}}>"), output=["speak", "answer"])
    events, result, _ = await walk(flow, {"start": {"list": ["a", "b"]}})
    heard = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert heard == "<a><b>- <a>\n- <b>"
    assert result.answer == "<b>- <a>\n- <b>"


async def test_a_branch_that_does_not_come_to_the_output_puts_out_null() -> None:
    condition = {"variable_selector": ["each", "item"], "comparison_operator": "is", "value": "a"}
    cases = [{"case_id": "true", "logical_operator": "and", "conditions": [condition]}]
    flow = made(node("if", "if-else", cases=cases), say(), edges=("if say true",))
    assert await output(flow, ["a", "b"]) == ["a0", None]


def twofold(**data: Any) -> Graph:
    """An iteration over lists, and one over each list within it."""
    inner: dict[str, Any] = {
        "iterator_selector": ["each", "item"],
        "output_selector": ["word", "output"],
        "start_node_id": "go",
    }
    both = [{"variable": "x", "value_selector": ["deep", "item"]}, *NAMES]
    flow = made(node("deep", "iteration", **inner), output=["deep", "output"], **data)
    nodes = (
        *flow.nodes,
        node("go", "iteration-start", parent="deep"),
        node("word", "template-transform", parent="deep", template="{{ index }}{{ x }}", variables=both),
    )
    return graph(nodes, *(f"{edge.source} {edge.target}" for edge in flow.edges), "go word")


async def test_an_iteration_within_an_iteration_knows_both() -> None:
    assert await output(twofold(), [["a", "b"], ["c"]]) == ["0a", "0b", "1c"]


@pytest.mark.parametrize("data", [{}, {"is_parallel": True}, {"error_handle_mode": "continue-on-error"}])
@pytest.mark.parametrize(
    ("rows", "columns", "why"),
    [
        (1_000, 1_000, "each: start.list has 1000 items"),
        (400, 2_500, "each: deep: each.item has 2500 items"),
        (500, 400, "each: deep: The run has reached its limit of 500 steps"),
    ],
)
async def test_a_million_items_within_each_other_fail_by_name(
    rows: int, columns: int, why: str, data: dict[str, Any]
) -> None:
    with pytest.raises(NodeFailed, match=f"^{why}"):
        await output(twofold(**data), [[1] * columns] * rows)


async def test_the_oldest_form_has_no_start_of_its_own() -> None:
    old = graph(
        [
            node("start", "start"),
            node("each", "iteration", iterator_selector=["start", "list"], output_selector=["say", "output"]),
            node(
                "say",
                "template-transform",
                parent="each",
                template="{{ item }}",
                variables=NAMES,
                isIterationStart=True,
            ),
        ],
        "start each",
    )
    assert await output(old, ["a"]) == ["a"]


@pytest.mark.parametrize("parallel", [False, True])
async def test_a_million_items_are_refused_before_the_first_one(parallel: object) -> None:
    said: list[AnyEvent] = []
    with pytest.raises(NodeFailed, match=r"^each: start\.list has 1000000 items, and a run takes at most 500 steps"):
        await walk(made(say(), is_parallel=parallel), {"start": {"list": [1] * 1_000_000}}, said=said)
    assert names(said) == ["start>", "start<"]


@pytest.mark.parametrize("mode", ["terminated", "continue-on-error", "remove-abnormal-output"])
@pytest.mark.parametrize("parallel", [False, True])
async def test_the_limit_of_steps_ends_an_iteration_whatever_it_does_about_errors(mode: str, parallel: object) -> None:
    flow = made(
        say(), node("more", "template-transform"), edges=("say more",), error_handle_mode=mode, is_parallel=parallel
    )
    with pytest.raises(NodeFailed, match=r"^each: The run has reached its limit of 5 steps"):
        await walk(flow, {"start": {"list": ["a"] * 5}}, limits=Limits(steps=5))


async def test_an_iteration_of_nothing_within_fails_by_name() -> None:
    alone = graph(
        [node("start", "start"), node("each", "iteration", iterator_selector=["start", "list"])], "start each"
    )
    with pytest.raises(NodeFailed, match=r"^each: The graph has no node to start with"):
        await output(alone, ["a"])
