"""The traps of dsl.md 11 that no single node shows by itself, each in a small flow; and where the others are shown."""

import ast
from pathlib import Path
from typing import Any

import pytest

from parlour.domain.app import FlowApp
from parlour.domain.events import NodeFinished, TextDelta, VariableAssigned, WorkflowFinished
from parlour.domain.files import File
from parlour.domain.graph import Graph
from parlour.domain.problems import RunFailed
from parlour.domain.turn import Ask, Turn
from parlour.flow import template
from parlour.flow.node import NodeFailed
from parlour.flow.pool import Pool
from parlour.modes import chatflow as mode
from tests.flow.flow_samples import IDS, chatflow, graph, node, play, ports_for, workflow
from tests.flow.traps import ELSEWHERE, HERE, TRAPS
from tests.houses import rules

pytestmark = pytest.mark.anyio

TESTS = Path(__file__).parents[1]
START = node("start", "start")
MODEL: dict[str, Any] = {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}}


def llm(id_: str, prompt: str) -> Any:
    return node(id_, "llm", model=MODEL, prompt_template=[{"role": "user", "text": prompt}])


async def test_what_a_model_says_that_no_answer_mentions_is_never_heard_and_literals_do_not_wait() -> None:
    nodes = [START, llm("aside", "one"), llm("said", "two"), node("say", "answer", answer="So: {{#said.text#}}.")]
    async with ports_for(rules({"match": "one", "say": ["a", "b"]}, {"match": "two", "say": ["c", "d"]})) as ports:
        played = await play(graph(nodes, "start aside", "aside said", "said say"), ports=ports)
    heard = [(said.text, said.selector) for said in played.said if isinstance(said, TextDelta)]
    assert played.said[1] == TextDelta("So: ", ("say", "answer"))
    assert [text for text, _ in heard if text] == ["So: ", "c", "d", "."]
    assert played.outcomes["aside"].outputs is not None


async def test_what_is_missing_what_is_null_and_what_is_empty_are_three_things() -> None:
    inputs = {"null": None, "empty": ""}
    three = [["nobody", "x"], ["start", "null"], ["start", "empty"]]
    seen = [{"variable": name, "value_selector": at} for name, at in zip("abc", three, strict=True)]
    nodes = [
        START,
        node("say", "answer", answer="{{#nobody.x#}},{{#start.null#}},{{#start.empty#}}"),
        node("made", "template-transform", template="{{ a is none }},{{ b is none }},{{ c is none }}", variables=seen),
        node("first", "variable-aggregator", variables=three),
    ]
    played = await play(graph(nodes, "start say", "start made", "start first"), inputs=inputs)
    assert played.text == "nobody.x,,", "a text shows the path of what is missing"
    assert (played.outcomes["made"].outputs or {})["output"] == "True,True,False", "null to who works with values"
    assert played.outcomes["first"].outputs == {"output": None}, "null is there, and the first"
    for selector, fails in zip(three, (True, False, False), strict=True):
        condition = {"variable_selector": selector, "comparison_operator": "empty", "value": ""}
        asks = node("if", "if-else", cases=[{"case_id": "true", "logical_operator": "and", "conditions": [condition]}])
        flow = graph([START, asks], "start if")
        if fails:
            with pytest.raises(NodeFailed):
                await play(flow, inputs=inputs)
        else:
            assert (await play(flow, inputs=inputs)).outcomes["if"].outputs is not None


PICTURE = File("image", "remote_url", "a.png", ".png", url="https://x/a.png")
LETTER = File("document", "remote_url", "a.pdf", ".pdf", url="https://x/a.pdf")
FORMS: list[tuple[object, str, str]] = [
    (True, "True", "True"),
    (1, "1", "1"),
    (1.0, "1.0", "1.0"),
    (1e-05, "1e-05", "1e-05"),
    (None, "", ""),
    ("{{#a.b#}}", "{{#a.b#}}", "{{#a.b#}}"),
    ({"ü": [1, None]}, '{"ü": [1, null]}', '{\n  "ü": [\n    1,\n    null\n  ]\n}'),
    (["a", "ü"], '["a", "ü"]', "- a\n- ü"),
    ([1, None, "x", True], "[1, None, 'x', True]", "- 1\n- None\n- x\n- True"),
    ([{"a": "b"}], "[{'a': 'b'}]", "- {'a': 'b'}"),
    ([], "", ""),
    (PICTURE, "", "![a.png](https://x/a.png)"),
    ([PICTURE, LETTER], "", "![a.png](https://x/a.png)\n[a.pdf](https://x/a.pdf)"),
]


@pytest.mark.parametrize(("value", "text", "markdown"), FORMS)
def test_a_text_spells_values_as_python_does_and_an_answer_in_markdown(value: object, text: str, markdown: str) -> None:
    parts, pool = template.parse("{{#a.b#}}"), Pool({"a": {"b": value}})
    assert (template.render(parts, pool), template.render(parts, pool, markdown=True)) == (text, markdown)


