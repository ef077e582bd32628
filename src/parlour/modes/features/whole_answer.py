"""The stage of new agents: once the answer is complete, all of it is told once more (contract 2.7). Knows no wire."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from msgspec import structs

from parlour.domain.events import AnswerFinished, AnyEvent
from parlour.domain.record import Record
from parlour.domain.turn import Turn
from parlour.modes.features.stage import Mode
from parlour.ports import Ports


def told_whole(mode: Mode) -> Mode:
    async def run(turn: Turn[Any], ports: Ports) -> AsyncGenerator[AnyEvent, None]:
        record = Record()
        async with aclosing(mode(turn, ports)) as events:
            async for event in events:
                record.add(event)
                yield structs.replace(event, whole=record.answer) if isinstance(event, AnswerFinished) else event

    return run
