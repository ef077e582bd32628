"""A question and its answer as an operator sees them: which models were asked, what an agent did, what it rests on.

Not in the contract: an addition. What an agent thought, and what its tools were asked and told, is shown where an app
is recorded in full. Knows no store.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from parlour.domain.events import AgentThought, Citation
from parlour.domain.files import Attachment
from parlour.domain.message import Asked, Message
from parlour.domain.usage import plain
from parlour.domain.workflow_run import Level
from parlour.wire.admin import Time

Values = dict[str, object]


class ModelCall(Struct):
    """A model, or a tool of an agent, that a node or an app has asked."""

    label: str
    model: str | None
    started_at: Time
    elapsed_time: float
    time_to_first_token: float | None
    total_tokens: int | None
    total_price: str | None
    error: str | None


class Step(Struct):
    """What an agent did between two calls of a model."""

    id: str
    position: int
    tool: Annotated[str, Meta(description="The names of the tools, joined by `;`; empty for an answer.")]
    thought: Annotated[str | None, Meta(description="Null unless the app records in full; so are the next two.")]
    tool_input: Annotated[str | None, Meta(description="JSON, by tool.")]
    observation: Annotated[str | None, Meta(description="JSON, by tool.")]


class Said(Struct):
    """A question and its answer."""

    query: str
    answer: str
    calls: Annotated[tuple[ModelCall, ...], Meta(description="Of models and tools; of a graph they are its nodes'.")]
    steps: tuple[Step, ...]
    files: tuple[Attachment, ...]
    citations: tuple[Citation, ...]


def said(message: Message, level: Level) -> Said:
    return Said(
        message.query,
        message.answer,
        tuple(_calls(message)),
        tuple(step_of(thought, level) for thought in message.thoughts),
        message.files,
        message.citations,
    )


def step_of(thought: AgentThought, level: Level) -> Step:
    full = level == "full"
    return Step(
        thought.id,
        thought.position,
        thought.tool,
        thought.thought if full else None,
        thought.tool_input if full else None,
        thought.observation if full else None,
    )


def _calls(message: Message) -> Iterator[ModelCall]:
    """Each model, and after it the tools that it asked for: these worked until the next model was asked."""
    calls = sorted(message.calls, key=lambda call: call.at)
    tools = [thought.tool for thought in message.thoughts]
    if len(tools) > len(calls):  # of a step no model is known
        tools = []
    for number, call in enumerate(calls):
        yield _call(call, message.error)
        tool = tools[number] if number < len(tools) else ""
        ended = call.at + call.usage.latency
        until = calls[number + 1].at if number + 1 < len(calls) else _end(message)
        if tool and until is not None:
            yield ModelCall(tool, None, ended, max(0.0, until - ended), None, None, None, None)


def _end(message: Message) -> float | None:
    return None if message.took is None else message.created_at + message.took


def _call(call: Asked, why: str | None) -> ModelCall:
    return ModelCall(
        label=call.model,
        model=call.model,
        started_at=call.at,
        elapsed_time=call.usage.latency,
        time_to_first_token=call.usage.time_to_first_token,
        total_tokens=call.usage.total_tokens,
        total_price=plain(call.usage.total_price),
        error=(why or "The model failed.") if call.failed else None,
    )
