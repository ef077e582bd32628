"""The stage behind a mode: an answer is looked at while it is made, and once more at its end (dsl.md 9.4).

A client is ahead of that by less than `BUFFER` characters. What is not let through is replaced as a whole, and the
mode is closed. Knows no model and no graph.
"""

import asyncio
import logging
from contextlib import aclosing
from typing import Any

from msgspec import Struct, structs

from parlour.domain.app import Moderation
from parlour.domain.events import (
    AgentTextDelta,
    AnswerFinished,
    AnswerReplaced,
    AnyEvent,
    Intercepted,
    Retracted,
    Suspended,
    TextDelta,
    WorkflowFinished,
)
from parlour.domain.problems import ModerationFailed, Problem
from parlour.domain.turn import Turn
from parlour.modes.features.stage import Events
from parlour.modes.features.verdict import Verdict, verdict
from parlour.ports import Ports

log = logging.getLogger(__name__)
BUFFER = 300
"""Characters (contract 6.3)."""
PATIENCE = 1.0
"""Seconds that a stop may take."""
REASON = "output_moderation"
Text = TextDelta | AgentTextDelta


async def moderated(events: Events, rule: Moderation, turn: Turn[Any], ports: Ports) -> Events:
    """The same events, as far as the answer is let through.

    Raises:
        ProviderNotInitialized: nobody could be asked, and nothing is said.
    """
    ports.moderation.check(rule)
    answer = Answer(rule, turn.app.card.id, ports, [turn.said])
    try:
        async with aclosing(events) as said:
            async for event in said:
                found = await answer.hear(event)
                if found is not None:
                    yield AnswerReplaced(answer.text, REASON)
                    if found.instead is not None and not isinstance(event, AnswerFinished):
                        unsaid = event.text if isinstance(event, Text) else ""
                        yield Intercepted("Stopped by output moderation.", unsaid)
                        return
                if found is None or not isinstance(event, Text):
                    yield answer.retold(event)
    except (asyncio.CancelledError, Problem):  # it was stopped, or has failed: what is kept of it is looked at as well
        if await answer.judged_soon():
            yield AnswerReplaced(answer.text, REASON)
        raise


class Answer(Struct):
    """What is said so far, and how much of it was looked at."""

    rule: Moderation
    app_id: str
    ports: Ports
    parts: list[str]
    fresh: int = 0
    """Characters that nobody has looked at."""
    failed: bool = False
    replaced: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)

    async def hear(self, event: AnyEvent) -> Verdict | None:
        """What is decided of all that is said with this event, if it is time for that; `text` is what is left then."""
        if isinstance(event, Text):
            self.parts.append(event.text)
            self.fresh += len(event.text)
            if self.fresh < BUFFER or self.failed:
                return None
        elif isinstance(event, Retracted):
            self.parts = [self.text[: -event.characters]]
            return None
        elif not (isinstance(event, AnswerFinished | Suspended) and self.fresh):
            return None
        return await self.judged()

    async def judged_soon(self) -> Verdict | None:
        """What is decided at the end of one that is cut off, where that takes no longer than a stop may."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.judged() if self.fresh else None
        except TimeoutError:
            log.warning("an answer of app %s was not moderated: there was no time", self.app_id)
            return None

    async def judged(self) -> Verdict | None:
        """What is decided of all of it; where that is not let through, `text` is what is left."""
        found = await self._verdict()
        if found is not None:
            self.parts = [found.ruling.text if found.instead is None else found.instead]
            self.replaced = True
        return found

    async def _verdict(self) -> Verdict | None:
        """Where nobody decides it goes on (dsl.md 9.4), and is looked at again only at its end."""
        text = self.text
        self.parts, self.fresh = [text], 0
        params: dict[str, object] = {"app_id": self.app_id, "text": text}
        try:
            return await verdict(self.rule, self.rule.outputs, (text,), "app.moderation.output", params, self.ports)
        except ModerationFailed as problem:
            log.warning("an answer of app %s was not moderated: %s", self.app_id, problem)
            self.failed, self.fresh = True, len(text)
            return None

    def retold(self, event: AnyEvent) -> AnyEvent:
        """The end of a graph, with the answer that is left."""
        if self.replaced and isinstance(event, WorkflowFinished):
            return structs.replace(event, outputs={**(event.outputs or {}), "answer": self.text})
        return event
