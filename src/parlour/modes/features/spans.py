"""Spans from what a run has said: the run, its nodes, its calls of models, its tools. Knows no trace and no wire.

Names and attributes are those of OpenTelemetry for generative AI (`gen_ai.…`), where it has them. What was asked and
answered is not among them, unless that is wanted.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import cast

from msgspec import json

from parlour.domain.events import (
    AgentLog,
    AgentThought,
    AnyEvent,
    ContainerFinished,
    ContainerStarted,
    ModelCalled,
    ModelFinished,
    NodeFinished,
    NodeOutcome,
    NodeRetried,
    NodeStarted,
)
from parlour.domain.trace import Attributes, Span
from parlour.domain.values import json_form

Heard = tuple[float, AnyEvent]
"""When something was said, and what."""

OPERATIONS = {"tool": "execute_tool", "knowledge-retrieval": "retrieval", "agent": "invoke_agent"}
"""What nodes of these types are, by the words of OpenTelemetry."""
CALL = "CALL "
"""How a line of an agent node's log begins that tells of a tool."""
LONGEST = 8192
"""Characters of a text that is told."""


class Spans:
    """Of one run; `run` is its own, and `parts` are those of which it does not speak."""

    def __init__(self, run: Span, parts: Iterable[Span] = (), *, texts: bool) -> None:
        self.found = [run, *parts]
        self._texts = texts
        self._nodes: dict[str, int] = {}
        """By execution."""
        self._containers: dict[str, int] = {}
        """By the name of their node: the latest."""
        self._called: list[tuple[ModelCalled, int]] = []
        self._using: dict[str, list[int]] = {}
        """Tools at work, by the thought or the line that tells of them."""

    def hear(self, heard: Iterable[Heard]) -> None:
        for at, event in heard:
            match event:
                case NodeStarted():
                    around = self._containers.get(event.iteration_id or event.loop_id or "", 0)
                    self._open_node(event, at, around)
                case ContainerStarted():
                    self._containers[event.node_id] = self._open_node(event, at, 0)
                case NodeFinished():
                    self._ended_node(event.outcome, at)
                case NodeRetried():
                    self.found[self._nodes.get(event.outcome.id, 0)].attributes["parlour.node.retries"] = (
                        event.retry_index
                    )
                case ContainerFinished():
                    span = self._close(self._nodes.pop(event.id, None), at, event.error)
                    if span is not None:
                        span.attributes["parlour.rounds"] = event.steps
                case ModelCalled():
                    self._called.append((event, self._call(event)))
                case ModelFinished():
                    self._answered(event)
                case AgentThought():
                    self._thought(event, at)
                case AgentLog():
                    self._line(event, at)
                case _:
                    pass

    def end(self) -> list[Span]:
        """All of them; what has not ended by itself ends with the run."""
        for number in {
            *self._nodes.values(),
            *(one for _, one in self._called),
            *chain.from_iterable(self._using.values()),
        }:
            self.found[number].ended = self.found[0].ended
        return self.found

    def _open(self, span: Span) -> int:
        self.found.append(span)
        return len(self.found) - 1

    def _close(self, number: int | None, at: float, error: str | None = None) -> Span | None:
        if number is None:
            return None
        span = self.found[number]
        span.ended, span.error = max(at, span.began), error or ""
        return span

    def _open_node(self, event: NodeStarted | ContainerStarted, at: float, parent: int) -> int:
        attributes: Attributes = {
            "parlour.node.id": event.node_id,
            "parlour.node.type": event.node_type,
            "parlour.node.title": event.title,
        }
        if event.node_type in OPERATIONS:
            attributes["gen_ai.operation.name"] = OPERATIONS[event.node_type]
        number = self._open(Span(f"{event.node_type} {event.title}", at, at, parent=parent, attributes=attributes))
        self._nodes[event.id] = number
        return number

    def _ended_node(self, outcome: NodeOutcome, at: float) -> None:
        span = self._close(self._nodes.pop(outcome.id, None), at, outcome.error)
        if span is None:
            return
        span.attributes["parlour.node.status"] = outcome.status
        told = cast("Mapping[str, object]", (outcome.execution_metadata or {}).get("tool_info") or {})
        if outcome.node_type == "tool" and isinstance(name := told.get("tool_name"), str):
            span.attributes["gen_ai.tool.name"] = name
        if self._texts:
            span.attributes["parlour.node.inputs"] = text_of(outcome.inputs)
            span.attributes["parlour.node.outputs"] = text_of(outcome.outputs)

    def _call(self, event: ModelCalled) -> int:
        attributes: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": event.model.provider,
            "gen_ai.request.model": event.model.name,
        }
        if self._texts:
            attributes["gen_ai.input.messages"] = text_of(event.prompt)
        parent = self._nodes.get(event.execution, 0)
        self.found[parent].began = min(self.found[parent].began, event.at)  # it was heard of a moment later
        name = f"chat {event.model.name}"
        return self._open(Span(name, event.at, event.at, "client", parent, attributes))

    def _answered(self, event: ModelFinished) -> None:
        number = next((n for n, one in enumerate(self._called) if event.called is None or event.called == one[0]), None)
        if number is None:
            return
        called, own = self._called.pop(number)
        usage = event.usage
        failed = "the call failed" if event.reason == "error" else ""
        span = self._close(own, called.at + usage.latency, failed)
        if span is not None:
            span.attributes["gen_ai.usage.input_tokens"] = usage.prompt_tokens
            span.attributes["gen_ai.usage.output_tokens"] = usage.completion_tokens
            span.attributes["gen_ai.response.finish_reasons"] = event.reason
            if usage.time_to_first_token is not None:
                span.attributes["parlour.time_to_first_token"] = usage.time_to_first_token

    def _thought(self, event: AgentThought, at: float) -> None:
        """A step of an agent: its tools are at work from the thought that names them to the one that has seen them."""
        if event.observation:
            for number in self._using.pop(event.id, []):
                self._close(number, at)
        elif event.tool and event.id not in self._using:
            self._using[event.id] = [self._tool(name, at, 0) for name in event.tool.split(";")]

    def _line(self, event: AgentLog, at: float) -> None:
        if not event.label.startswith(CALL):
            return
        if event.status == "start":
            around = self._nodes.get(event.node_execution_id, 0)
            self._using[event.id] = [self._tool(event.label.removeprefix(CALL), at, around)]
        else:
            for number in self._using.pop(event.id, []):
                self._close(number, at, event.error)

    def _tool(self, name: str, at: float, parent: int) -> int:
        attributes: Attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
        }
        return self._open(Span(f"execute_tool {name}", at, at, parent=parent, attributes=attributes))


def text_of(value: object) -> str:
    return json.encode(json_form(value)).decode("utf-8", "replace")[:LONGEST]
