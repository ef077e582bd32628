"""An agent whose model asks for tools in plain text, as any model can (dsl.md 8.4). Knows no tool and no wire."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec
from msgspec import structs

from parlour.domain.events import ModelCalled, ModelFinished
from parlour.llm.calling import without_pictures
from parlour.llm.exchange import Tags, converse
from parlour.llm.growth import Growth
from parlour.llm.react_text import GO_ON, OBSERVATION, Action, Reading, instructed
from parlour.llm.stepping import stepwise
from parlour.llm.steps import Agent, Began, Chose, Move, Spoke, Used
from parlour.llm.thoughts import without_thoughts
from parlour.llm.using import given
from parlour.ports import Ports
from parlour.ports.models import Call, Line, Sealed, Text, Thinking, ToolCall


def reacting(agent: Agent, ports: Ports) -> AsyncGenerator[Move, None]:
    """As `stepwise`; a final answer asks for no tool."""
    model = structs.replace(agent.model, stop=(OBSERVATION, *agent.model.stop))
    steps: list[tuple[Chose, Used]] = []
    growth = Growth(agent, ports)

    async def ask(*, last: bool) -> Call:
        prompt = prompted(agent, steps, last=last)
        if steps and (over := await growth.over(prompt)) > 0:
            texts = await growth.texts([used.text for _, used in steps], over)
            steps[:] = [
                (said, structs.replace(used, text=text)) for (said, used), text in zip(steps, texts, strict=True)
            ]
            prompt = prompted(agent, steps, last=last)
        return Call(model, prompt)

    def learn(chosen: Chose, used: tuple[Used, ...]) -> None:
        steps.extend((chosen, one) for one in used)  # there is one

    return stepwise(agent, ports, ask, step, learn)


def prompted(agent: Agent, steps: Sequence[tuple[Chose, Used]], *, last: bool) -> tuple[Line, ...]:
    """What the model is asked: how to ask for tools, the past, the question, and the steps so far."""
    lines = agent.lines
    instruction = lines[0].text if lines and lines[0].role == "system" else ""
    asked = lines[1:] if instruction else lines
    tools = () if last else tuple(offer.tool for offer in agent.offers)
    system = instructed(agent.scaffold, instruction, tools)
    head = (Line("system", system),) if tools or instruction or last else ()
    if not steps:
        return (*head, *asked)
    scratch = [told(said.text, used) for said, used in steps]
    return (*head, *without_pictures(asked), Line("assistant", "\n\n".join(scratch)), Line("user", GO_ON))


async def step(call: Call, position: int, ports: Ports) -> AsyncGenerator[Move, None]:
    """One exchange. Its last move is `Chose`."""
    reading, tags, parts = Reading(), Tags(), list[str]()
    begun = False
    async with aclosing(converse(call, ports)) as heard:
        async for said in heard:
            match said:
                case Thinking():
                    text = tags.put(said)
                case Text():
                    text = tags.put(Text("")) + reading.feed(said.text)
                case ModelFinished():
                    text = tags.end() + reading.end()
                    if reading.action is not None and reading.action.final:
                        text += reading.action.text
                case ModelCalled() | ToolCall() | Sealed():
                    text = ""
            if not begun and not isinstance(said, ModelCalled | Sealed):
                begun = True
                yield Began(position)
            if text:
                parts.append(text)
                yield Spoke(text)
            if isinstance(said, ModelCalled | ModelFinished):
                yield said
    final = reading.action.text if reading.action is not None and reading.action.final else ""
    yield Chose("".join(parts), calls_of(reading.action, position), final=final)


def calls_of(action: Action | None, position: int) -> tuple[ToolCall, ...]:
    if action is None or action.final:
        return ()
    return (ToolCall(f"step_{position}", action.name, action.text),)


def told(thought: str, used: Used) -> str:
    """A step as the model is shown it again."""
    action = {"action": used.call.name, "action_input": given(used.call)}
    written = msgspec.json.encode(action).decode()
    return f"Thought: {without_thoughts(thought)}\n\nAction:\n```json\n{written}\n```\n{OBSERVATION}: {used.text}"
