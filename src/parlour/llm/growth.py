"""What an agent's tools have said, shortened where its turn grows beyond what the model can hold.

The oldest results give way first, and no further than they must. Knows no tool and no wire.
"""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from parlour.llm.prompt import answer_limit
from parlour.llm.steps import Agent
from parlour.llm.window import Scale, at_most
from parlour.ports import Ports
from parlour.ports.models import Line, Tool

USUAL_ANSWER = 1024
"""Tokens that are left for an answer whose length the app does not limit; at most a quarter of all."""
LEAST = 200
"""Characters of a result: less of it is of no use."""
SHORTENED = "\n… (the rest is left out: it no longer fits)"
LEFT_OUT = "(This result is left out: it no longer fits.)"


class Growth:
    """One turn of an agent, and how much of it there is room for."""

    def __init__(self, agent: Agent, ports: Ports) -> None:
        self._scale = Scale(agent.model, ports.tokens)
        self._room = ports.models.context(agent.model)
        self._limit = answer_limit(agent.model)

    async def over(self, lines: Sequence[Line], tools: Sequence[Tool] = ()) -> int:
        """How many tokens too many the lines are, with the tools that are sent beside them.

        What nobody knows the room of is never too much.
        """
        if self._room is None:
            return 0
        answer = self._limit[1] if self._limit else min(USUAL_ANSWER, self._room // 4)
        budget = self._room - answer
        described = msgspec.json.encode(tools).decode() if tools else ""
        if at_most(lines) + len(described) <= budget:
            return 0
        return await self._scale.weigh(lines) + await self._scale.count(described) - budget

    async def lines(self, lines: Sequence[Line], tools: Sequence[Tool] = ()) -> tuple[Line, ...]:
        """The lines, with results of tools as short as they have to be."""
        over = await self.over(lines, tools)
        if over <= 0:
            return tuple(lines)
        shortened = iter(await self.texts([line.text for line in lines if line.role == "tool"], over))
        return tuple(structs.replace(line, text=next(shortened)) if line.role == "tool" else line for line in lines)

    async def texts(self, texts: Sequence[str], over: int) -> list[str]:
        """Texts of results, oldest first, that many tokens shorter."""
        found = list(texts)
        for whole in (False, True):  # where a part of one was not enough, all of it goes
            for place, text in enumerate(found):
                if over <= 0:
                    return found
                weight = await self._scale.count(text)
                shorter = LEFT_OUT if whole else cut(text, ((weight - over) * 0.9 - 30) / max(weight, 1))
                if len(shorter) < len(text):
                    found[place] = shorter
                    over -= weight - await self._scale.count(shorter)
        return found


def cut(text: str, share: float) -> str:
    """The first part of a text, and that it is one."""
    kept = int(len(text) * share)
    return f"{text[:kept]}{SHORTENED}" if kept >= LEAST else LEFT_OUT
