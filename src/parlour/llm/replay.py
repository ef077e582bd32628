"""Earlier turns of an agent as a model is shown them again, tools and all (dsl.md 8.4). Knows no store and no provider.

A turn is kept whole, or not at all: a result without its question is refused by providers.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, cast

import msgspec

from parlour.domain.events import AgentThought
from parlour.domain.turn import Exchange
from parlour.llm.thoughts import without_thoughts
from parlour.llm.window import asked
from parlour.ports.models import Line, ToolCall

Turns = tuple[tuple[Line, ...], ...]
Detail = Literal["high", "low"]
STOPPED = "The tool was stopped before it had answered."


def with_calls(history: Sequence[Exchange], detail: Detail) -> Turns:
    """For models that ask for tools in their provider's own way."""
    return tuple((asked(said, detail), *_lines(said, f"past_{number}")) for number, said in enumerate(history))


def as_text(history: Sequence[Exchange], detail: Detail) -> Turns:
    """For models that ask for tools in plain text."""
    return tuple((asked(said, detail), Line("assistant", _flattened(said))) for said in history)


def _lines(said: Exchange, name: str) -> Iterator[Line]:
    if not said.thoughts:
        yield Line("assistant", said.answer)
    for thought in said.thoughts:
        used = tuple(_used(thought))
        calls = tuple(
            ToolCall(f"{name}_{thought.position}_{place}", tool, arguments)
            for place, (tool, arguments, _) in enumerate(used)
        )
        text = without_thoughts(thought.thought)
        if text or calls:
            yield Line("assistant", text, tool_calls=calls)
        for call, (_, _, seen) in zip(calls, used, strict=True):
            yield Line("tool", seen, tool_call_id=call.id)


def _flattened(said: Exchange) -> str:
    if not any(thought.tool for thought in said.thoughts):
        return said.answer
    parts: list[str] = []
    for thought in said.thoughts:
        text = without_thoughts(thought.thought)
        used = list(_used(thought))
        if not used:
            parts.append(f"Final Answer: {text}")
            continue
        parts.append(f"Thought: {text}")
        for tool, arguments, seen in used:
            action = {"action": tool, "action_input": msgspec.Raw(arguments.encode())}
            parts.append(f"Action: {msgspec.json.encode(action).decode()}\nObservation: {seen}")
    return "\n\n".join(parts)


def _used(thought: AgentThought) -> Iterator[tuple[str, str, str]]:
    """Each tool of a step: its name, its arguments as JSON, and what came of it."""
    names = thought.tool.split(";") if thought.tool else []
    given, seen = list(_object(thought.tool_input).values()), list(_object(thought.observation).values())
    for place, name in enumerate(names):
        arguments = given[place] if place < len(given) else None
        told = seen[place] if place < len(seen) else STOPPED
        yield (
            name,
            msgspec.json.encode(cast("object", arguments) if isinstance(arguments, dict) else {}).decode(),
            told if isinstance(told, str) else msgspec.json.encode(told).decode(),
        )


def _object(text: str) -> dict[str, object]:
    try:
        found: object = msgspec.json.decode(text) if text else {}
    except msgspec.DecodeError:
        found = {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
