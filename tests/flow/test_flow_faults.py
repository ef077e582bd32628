"""What is wrong with a graph, told before anything of it runs: nodes, circles, containers, selectors."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from time import process_time
from typing import Any

import pytest

from parlour.domain.app import Card, ChatflowApp, Field, FlowApp, WorkflowApp
from parlour.domain.graph import Edge, Graph, Node, Variable
from parlour.flow.node import Fault
from parlour.flow.plan import plan
from parlour.modes.graphs import faults
from tests.flow.node_samples import graph, node

CARD = Card("a", "a", "v")
START = node("start", "start")


def chatflow(nodes: Iterable[Node], *edges: str) -> ChatflowApp:
    return ChatflowApp(CARD, graph((START, *nodes), *edges))


def refused(app: FlowApp) -> list[Fault]:
    return [fault for fault in faults(app) if fault.level == "refused"]


def said(app: FlowApp) -> list[tuple[str, str]]:
    """What is nearly so: the node, and what and why."""
    found = [fault for fault in faults(app) if fault.level == "approximated"]
    return [(fault.node_id, f"{fault.what}: {fault.advice}") for fault in found]


def answering(text: str) -> ChatflowApp:
    env = (Variable("KEY", "string", ""),)
    made = graph((START, node("a", "answer", answer=text)), "start a")
    return ChatflowApp(CARD, made, form=(Field("text-input", "city"),), environment=env, variables=env)


def test_a_sound_graph_has_no_faults() -> None:
    assert not faults(chatflow([node("a", "answer", answer="{{#sys.query#}}")], "start a"))


@pytest.mark.parametrize(
    ("type_", "advice"),
    [
        ("tool", "names no tool: "),
        ("agent", "names no strategy"),
        ("datasource", "belongs to a knowledge pipeline"),
        ("an_swer", "`an_swer` is no type of a node: did you mean `answer`?"),
        ("if_else", "`if_else` is no type of a node: did you mean `if-else`?"),
        ("Knowledge Retrieval", "did you mean `knowledge-retrieval`?"),
        ("flux-capacitor", "`flux-capacitor` is no type of a node, and nobody knows how to run it"),
        ("x" * 10_000, "nobody knows how to run it"),
    ],
)
def test_a_node_of_a_type_that_nobody_runs_is_refused_by_name_with_advice(type_: str, advice: str) -> None:
    [fault] = refused(chatflow([node("n", type_)], "start n"))
    assert fault.node_id == "n"
    assert advice in fault.advice


@pytest.mark.parametrize(
    ("data", "what", "advice", "keys"),
    [
        ({"answer": ["a"]}, "answer", "must be text, and is a list (lines that begin with `-`)", ("answer",)),
        ({"answer": {}}, "answer", "must be text, and is a mapping (`key: value` lines)", ("answer",)),
        ({"retry_config": 5}, "retry_config", "must be a mapping (`key: value` lines), and is a", ("retry_config",)),
    ],
)
def test_data_of_another_shape_is_refused_with_its_place(
    data: dict[str, Any], what: str, advice: str, keys: tuple[str, ...]
) -> None:
    [fault] = refused(chatflow([node("a", "answer", **data)], "start a"))
    assert (fault.node_id, fault.what, fault.keys) == ("a", what, keys)
    assert fault.advice.startswith(advice)


def test_the_place_of_a_fault_in_a_list_is_counted_from_one_and_kept_from_zero() -> None:
    outputs: list[dict[str, object]] = [{"variable": "a", "value_selector": ["sys", "user_id"]}, {"value_selector": []}]
    app = WorkflowApp(CARD, graph((START, node("e", "end", outputs=outputs)), "start e"))
    [fault] = refused(app)
    assert (fault.what, fault.advice, fault.keys) == ("outputs.2", "`variable` is missing", ("outputs", 1))


def test_a_graph_without_a_start_is_refused() -> None:
    [fault] = refused(ChatflowApp(CARD, graph([node("a", "answer")])))
    assert (fault.node_id, fault.what) == ("", "the graph")
    inner = refused(ChatflowApp(CARD, graph([node("l", "loop"), node("s", "start", parent="l")])))
    assert "the graph" in [fault.what for fault in inner]


def test_of_several_starts_the_first_counts_and_the_others_are_named() -> None:
    assert said(chatflow([node("s2", "start"), node("s3", "start")])) == [
        (id_, ": runs begin at `start`: this one, and what hangs from it alone, never runs") for id_ in ("s2", "s3")
    ]


@pytest.mark.parametrize(
    ("edges", "way"),
    [(("start a", "a a"), "a → a"), (("start a", "a b", "b c", "c a"), "→"), (("a b", "b a"), "→")],
)
def test_a_circle_is_refused_with_the_way_round(edges: tuple[str, ...], way: str) -> None:
    [fault] = refused(chatflow([node(id_, "answer") for id_ in "abc"], *edges))
    assert fault.node_id in "abc"
    assert "is part of a circle" in fault.advice
    assert way in fault.advice


def test_a_circle_within_a_container_is_refused() -> None:
    inner = [node(id_, "answer", parent="each") for id_ in "ab"]
    found = refused(chatflow([node("each", "loop"), *inner], "start each", "a b", "b a"))
    assert any("is part of a circle" in fault.advice for fault in found)


def test_a_join_of_branches_and_nodes_that_nothing_leads_to_are_no_circle() -> None:
    nodes = [node(id_, "answer") for id_ in "abcd"]
    assert not refused(chatflow(nodes, "start a", "start b", "a c", "b c", "d c"))


@pytest.mark.parametrize(
    ("nodes", "id_", "advice"),
    [
        ([node("x", "answer", parent="gone")], "x", "there is no such node"),
        ([node("a", "answer"), node("x", "answer", parent="a")], "x", "which is no iteration or loop"),
        ([node("l", "loop"), node("x", "human-input", parent="l")], "x", "nobody can be asked within"),
        ([node("l", "loop", parent="l")], "l", "or within itself"),
        ([node("l", "loop", parent="m"), node("m", "loop", parent="l")], "m", "or within itself"),
        ([node(f"l{n}", "loop", parent=f"l{n - 1}" if n else "") for n in range(6)], "l5", "is within more than 4"),
    ],
)
def test_what_is_within_what_it_cannot_be_within_is_refused(nodes: list[Node], id_: str, advice: str) -> None:
    assert any(fault.node_id == id_ and advice in fault.advice for fault in refused(chatflow(nodes)))


def test_containers_may_be_as_deep_as_a_run_may_go() -> None:
    nodes = [node(f"l{n}", "loop", parent=f"l{n - 1}" if n else "") for n in range(5)]
    assert not [fault for fault in refused(chatflow(nodes)) if "within" in fault.advice]


def test_an_answer_in_a_workflow_and_an_end_in_a_chatflow_are_told_of() -> None:
    assert said(chatflow([node("e", "end")])) == [
        ("e", ": what a chatflow gives comes of its answer nodes, not of this one")
    ]
    assert said(WorkflowApp(CARD, graph((START, node("a", "answer"))))) == [
        ("a", ": what a workflow gives comes of its end nodes, not of this one")
    ]


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("sys.quarry", "`sys` has no `quarry`"),
        ("env.SECRET", "`env` has no `SECRET`"),
        ("conversation.mood", "`conversation` has no `mood`"),
        ("rag.x", "`rag` has no `x`"),
        ("nowhere.text", "no node has the id `nowhere`"),
        ("start.town", "the start node declares no `town`"),
    ],
)
def test_a_reference_to_nowhere_is_told_of(reference: str, why: str) -> None:
    text = "{{#" + reference + "#}}"
    assert said(answering(f"Hello {text}, {text}")) == [("a", f"`{reference}`: is never there: {why}")]


@pytest.mark.parametrize("reference", ["sys.query", "env.KEY", "conversation.KEY", "start.city", "a.answer"])
def test_a_reference_that_may_have_a_value_is_not_told_of(reference: str) -> None:
    assert not faults(answering("{{#" + reference + "#}}"))


@pytest.mark.parametrize("text", ["{{#node-1.text#}}", "{{#start.stadt name#}}", "{{#start.名前#}}"])
def test_what_looks_like_a_reference_and_is_none_is_told_of(text: str) -> None:
    [(_, told)] = said(answering(text))
    assert told.startswith(f"`{text}`: stays as it is written")


@pytest.mark.parametrize("text", ["{{#context#}}", "{{#histories#}}", "{{#$output.name#}}", "{{x.y}}", "{{# a.b"])
def test_other_words_in_braces_are_left_alone(text: str) -> None:
    assert not said(answering(text))


LOST = ["`gone.text`: is never there: no node has the id `gone`"]
SELECTORS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("code", {"variables": [{"variable": "x", "value_selector": ["gone", "text"]}]}, LOST),
    ("iteration", {"iterator_selector": ["gone", "text"]}, LOST),
    ("variable-aggregator", {"variables": [["gone", "text"]]}, LOST),
    ("variable-aggregator", {"advanced_settings": {"groups": [{"variables": [["gone", "text"]]}]}}, LOST),
    ("parameter-extractor", {"query": ["gone", "text"]}, LOST),
    ("list-operator", {"variable": ["gone", "text"]}, LOST),
    ("if-else", {"cases": [{"conditions": [{"variable_selector": ["gone", "text"], "value": "x"}]}]}, LOST),
    ("llm", {"context": {"enabled": True, "variable_selector": []}}, []),
    ("llm", {"variables": [{"variable": "x", "value_selector": ["gone", "text"]}]}, []),
    ("code", {"code": "print('{{#gone.text#}}')", "title": "{{#gone.text#}}"}, []),
    ("tool", {"tool_parameters": {"word": {"type": "variable", "value": ["gone", "text"]}}}, LOST),
    ("tool", {"tool_parameters": {"word": {"type": "constant", "value": ["gone", "text"]}}}, []),
    ("tool", {"params": {"options": ["gone", "text"]}}, []),
    ("tool", {"tool_configurations": {"words": ["gone", "text"]}}, []),
]


@pytest.mark.parametrize(("type_", "data", "lost"), SELECTORS)
def test_a_selector_is_known_by_the_key_that_it_stands_under(type_: str, data: dict[str, Any], lost: list[str]) -> None:
    assert [told for _, told in said(chatflow([node("n", type_, **data)]))] == lost


def test_what_the_system_knows_may_be_selected_by_the_start_node_and_a_dotted_name() -> None:
    named = {"variable": "x", "value_selector": ["start", "sys.query"]}
    assert not said(chatflow([node("n", "code", variables=[named])]))


def test_data_of_any_depth_is_looked_through() -> None:
    deep: object = "{{#gone.text#}}"
    for _ in range(5_000):
        deep = [deep]
    assert said(chatflow([node("n", "llm", prompt=deep)]))


def test_one_node_does_not_fill_the_report() -> None:
    text = "".join("{{#" + f"gone{n}.x" + "#}}" for n in range(100))
    assert len(said(answering(text))) == 20


MANY = 100_000
IDS = [str(number) for number in range(MANY)]


def huge(type_: str, parent: dict[str, str], edges: Iterable[tuple[str, str]]) -> ChatflowApp:
    nodes = (Node(id_, "start" if id_ == "0" else type_, id_, {}, parent.get(id_, "")) for id_ in IDS)
    return ChatflowApp(CARD, Graph(tuple(nodes), tuple(Edge(*ends) for ends in edges)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "made",
    [
        lambda: huge("answer", {}, pairwise(IDS)),
        lambda: huge("answer", {}, [*((IDS[0], id_) for id_ in IDS[1:]), *((id_, IDS[-1]) for id_ in IDS[1:-1])]),
        lambda: huge("loop", dict(zip(IDS[2:], IDS[1:], strict=False)), []),
        lambda: huge("loop", dict(zip(IDS[1::2], IDS[2::2], strict=False)), []),
    ],
    ids=["a chain", "a star", "each within the last", "many containers"],
)
def test_a_hundred_thousand_nodes_are_looked_at_in_seconds(made: Callable[[], ChatflowApp]) -> None:
    app = made()
    began = process_time()
    faults(app)
    plan.__wrapped__(app.graph)
    assert process_time() - began < 30
