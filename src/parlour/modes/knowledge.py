"""What an easy app looks up before its model is asked (dsl.md 7). Knows no dataset and no store."""

from collections.abc import Mapping
from contextlib import aclosing

from msgspec import Struct, structs

from parlour.domain.app import EasyApp, Lookup
from parlour.domain.dataset import Condition
from parlour.domain.events import ModelCalled, ModelFinished, TextDelta
from parlour.domain.passages import Hit
from parlour.domain.problems import Problem
from parlour.domain.template import fill
from parlour.domain.turn import Turn
from parlour.llm.exchange import exchange
from parlour.llm.lookup import look_up
from parlour.ports import Ports
from parlour.ports.models import Call


class Looked(Struct):
    """What was found, and what models took on the way."""

    hits: tuple[Hit, ...] = ()
    events: list[ModelCalled | ModelFinished] = []
    problem: Problem | None = None
    """Why nothing could be found; what it took on the way has to be told all the same."""


async def looked_up(turn: Turn[EasyApp], ports: Ports) -> Looked:
    looked, wanted = Looked(), turn.app.lookup
    if wanted is None:
        return looked

    async def ask(call: Call) -> str:
        parts: list[str] = []
        async with aclosing(exchange(call, ports)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    parts.append(event.text)
                else:
                    looked.events.append(event)
        return "".join(parts)

    query = turn.ask.query
    if wanted.query_variable:
        query = str(turn.ask.inputs.get(wanted.query_variable) or "")
    try:
        looked.hits = await look_up(filled(wanted, turn.ask.inputs), query, turn.app.model, ports.knowledge, ask)
    except Problem as problem:
        looked.problem = problem
    return looked


def filled(wanted: Lookup, inputs: Mapping[str, object]) -> Lookup:
    """With the inputs in their places within the conditions on metadata."""
    conditions = tuple(
        structs.replace(one, value=fill(one.value, inputs)) if isinstance(one.value, str) else one
        for one in wanted.settings.filter.conditions
    )
    kept: tuple[Condition, ...] = conditions
    settings = structs.replace(wanted.settings, filter=structs.replace(wanted.settings.filter, conditions=kept))
    return structs.replace(wanted, settings=settings)
