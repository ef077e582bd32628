"""An agent whose model asks for tools in its provider's own way (dsl.md 8.4). Knows no provider, tool or wire."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from msgspec import structs

from parlour.domain.events import ModelCalled, ModelFinished
from parlour.llm.exchange import Tags, converse
from parlour.llm.growth import Growth
from parlour.llm.stepping import stepwise
from parlour.llm.steps import Agent, Began, Chose, Move, Spoke, Used
from parlour.llm.thoughts import without_thoughts
from parlour.llm.window import in_words
from parlour.ports import Ports
from parlour.ports.models import Call, Line, Sealed, Text, Thinking, ToolCall


def calling(agent: Agent, ports: Ports) -> AsyncGenerator[Move, None]:
    """As `stepwise`."""
    lines, tools = list(agent.lines), tuple(offer.tool for offer in agent.offers)
    growth = Growth(agent, ports)

    async def ask(*, last: bool) -> Call:
        sent = () if last else tools
        if len(lines) > len(agent.lines):
            lines[:] = await growth.lines(lines, sent)
        return Call(agent.model, tuple(lines), tools=sent)

    def learn(chosen: Chose, used: tuple[Used, ...]) -> None:
        said = Line("assistant", without_thoughts(chosen.text), tool_calls=chosen.calls, sealed=chosen.sealed)
        seen = (Line("tool", one.text, tool_call_id=one.call.id) for one in used)
        lines[:] = (*without_pictures(lines), said, *seen)

    return stepwise(agent, ports, ask, step, learn)


async def step(call: Call, position: int, ports: Ports) -> AsyncGenerator[Move, None]:
    """One exchange. Its last move is `Chose`."""
    tags, parts, calls, sealed = Tags(), list[str](), list[ToolCall](), list[str]()
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
                case Sealed():
                    sealed.append(said.data)
                case ModelFinished():
                    if closing := tags.end():
                        parts.append(closing)
                        yield Spoke(closing)
                    yield said
    if not begun:
        yield Began(position)
    yield told_apart(Chose("".join(parts), tuple(calls), tuple(sealed)), call.lines)


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
    return tuple(structs.replace(line, text=in_words(line), images=()) if line.images else line for line in lines)
