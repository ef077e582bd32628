"""Graphs of starts, answers and ends alone: what is heard, in which order, and what comes out."""

import pytest

from parlour.domain.events import NodeStarted, TextDelta
from parlour.flow.node import Limits, NodeFailed
from tests.flow.flow_samples import graph, node, play, workflow

pytestmark = pytest.mark.anyio

START = node("start", "start")


async def test_an_answer_says_its_text_and_ends_the_run() -> None:
    played = await play(graph([START, node("a", "answer", answer="You said {{#sys.query#}}.")], "start a"), "hello")
    assert played.text == "You said hello."
    assert played.result.answer == "You said hello."
    assert played.path == ["start", "a"]
    assert played.outcomes["a"].outputs == {"answer": "You said hello.", "files": []}


async def test_a_literal_is_heard_as_soon_as_the_start_has_begun_where_nothing_decides() -> None:
    played = await play(graph([START, node("a", "answer", answer="Hi {{#start.sys#}}")], "start a"))
    first, literal, second = played.said[0], played.said[1], played.said[-3]
    assert isinstance(first, NodeStarted)
    assert isinstance(literal, TextDelta)
    assert (first.node_id, literal.selector) == ("start", ("a", "answer"))
    assert isinstance(second, NodeStarted)
    assert second.node_id == "a"


async def test_answers_speak_one_after_the_other_in_the_order_of_their_turn() -> None:
    nodes = [START, node("a", "answer", answer="One. "), node("b", "answer", answer="Two. ")]
    played = await play(graph(nodes, "start a", "a b"))
    assert played.text == "One. Two. "
    assert played.result.answer == "One. Two. "


async def test_answers_are_put_out_in_the_order_of_their_ends_and_heard_in_that_of_their_turns() -> None:
    nodes = [
        START,
        node("slow", "template-transform", template="Slow. "),
        node("slower", "template-transform", template="Slower. "),
        node("first", "answer", answer="{{#slow.output#}}{{#slower.output#}}"),
        node("if", "if-else", cases=[{"case_id": "true", "logical_operator": "and", "conditions": []}]),
        node("second", "answer", answer="Quick."),
    ]
    played = await play(graph(nodes, "start slow", "slow slower", "slower first", "start if", "if true second"))
    assert played.path.index("second") < played.path.index("first")
    assert played.text == "Slow. Slower. Quick."
    assert played.result.answer == "Quick.Slow. Slower. "


async def test_a_reference_to_nothing_is_said_as_its_bare_path() -> None:
    played = await play(graph([START, node("a", "answer", answer="<{{#nobody.text#}}>")], "start a"))
    assert played.text == played.result.answer == "<nobody.text>"


async def test_an_end_gives_the_values_that_it_names_and_null_for_what_is_not_there() -> None:
    outputs = [
        {"variable": "said", "value_selector": ["start", "name"]},
        {"variable": "gone", "value_selector": ["nobody", "text"]},
    ]
    end = node("end", "end", outputs=outputs)
    played = await play(workflow(graph([START, end], "start end")), inputs={"name": "Ann"})
    assert played.result.outputs == {"said": "Ann", "gone": None}
    assert played.text == "Ann\nnobody.text"


async def test_nodes_are_counted_and_know_whom_they_followed() -> None:
    played = await play(graph([START, node("a", "answer"), node("b", "answer")], "start a", "a b"))
    started = [item for item in played.said if isinstance(item, NodeStarted)]
    assert [(item.node_id, item.index, item.predecessor_node_id) for item in started] == [
        ("start", 1, None),
        ("a", 2, "start"),
        ("b", 3, "a"),
    ]


async def test_a_run_ends_at_its_limit_of_steps() -> None:
    nodes = [START, *(node(f"a{number}", "answer", answer="x") for number in range(5))]
    ways = ["start a0", *(f"a{number} a{number + 1}" for number in range(4))]
    with pytest.raises(NodeFailed, match="limit of 3 steps"):
        await play(graph(nodes, *ways), limits=Limits(steps=3))


async def test_a_graph_without_a_start_says_so() -> None:
    with pytest.raises(NodeFailed, match="no node to start with"):
        await play(graph([node("a", "answer")]))


async def test_a_node_of_an_unknown_kind_fails_where_the_run_gets_there() -> None:
    flow = graph([START, node("x", "teleport"), node("a", "answer")], "start x", "x a")
    with pytest.raises(NodeFailed, match="teleport"):
        await play(flow)
