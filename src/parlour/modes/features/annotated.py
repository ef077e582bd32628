"""The stage before a mode: what a person has answered is answered so again, and no model is asked (dsl.md 9.5).

Knows no model and no graph: where an annotation answers, none of them begins.
"""

from contextlib import aclosing
from typing import Any

from parlour.domain.annotation import AnnotationUse
from parlour.domain.app import FlowApp
from parlour.domain.citation import AnnotationHit
from parlour.domain.events import Intercepted, TextDelta
from parlour.domain.turn import Turn
from parlour.modes.features.fixed import pieces
from parlour.modes.features.stage import Events, Mode
from parlour.ports import Ports


def annotated(mode: Mode) -> Mode:
    async def run(turn: Turn[Any], ports: Ports) -> Events:
        card, ask = turn.app.card, turn.ask
        found = await ports.replies.answer(card.id, ask.query)
        if found is None:
            async with aclosing(mode(turn, ports)) as events:
                async for event in events:
                    yield event
            return
        known = found.annotation
        await ports.replies.used(
            AnnotationUse(ports.new_id(), known, ask.query, found.score, turn.ids.message_id, ask.user, ports.now())
        )
        for piece in (known.answer,) if isinstance(turn.app, FlowApp) else pieces(known.answer):  # contract 4.5 n
            yield TextDelta(piece)
        # no account stands behind a key: the app itself is named
        yield Intercepted("Stopped by annotation reply.", annotation=AnnotationHit(known.id, card.id, card.name))

    return run
