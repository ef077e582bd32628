"""An agent whose model asks for tools in its provider's own way (dsl.md 8.4). Knows no provider, tool or wire."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from msgspec import structs

from parlour.domain.events import ModelCalled, ModelFinished
from parlour.llm.exchange import Tags, converse
from parlour.llm.steps import Agent, Began, Chose, Move, Observed, Spoke, exhausted
from parlour.llm.thoughts import without_thoughts
from parlour.llm.using import use
from parlour.ports import Ports
from parlour.ports.models import Call, Line, Text, Thinking, ToolCall


async def calling(agent: Agent, ports: Ports) -> AsyncGenerator[Move, None]:
    """Step after step, until the model asks for no more tools.

    Raises:
        InvalidParam: it asks for one when it has had all its rounds.
        Problem: as the port `Models.stream`.
    """
    lines, tools = agent.lines, tuple(offer.tool for offer in agent.offers)
    for position in range(1, agent.rounds + 2):
        last = position > agent.rounds
        call = Call(agent.model, lines, tools=() if last else tools)
        chosen = Chose("")
        async with aclosing(step(call, position, ports)) as moves:
            async for move in moves:
                if isinstance(move, Chose):
                    chosen = told_apart(move, lines)
                else:
                    yield move
        if last and chosen.calls:
            raise exhausted(agent.rounds)
        yield chosen
        if not chosen.calls:
            return
        used = await use(chosen.calls, agent, ports)
        yield Observed(used)
        said = Line("assistant", without_thoughts(chosen.text), tool_calls=chosen.calls)
        seen = (Line("tool", one.text, tool_call_id=one.call.id) for one in used)
        lines = (*without_pictures(lines), said, *seen)


async def step(call: Call, position: int, ports: Ports) -> AsyncGenerator[Move, None]:
    """One exchange. Its last move is `Chose`."""
    tags, parts, calls = Tags(), list[str](), list[ToolCall]()
    begun = False
    async with aclosing(converse(call, ports)) as heard:
        async for said in heard:
            if not begun and isinstance(said, Text | Thinking | ToolCall):
                begun = True
                yield Began(position)
            match said:
                case ModelCalled():
                    yield said
                case Text() | Thinking():
                    parts.append(tags.put(said))
                    yield Spoke(parts[-1])
                case ToolCall():
                    calls.append(said)
                case ModelFinished():
                    if closing := tags.end():
                        parts.append(closing)
                        yield Spoke(closing)
                    yield said
    if not begun:
        yield Began(position)
    yield Chose("".join(parts), tuple(calls))


def told_apart(chosen: Chose, lines: Iterable[Line]) -> Chose:
    """The calls with ids that no other call of the prompt has: some providers number those of each answer anew."""
    seen = {call.id for line in lines for call in line.tool_calls}
    calls: list[ToolCall] = []
    for call in chosen.calls:
        name = call.id
        while name in seen:
            name = f"{call.id}_{len(seen)}"
        seen.add(name)
        calls.append(call if name == call.id else structs.replace(call, id=name))
    return structs.replace(chosen, calls=tuple(calls))


def without_pictures(lines: Iterable[Line]) -> tuple[Line, ...]:
    """From the second step on a picture is only named: it is paid for once."""
    return tuple(
        structs.replace(line, text="\n".join(["[image]"] * len(line.images) + [line.text]), images=())
        if line.images
        else line
        for line in lines
    )
