"""A mode whose runs are traced: it hears what they say, and tells of it once they have ended.

Knows no node and no way to send a trace.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from msgspec import structs

from parlour.domain.app import EasyApp
from parlour.domain.events import AgentTextDelta, AnyEvent, TextDelta
from parlour.domain.problems import Problem
from parlour.domain.trace import Attributes, Origin, Span, origin
from parlour.domain.turn import Turn
from parlour.modes.features.spans import Heard, Spans
from parlour.modes.features.stage import Events, Mode
from parlour.modes.features.traced_lookups import TracedRetrieval
from parlour.ports import Ports
from parlour.ports.traces import Trace, Traces, traceparent

PIECES = {TextDelta, AgentTextDelta}
"""What tells nothing but a piece of the answer."""


def traced(mode: Mode, traces: Traces, *, texts: bool) -> Mode:
    """The mode, with a trace of each turn. `texts`: whether it may tell what was asked and answered."""

    async def run(turn: Turn[Any], ports: Ports) -> AsyncGenerator[AnyEvent, None]:
        began, heard, looked, why = ports.now(), list[Heard](), list[Span](), ""
        stands = stand(turn, began)
        name = f"invoke_agent {turn.app.card.name}"
        trace = traces.begin(stands, name, began)
        traceparent.set(trace.traceparent)  # in the task of the run: whatever it asks of others says so
        if isinstance(turn.app, EasyApp):  # in a graph, a node tells of it
            retrieval = TracedRetrieval(ports.knowledge.retrieval, ports.now, texts=texts)
            looked = retrieval.spans
            ports = structs.replace(ports, knowledge=structs.replace(ports.knowledge, retrieval=retrieval))
        try:
            async with aclosing(mode(turn, ports)) as events:
                async for event in events:
                    if type(event) not in PIECES:
                        heard.append((ports.now(), event))
                    yield event
        except Problem as problem:
            why = problem.message if texts else type(problem).__name__
            raise
        except asyncio.CancelledError:
            why = "stopped"
            raise
        finally:
            whole = Span(name, began, ports.now(), "server", attributes=attributes(turn, stands), error=why)
            # later, and not as a part of the run: no mistake of a trace is to be one of the run's
            asyncio.get_running_loop().call_soon(tell, trace, Spans(whole, looked, texts=texts), heard)

    def sampled(turn: Turn[Any], ports: Ports) -> Events:
        """Who traces his own requests, and not this one, is not told of it either."""
        stands = stand(turn, 0.0)
        if stands.sampled:
            return run(turn, ports)
        traceparent.set(f"00-{stands.trace}-{stands.parent}-00")
        return mode(turn, ports)

    return sampled


def stand(turn: Turn[Any], began: float) -> Origin:
    """An app that is the tool of another one stands in that one's trace."""
    around = traceparent.get().removeprefix("00-") if turn.ask.depth else ""
    return origin(turn.ask.trace_id or around, turn.ids.task_id, "" if turn.resumption is None else f"at {began}")


def tell(trace: Trace, spans: Spans, heard: list[Heard]) -> None:
    spans.hear(heard)
    trace.end(spans.end())


def attributes(turn: Turn[Any], stands: Origin) -> Attributes:
    ids = turn.ids
    found: Attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": turn.app.card.name,
        "gen_ai.agent.id": turn.app.card.id,
        "parlour.app.mode": turn.app.mode,
        "parlour.app.version": turn.app.card.version,
        "parlour.task.id": ids.task_id,
        "parlour.user.id": turn.ask.user,
    }
    more = {
        "gen_ai.conversation.id": ids.conversation_id,
        "parlour.message.id": ids.message_id,
        "parlour.workflow_run.id": ids.workflow_run_id,
        "parlour.trace_id.given": stands.given,
        "session.id": turn.ask.trace_session,
    }
    return found | {key: value for key, value in more.items() if value}
