"""What models are asked beside runs, traced: the name of a conversation, questions that may come next.

Knows neither what is asked, nor what becomes of the answer.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import structs

from parlour.domain.app import App, Model
from parlour.domain.events import ModelCalled, ModelFinished
from parlour.domain.problems import Problem
from parlour.domain.trace import Origin, Span
from parlour.llm.exchange import converse
from parlour.modes.features.spans import Heard, Spans
from parlour.modes.features.traced import tell
from parlour.ports import Ports
from parlour.ports.models import Call, Said
from parlour.ports.traces import Traces, traceparent

NAMES = {"title": "name_conversation", "suggest": "suggest_questions"}
"""What such a call is, by its purpose."""


class TracedAsides:
    """The port `Models` for one aside, which stands there in somebody's trace."""

    def __init__(self, ports: Ports, traces: Traces, app: App, stands: Origin, *, texts: bool) -> None:
        self._ports = ports
        self._traces = traces
        self._app = app
        self._stands = stands
        self._texts = texts

    def check(self, model: Model) -> None:
        self._ports.models.check(model)

    def context(self, model: Model) -> int | None:
        return self._ports.models.context(model)

    def uses_tools(self, model: Model) -> bool:
        return self._ports.models.uses_tools(model)

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        now, heard, why = self._ports.now, list[Heard](), ""
        began, name = now(), NAMES.get(call.purpose, call.purpose)
        trace = self._traces.begin(self._stands, name, began)
        traceparent.set(trace.traceparent)  # in the task of the aside: its call says so
        try:
            async with aclosing(converse(call, self._ports)) as said:
                async for one in said:
                    if isinstance(one, ModelCalled | ModelFinished):
                        heard.append((now(), one))
                    else:
                        yield one
        except Problem as problem:
            why = problem.message if self._texts else type(problem).__name__
            raise
        except asyncio.CancelledError:
            why = "stopped"
            raise
        finally:
            app = self._app.card
            about = {"gen_ai.agent.name": app.name, "gen_ai.agent.id": app.id, "parlour.app.version": app.version}
            whole = Span(name, began, now(), "server", attributes={**about}, error=why)
            asyncio.get_running_loop().call_soon(tell, trace, Spans(whole, texts=self._texts), heard)


def traced_ports(ports: Ports, traces: Traces, app: App, stands: Origin, *, texts: bool) -> Ports:
    """What an aside may reach for; who traces his own requests, and not this one, is not told of it either."""
    if not stands.sampled:
        return ports
    return structs.replace(ports, models=TracedAsides(ports, traces, app, stands, texts=texts))
