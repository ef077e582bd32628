"""The steps of an agent, one after the other, however its model asks for tools. Knows no provider, tool or wire."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from parlour.llm.steps import Agent, Chose, Move, Observed, Used, exhausted
from parlour.llm.using import use
from parlour.ports import Ports
from parlour.ports.models import Call

Step = Callable[[Call, int, Ports], AsyncGenerator[Move, None]]
"""One exchange, at its position from 1. Its last move is `Chose`."""

Learn = Callable[[Chose, tuple[Used, ...]], None]
"""Take up what a step has said, and what its tools came to: the next one is asked with it."""


class Ask(Protocol):
    async def __call__(self, *, last: bool) -> Call:
        """What the next step is asked; the last one may use no tool."""
        ...


async def stepwise(agent: Agent, ports: Ports, ask: Ask, step: Step, learn: Learn) -> AsyncGenerator[Move, None]:
    """Step after step, until the model asks for no more tools.

    Raises:
        InvalidParam: it asks for one when it has had all its rounds.
        Problem: as the port `Models.stream`.
    """
    for position in range(1, agent.rounds + 2):
        last = position > agent.rounds
        chosen = Chose("")
        async with aclosing(step(await ask(last=last), position, ports)) as moves:
            async for move in moves:
                if isinstance(move, Chose):
                    chosen = move
                else:
                    yield move
        if last and chosen.calls:
            raise exhausted(agent.rounds)
        yield chosen
        if not chosen.calls:
            return
        used = await use(chosen.calls, agent, ports)
        yield Observed(used)
        learn(chosen, used)
