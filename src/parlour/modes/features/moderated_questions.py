"""The stage before a mode: what is asked is let through, reworded, or answered in the mode's place (dsl.md 9.4).

Knows no model and no graph: where the answer is fixed, none of them begins.
"""

from contextlib import aclosing
from typing import Any

from msgspec import structs

from parlour.domain.app import EasyApp, Moderation
from parlour.domain.events import Intercepted, TextDelta
from parlour.domain.turn import Turn
from parlour.modes.features.fixed import pieces
from parlour.modes.features.stage import Events, Mode
from parlour.modes.features.verdict import Verdict, verdict
from parlour.ports import Ports

Scalar = str | int | float | bool


async def screened(mode: Mode, rule: Moderation, turn: Turn[Any], ports: Ports) -> Events:
    """The events of the mode, for questions that are let through.

    Raises:
        ProviderNotInitialized, ModerationFailed: nobody decides; the mode does not begin.
    """
    ports.moderation.check(rule)
    found = await judged(turn, rule, ports)
    if found is not None and found.instead is not None:
        for piece in pieces(found.instead):
            yield TextDelta(piece)
        yield Intercepted("Stopped by input moderation.")
        return
    async with aclosing(mode(turn if found is None else reworded(turn, found), ports)) as events:
        async for event in events:
            yield event


async def judged(turn: Turn[Any], rule: Moderation, ports: Ports) -> Verdict | None:
    """What is decided of the query and of all that stands in the form; nobody looks into its files."""
    inputs = {name: value for name, value in turn.ask.inputs.items() if isinstance(value, Scalar)}
    texts = [*map(str, inputs.values()), turn.ask.query]
    params: dict[str, object] = {"app_id": turn.app.card.id, "inputs": inputs, "query": turn.ask.query}
    return await verdict(rule, rule.inputs, texts, "app.moderation.input", params, ports)


def reworded(turn: Turn[Any], found: Verdict) -> Turn[Any]:
    """The turn in an extension's words. A graph is asked what its user has asked (dsl.md 9.4)."""
    ask, ruling = turn.ask, found.ruling
    if not isinstance(turn.app, EasyApp):
        return turn
    inputs = {name: value for name, value in ruling.inputs.items() if isinstance(ask.inputs.get(name), Scalar)}
    return structs.replace(turn, ask=structs.replace(ask, query=ruling.query, inputs={**ask.inputs, **inputs}))
