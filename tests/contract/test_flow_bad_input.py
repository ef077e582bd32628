"""Graphs that cannot work: told of by `check` with node and line, or failing their run by the name of the node."""

from typing import Any

import pytest
from anyio import fail_after

from parlour.http.reading import report
from tests.contract.flow_samples import MODEL, start
from tests.contract.requirements import requirement
from tests.dsl.dsl_samples import line_of
from tests.dsl.graph_samples import Written, chain, edge, graph_file, node
from tests.houses import Build, Place

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SAY = node("say", "answer", answer="x")

TOLD: list[tuple[list[Written], list[Written], str, str, str]] = [
    ([SAY], [*chain("start", "say"), edge("say", "say")], "refused", "part of a circle (say → say)", "id: say"),
    ([SAY], [*chain("start", "say"), edge("say", "gone")], "refused", "gone", "id: say-gone"),
    ([node("flux", "flux-capacitor"), SAY], chain("start", "flux", "say"), "refused", "flux-capacitor", "type: flux"),
    ([node("say", "answer", answer="{{#gone.x#}}")], chain("start", "say"), "approximated", "gone.x", "answer: "),
    (
        [node("web", "http-request", url="http://x", method="trace")],
        chain("start", "web"),
        "refused",
        "TRACE",
        "method: trace",
    ),
]


@pytest.mark.parametrize(("nodes", "edges", "level", "words", "line"), TOLD)
def test_check_tells_of_it_with_its_line(
    nodes: list[Written], edges: list[Written], level: str, words: str, line: str
) -> None:
    source = graph_file("advanced-chat", [start(), *nodes], edges)
    [found] = [one for one in report(source, "bad") if one.level == level]
    assert words in f"{found.what} {found.advice}"
    assert found.line == line_of(source, line)


BOMB = "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"
ROWS = {"variable": "rows", "label": "rows", "type": "json_object", "required": False}


def within(container: str, id_: str, type_: str, **data: Any) -> Written:
    return node(id_, type_, iteration_id=container, isInIteration=True, **data)


def nested(outer: list[str]) -> list[Written]:
    """Each row of rows, and each item of a row."""
    return [
        node("outer", "iteration", iterator_selector=outer, output_selector=["inner", "output"], start_node_id="o0"),
        within("outer", "o0", "iteration-start"),
        within(
            "outer",
            "inner",
            "iteration",
            iterator_selector=["outer", "item"],
            output_selector=["made", "output"],
            start_node_id="i0",
        ),
        within("inner", "i0", "iteration-start"),
        within("inner", "made", "template-transform", template="x", variables=[]),
    ]


NESTED_EDGES = [edge("start", "outer"), edge("o0", "inner"), edge("i0", "made"), edge("outer", "say")]
LOST = ["gone", "x"]
IF_LOST = [{"case_id": "true", "conditions": [{"variable_selector": LOST, "comparison_operator": "is", "value": "x"}]}]
PROMPT = [{"role": "user", "edition_type": "jinja2", "jinja2_text": BOMB, "text": ""}]
FAILING: dict[str, tuple[Written, str]] = {
    "a template that does not end": (
        node("bad", "template-transform", template=BOMB, variables=[]),
        "The template takes too many steps",
    ),
    "a prompt that does not end": (
        node("bad", "llm", model=MODEL, prompt_template=PROMPT),
        "The template takes too many steps",
    ),
    "a template that grows": (
        node("bad", "template-transform", template="{{ 'x' * 10 ** 9 }}", variables=[]),
        "The template",
    ),
    "a condition on nothing": (node("bad", "if-else", cases=IF_LOST), "gone.x"),
    "a list of nothing": (node("bad", "list-operator", variable=LOST), "gone.x"),
    "documents of nothing": (node("bad", "document-extractor", variable_selector=LOST), "gone.x"),
    "an address of nothing": (node("bad", "http-request", url="{{#gone.x#}}", method="get"), "The address must begin"),
    "a prompt of nothing": (
        node("bad", "llm", model=MODEL, prompt_template=[{"role": "user", "text": "{{#gone.x#}}"}]),
        "gone.x",
    ),
}


@requirement("node:bad-input")
@pytest.mark.parametrize("why", FAILING)
async def test_a_run_that_cannot_go_on_fails_in_time_by_the_name_of_its_node(build: Build, why: str) -> None:
    bad, words = FAILING[why]
    source = graph_file("advanced-chat", [start(), bad, SAY], chain("start", "bad", "say"))
    events = await failing(await build(apps={"one": source}), "Bad: ", words)
    assert [one["event"] for one in events if one["event"] not in {"message", "ping"}] == [
        "workflow_started",
        "node_started",
        "node_finished",
        "node_started",
        "node_finished",
        "workflow_finished",
        "error",
    ]
    [failed] = [one["data"] for one in events if one["event"] == "node_finished" and one["data"]["error"]]
    assert (failed["node_id"], failed["status"]) == ("bad", "failed")


@requirement("node:bad-input")
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[1] * 100] * 1_000, "Outer: start.rows.all has 1000 items"),
        ([[1] * 1_000] * 20, "Inner: outer.item has 1000 items"),
        ([[1] * 100] * 100, "reached its limit of 500 steps"),
        ([[1] * 499] * 2, "reached its limit of 500 steps"),
    ],
)
async def test_a_million_items_within_each_other_fail_in_time_by_name(
    build: Build, rows: list[object], words: str
) -> None:
    source = graph_file("advanced-chat", [start(ROWS), *nested(["start", "rows", "all"]), SAY], NESTED_EDGES)
    events = await failing(await build(apps={"one": source}), "ner: " if "Inner" in words else "Outer: ", words, rows)
    [finished] = [one["data"] for one in events if one["event"] == "workflow_finished"]
    assert (finished["status"], words in finished["error"]) == ("failed", True)


async def failing(place: Place, name: str, words: str, rows: object = None) -> list[dict[str, Any]]:
    """The events of a run that fails, in which the node and the reason are named; blocking, it says the same."""
    inputs = {"rows": {"all": rows}} if rows is not None else {}
    with fail_after(5):
        events = (await place.door.send(inputs=inputs, response_mode="streaming")).events
        blocking = await place.door.send(inputs=inputs)
    last = events[-1]
    assert (last["event"], last["status"], last["code"]) == ("error", 400, "invalid_param")
    assert name in last["message"]
    assert words in last["message"]
    assert (blocking.status, blocking.json()["message"]) == (400, last["message"])
    return events


@requirement("node:bad-input")
async def test_a_circle_that_is_served_in_part_ends_and_runs_no_node_of_it_twice(build: Build) -> None:
    place = await build()
    nodes = [start(), node("a", "answer", answer="a"), node("b", "answer", answer="b"), node("c", "answer", answer="c")]
    edges = [*chain("start", "a"), *chain("b", "c", "b"), edge("a", "start")]
    source = graph_file("advanced-chat", nodes, edges)
    await place.house.catalogue.publish(source, "first", partial=True)
    with fail_after(5):
        assert (await place.door.send()).json()["answer"] == "a"
