"""Spans of what was said: every one has its place and its end. Knows no run that really went."""

from collections.abc import AsyncGenerator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import structs

from parlour.domain.app import Model
from parlour.domain.events import AgentThought, AnyEvent, ModelCalled, ModelFinished, NodeStarted
from parlour.domain.ids import Ids
from parlour.domain.trace import Origin, Span, origin
from parlour.domain.turn import Ask, Turn
from parlour.domain.usage import Usage
from parlour.http.reading import understood
from parlour.modes.features.spans import Spans
from parlour.modes.features.traced import traced
from parlour.ports import Ports
from parlour.ports.traces import traceparent
from tests.contract.flow_samples import saying

TASK = "01234567-89ab-4def-8123-456789abcdef"
MODEL = Model("openai", "gpt-4o-mini")


def told(*said: AnyEvent) -> list[Span]:
    spans = Spans(Span("run", 0, 100), texts=False)
    spans.hear((float(at), event) for at, event in enumerate(said, 1))
    return spans.end()


def node(execution: str, name: str) -> NodeStarted:
    return NodeStarted(execution, name, "llm", name, 1, 0)


def test_calls_of_nodes_that_run_at_a_time_are_told_apart() -> None:
    one, two = ModelCalled(MODEL, ("a",), 3.0, "e1"), ModelCalled(MODEL, ("a",), 4.0, "e2")
    done = ModelFinished(Usage(latency=2.0), called=two), ModelFinished(Usage(latency=5.0), called=one)
    spans = told(node("e1", "One"), node("e2", "Two"), one, two, *done)
    calls = [(spans[span.parent or 0].name, span.began, span.ended) for span in spans if span.kind == "client"]
    assert calls == [("llm One", 3.0, 8.0), ("llm Two", 4.0, 6.0)]


def test_what_has_not_ended_ends_with_the_run() -> None:
    spans = told(node("e1", "One"), ModelCalled(MODEL, (), 2.0, "e1"), AgentThought("t", 1, tool="dice;clock"))
    assert [(span.name, span.ended) for span in spans[1:]] == [
        ("llm One", 100),
        ("chat gpt-4o-mini", 100),
        ("execute_tool dice", 100),
        ("execute_tool clock", 100),
    ]


def test_the_tools_of_a_step_last_until_they_are_observed() -> None:
    spans = told(AgentThought("t", 1), AgentThought("t", 1, tool="dice"), AgentThought("t", 1, "", "six", "dice"))
    assert [(span.name, span.began, span.ended) for span in spans[1:]] == [("execute_tool dice", 2.0, 3.0)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("4bf92f3577b34da6a3ce929d0e0e4736", Origin("4bf92f3577b34da6a3ce929d0e0e4736")),
        ("4BF92F35-77B3-4DA6-A3CE-929D0E0E4736", Origin("4bf92f3577b34da6a3ce929d0e0e4736")),
        ("", Origin(TASK.replace("-", ""))),
        (f"{'a' * 32}-{'b' * 16}-01", Origin("a" * 32, "b" * 16)),
        (f"{'a' * 32}-{'b' * 16}-00", Origin("a" * 32, "b" * 16, sampled=False)),
    ],
)
def test_a_run_stands_in_its_callers_trace(given: str, expected: Origin) -> None:
    assert spanless(origin(given, TASK)) == expected


def spanless(found: Origin) -> Origin:
    return structs.replace(found, span="")


def test_each_run_has_a_span_of_its_own_also_where_one_goes_on() -> None:
    spans = {origin(given, TASK).span for given in ("", "order-17", f"{'a' * 32}-{'b' * 16}-01")}
    assert len(spans) == 1, "it goes by the task alone, so that a reply can name it"
    spans |= {origin("", "another").span, origin("", TASK, "at 1.0").span, origin("", TASK, "at 2.0").span}
    assert len(spans) == 4
    assert all(len(span) == 16 for span in spans)


def test_any_other_name_leads_to_one_trace_and_is_kept() -> None:
    assert origin("order-17", TASK).trace == origin("order-17", "another").trace != origin("order-18", TASK).trace
    assert origin("order-17", TASK).given == "order-17"


class Kept:
    """Remembers where runs stand, and sends nothing."""

    traceparent = f"00-{'c' * 32}-{'d' * 16}-01"

    def __init__(self) -> None:
        self.begun: list[Origin] = []

    def begin(self, origin: Origin, name: str, at: float) -> "Kept":
        del name, at
        self.begun.append(spanless(origin))
        return self

    def end(self, spans: Sequence[Span]) -> None:
        del spans


@pytest.mark.anyio
@pytest.mark.parametrize(("depth", "expected"), [(0, Origin(TASK.replace("-", ""))), (1, Origin("a" * 32, "b" * 16))])
async def test_only_an_app_that_is_a_tool_stands_in_the_trace_around_it(depth: int, expected: Origin) -> None:
    seen: list[str] = []

    async def mode(turn: Turn[Any], ports: Ports) -> AsyncGenerator[AnyEvent, None]:
        del turn, ports
        seen.append(traceparent.get())
        yield AgentThought("t", 1)

    traces, app = Kept(), understood(saying("hi"), "first")
    turn = Turn(app, Ids(TASK, "m", "c", 1), Ask("hi", "ann", {}, depth=depth))
    before = traceparent.set(f"00-{'a' * 32}-{'b' * 16}-01")
    ports = cast("Ports", SimpleNamespace(now=lambda: 1.0))
    assert [event async for event in traced(mode, traces, texts=False)(turn, ports)] == [AgentThought("t", 1)]
    traceparent.reset(before)
    assert traces.begun == [expected]
    assert seen == [Kept.traceparent]