def breaking(words: str, **data: Any) -> Graph:
    """A node of a kind that no branch ever leaves, with a way for its failure and one for the rest."""
    nodes = [
        START,
        node("made", "template-transform", template=words, **data),
        node("good", "answer", answer="Good: {{#made.output#}}"),
        node("bad", "answer", answer="Bad: {{#made.error_type#}} {{#made.output#}}"),
    ]
    return graph(nodes, "start made", "made source good", "made fail-branch bad")


async def ran(app: FlowApp) -> list[Any]:
    """All events of a run; of one that fails, up to there."""
    events: list[Any] = []
    async with ports_for() as ports:
        try:
            async for event in mode.run(Turn(app, IDS, Ask("hi", "user", {})), ports):
                events += (event,)
        except RunFailed:
            pass
    return events


@pytest.mark.parametrize(
    ("words", "data", "heard", "status", "run"),
    [
        ("fine", {"error_strategy": "fail-branch"}, "Good: fine", "succeeded", "succeeded"),
        ("{{", {"error_strategy": "fail-branch"}, "Bad: TemplateError made.output", "exception", "partial-succeeded"),
        (
            "{{",
            {"error_strategy": "default-value", "default_value": [{"key": "output", "type": "string", "value": "x"}]},
            "Good: xBad: TemplateError x",
            "exception",
            "partial-succeeded",
        ),
    ],
)
async def test_a_failure_that_its_author_has_foreseen_makes_a_branch_of_any_node_and_the_run_partial(
    words: str, data: dict[str, Any], heard: str, status: str, run: str
) -> None:
    events = await ran(chatflow(breaking(words, **data)))
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == heard
    [made] = [one.outcome for one in events if isinstance(one, NodeFinished) and one.outcome.node_id == "made"]
    [last] = [one for one in events if isinstance(one, WorkflowFinished)]
    assert (made.status, last.status) == (status, run)


def writes(operation: str, value: object, kind: str = "constant") -> dict[str, Any]:
    return {
        "variable_selector": ["conversation", "s"],
        "operation": operation,
        "value": value,
        "input_type": kind,
    }


async def test_an_assigner_puts_out_nothing_passes_over_null_and_its_writes_are_there_at_once() -> None:
    items = [writes("set", "new"), writes("over-write", ["start", "null"], "variable")]
    say = node("say", "answer", answer="{{#conversation.s#}} {{#set.output#}}")
    flow = graph([START, node("set", "assigner", version="2", items=items), say], "start set", "set say")
    played = await play(chatflow(flow, s="old"), inputs={"null": None})
    assert played.text == "new set.output"
    assert played.outcomes["set"].outputs == {}
    assert [one for one in played.said if isinstance(one, VariableAssigned)] == [VariableAssigned("s", "new")]


NO_REFERENCES = [
    "{{#node-1.text#}}",
    "{{#node.2nd#}}",
    "{{# node.text #}}",
    "{{#node.größe#}}",
    "{{#node#}}",
    "{{#node." + "x" * 31 + "#}}",
    "{{#" + "x" * 51 + ".text#}}",
    "{{#node" + ".x" * 11 + "#}}",
    "{{node.text}}",
]


@pytest.mark.parametrize("written", NO_REFERENCES)
def test_what_is_not_exactly_a_reference_is_text(written: str) -> None:
    assert template.fill(written, Pool({"node": {"text": "value"}})) == written


@pytest.mark.parametrize(
    "written", ["{{#node." + "x" * 30 + "#}}", "{{#" + "x" * 50 + ".t#}}", "{{#1.x" + ".x" * 9 + "#}}"]
)
def test_the_longest_reference_is_one(written: str) -> None:
    assert template.fill(written, Pool()) == written[3:-3]


async def test_what_the_system_knows_is_selected_by_the_start_node_and_a_dotted_name() -> None:
    outputs = [{"variable": "asked", "value_selector": ["start", "sys.user_id"]}]
    end = node("end", "end", outputs=outputs, nobody_knows={"this": "key"})
    assert (await play(workflow(graph([START, end], "start end")))).result.outputs == {"asked": "user"}


def named(path: Path) -> set[str]:
    return {
        one.name
        for one in ast.walk(ast.parse(path.read_text()))
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_each_trap_is_shown_by_a_test_that_there_is() -> None:
    assert set(TRAPS) == set(range(1, 16))
    assert set(HERE) | set(ELSEWHERE) == set(TRAPS)
    own = named(Path(__file__))
    assert {name for names in HERE.values() for name in names} <= own
    for places in ELSEWHERE.values():
        for place in places:
            path, name = place.split("::")
            assert name in named(TESTS / path), place
