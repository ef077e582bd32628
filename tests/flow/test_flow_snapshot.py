"""A run taken up from any place that it has told of says what it would have said anyway."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from anyio import fail_after
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from parlour.domain.events import (
    AnyEvent,
    HumanInputRequired,
    Journaled,
    ModelCalled,
    ModelFinished,
    NodeFinished,
    NodeStarted,
    Suspended,
    TextDelta,
    WorkflowFinished,
    WorkflowStarted,
)
from parlour.domain.graph import Graph, Node, Variable
from parlour.domain.problems import RunFailed
from parlour.domain.turn import Submission
from tests.flow.flow_samples import chatflow, graph, node, ports_for
from tests.flow.pausing import Stretch, asks, stretch
from tests.houses import rules

MODEL: dict[str, Any] = {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}}
PROMPT = [{"role": "user", "text": "{{#sys.query#}}"}]
KINDS = ("llm", "template-transform", "human-input", "answer", "assigner")

Sabotage = Callable[[dict[str, Any]], None]


def step(kind: str, id_: str) -> Node:
    match kind:
        case "llm":
            return node(id_, "llm", model=MODEL, prompt_template=PROMPT)
        case "template-transform":
            variables = [{"variable": "q", "value_selector": ["sys", "query"]}]
            return node(id_, kind, template=f"{id_} {{{{ q }}}}", variables=variables)
        case "human-input":
            return asks(id_, inputs=[{"type": "paragraph", "output_variable_name": "text"}])
        case "assigner":
            write = {"variable_selector": ["conversation", "kept"], "input_type": "constant", "operation": "set"}
            return node(id_, kind, version="2", items=[{**write, "value": id_}])
        case _:
            return node(
                id_, kind, answer=f"{id_}: {{{{#n0x0.text#}}}} {{{{#n1x0.output#}}}} {{{{#conversation.kept#}}}}. "
            )


@st.composite
def flows(draw: st.DrawFn) -> tuple[Graph, bool]:
    """A graph in layers, and whether never two of its nodes run at a time."""
    layers = draw(st.lists(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2), min_size=1, max_size=5))
    alone = all(len(layer) == 1 for layer in layers)
    if not alone:  # two answers may speak in this or in that order
        layers = [[kind for kind in layer if kind != "answer"] or ["llm"] for layer in layers]
    nodes, ways, above = [node("start", "start")], list[str](), ["start"]
    for depth, layer in enumerate(layers):
        ids = [f"n{depth}x{at}" for at in range(len(layer))]
        nodes += [step(kind, id_) for kind, id_ in zip(layer, ids, strict=True)]
        ways += [f"{one}{' yes' if is_asking(nodes, one) else ''} {other}" for one in above for other in ids]
        above = ids
    said = " ".join(f"{{{{#{one.id}.text#}}}}{{{{#{one.id}.output#}}}}" for one in nodes[1:])
    nodes.append(node("say", "answer", answer=said))
    ways += [f"{one}{' yes' if is_asking(nodes, one) else ''} say" for one in above]
    return graph(nodes, *ways), alone


def is_asking(nodes: list[Node], id_: str) -> bool:
    return next(one.type for one in nodes if one.id == id_) == "human-input"


def plain(event: AnyEvent) -> AnyEvent:
    """Without the ids that are drawn anew."""
    match event:
        case NodeStarted():
            return structs.replace(event, id="")
        case ModelCalled():
            return structs.replace(event, execution="")
        case ModelFinished(called=ModelCalled() as called):
            return structs.replace(event, called=structs.replace(called, execution=""))
        case NodeFinished():
            return structs.replace(event, outcome=structs.replace(event.outcome, id=""))
        case Suspended():
            forms = tuple(structs.replace(form, form_id="", form_token="") for form in event.forms)
            return Suspended(b"", forms, structs.replace(event.told, reasons=forms))
        case _:
            return event


def told(events: list[AnyEvent]) -> list[AnyEvent]:
    return [plain(event) for event in events if not isinstance(event, Journaled | WorkflowStarted)]


def text(events: list[AnyEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def ending(events: list[AnyEvent]) -> object:
    """What must be the same however the nodes take turns."""
    last = events[-1]
    if isinstance(last, Suspended):
        return sorted(form.node_id for form in last.forms)
    assert isinstance(last, WorkflowFinished)
    return last.outputs, last.files, last.exceptions_count


async def compare(flow: Graph, *, alone: bool, sabotage: Sabotage = lambda _: None) -> int:
    """Run it, its forms answered one by one; take it up from every place; how many there were."""
    app = structs.replace(chatflow(flow), variables=(Variable("kept", "string", "-"),))
    places = 0
    async with ports_for(rules({"say": ["Once ", "", "upon "]})) as ports:
        before: Stretch | None = None
        sent: dict[str, Submission] = {}
        while before is None or isinstance(before.events[-1], Suspended):
            whole = await stretch(app, ports, before, sent, durable=True)
            for at, event in enumerate(whole.events):
                if not isinstance(event, Journaled):
                    continue
                places += 1
                state = msgspec.json.decode(event.state)
                sabotage(state)
                again = await stretch(app, ports, msgspec.json.encode(state), sent)
                rest = whole.events[at + 1 :]
                kept = text(whole.events[:at])
                kept = kept[: len(kept) - event.unsure]
                assert ending(again.events) == ending(rest)
                assert kept + text(again.events) == text(whole.events)
                if alone:
                    assert told(again.events) == told(rest)
            before = whole
            if isinstance(whole.events[-1], Suspended):
                sent = {next(iter(whole.forms)): Submission("yes", {"text": "My word."})}
    return places


def compared(flow: Graph, *, alone: bool, sabotage: Sabotage = lambda _: None) -> int:
    async def within() -> int:
        with fail_after(5):
            return await compare(flow, alone=alone, sabotage=sabotage)

    return asyncio.run(within())


@settings(deadline=None)
@given(flows())
def test_what_remains_is_the_same_from_every_place(made: tuple[Graph, bool]) -> None:
    flow, alone = made
    assert compared(flow, alone=alone) > 0


BUSY = graph(
    [
        node("start", "start"),
        step("llm", "n0x0"),
        step("template-transform", "n1x0"),
        step("assigner", "set"),
        asks("ask"),
        step("answer", "say"),
        step("answer", "more"),
    ],
    *("start n0x0", "n0x0 n1x0", "n1x0 set", "set ask", "ask yes say", "say more"),
)


def forget_texts(state: dict[str, Any]) -> None:
    state["said"]["chunks"] = []


def forget_values(state: dict[str, Any]) -> None:
    state["values"].pop("n1x0", None)


def forget_answers(state: dict[str, Any]) -> None:
    state["answers"] = {}


def count_anew(state: dict[str, Any]) -> None:
    state["steps"] = 0


def test_the_busy_flow_has_places_enough() -> None:
    assert compared(BUSY, alone=True) == 6


@pytest.mark.parametrize("bug", [forget_texts, forget_values, forget_answers, count_anew])
def test_the_comparison_sees_a_planted_bug(bug: Sabotage) -> None:
    with pytest.raises(AssertionError):
        compared(BUSY, alone=True, sabotage=bug)


@pytest.mark.anyio
async def test_a_state_that_is_not_understood_fails_with_words_for_who_asks() -> None:
    async with ports_for() as ports:
        with pytest.raises(RunFailed, match="laid aside by another version of the server"):
            await stretch(chatflow(BUSY), ports, b'{"ask": 1}')


@pytest.mark.anyio
async def test_the_environment_is_not_written_down_and_is_there_again() -> None:
    nodes = [node("start", "start"), asks("ask"), node("say", "answer", answer="{{#env.secret#}}")]
    app = structs.replace(
        chatflow(graph(nodes, "start ask", "ask yes say")), environment=(Variable("secret", "secret", "s3cret"),)
    )
    async with ports_for() as ports:
        paused = await stretch(app, ports)
        assert b"s3cret" not in paused.suspended.state
        rest = await stretch(app, ports, paused, {"ask": Submission("yes", {})})
    assert text(rest.events) == "s3cret"


@pytest.mark.anyio
async def test_a_run_that_goes_on_knows_what_was_asked_and_said_before_it() -> None:
    model = rules({"say": ["{history}|{query}"]})
    memory = {"window": {"enabled": True, "size": 10}, "query_prompt_template": "{{#sys.query#}}"}
    llm = node("llm", "llm", model=MODEL, prompt_template=[{"role": "system", "text": "x"}], memory=memory)
    nodes = [node("start", "start"), asks("ask"), llm, node("say", "answer", answer="{{#llm.text#}}")]
    app = chatflow(graph(nodes, "start ask", "ask yes llm", "llm say"))
    async with ports_for(model) as ports:
        paused = await stretch(app, ports, query="And now?")
        rest = await stretch(app, ports, paused, {"ask": Submission("yes", {})})
    called = [event for event in rest.events if type(event).__name__ == "ModelCalled"]
    assert [getattr(event, "prompt", None) for event in called] == [("x", "Who?", "I.", "And now?")]
    assert not isinstance(rest.events[-1], HumanInputRequired)
