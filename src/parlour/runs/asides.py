"""What a model is asked beside a run: a conversation's name, questions that may come next.

Knows no run, no store and no wire; how a model is asked is in the functions that it is given.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from msgspec import structs

from parlour.domain.app import App, Model
from parlour.domain.ids import Ids
from parlour.domain.message import Conversation, Owner
from parlour.domain.problems import InvalidParam, NotFound
from parlour.domain.trace import Origin, beside
from parlour.domain.turn import Ask, Exchange
from parlour.ports import Ports

Namer = Callable[[Model, str, Ports], Awaitable[str]]
"""What a conversation that began with this query is to be called; empty where a model has no idea."""

Suggester = Callable[[Model, str, Sequence[Exchange], Ports], Awaitable[tuple[str, ...]]]
"""What may be asked after these turns, by what its author tells the model; nothing where that has no idea."""

Stands = Callable[[], Origin]
"""Where an aside stands in somebody's trace; asked only where that is told."""

Traced = Callable[[App, Origin], Ports]
"""What an aside of this app may reach for that stands there."""

NAMING_LIMIT = 100
OPENING = 20
SHORT = 50
PATIENCE = 30.0
"""Seconds for suggestions: a client draws them below an answer that is long there."""
GONE = "Conversation Not Exists. A conversation belongs to the `user` and the app that it was started with."


class Asides:
    """Each on the app's own model, if its author has named no other for it; an app without one goes without them."""

    def __init__(
        self,
        ports: Ports,
        namer: Namer,
        suggester: Suggester,
        patience: float = PATIENCE,
        traced: Traced | None = None,
    ) -> None:
        self._ports = ports
        self._namer = namer
        self._suggester = suggester
        self._patience = patience
        self._traced = traced

    @property
    def traced(self) -> bool:
        """Whether a collector is told what is asked here, and of runs."""
        return self._traced is not None

    async def name(self, app: App, owner: Owner, ids: Ids, ask: Ask) -> None:
        """Name a run's new conversation by a model, unless it is gone meanwhile, or its user has named it."""
        conversation_id, query = ids.conversation_id, ask.query
        name = await self._named(app, query, partial(beside, ask.trace_id, ids.task_id)) or shortened(query)
        found = await self._ports.conversations.get(owner, conversation_id)
        if found is not None and found.name == opening_name(query):
            await self._ports.conversations.rename(owner, conversation_id, name, self._ports.now())

    async def rename(self, app: App, owner: Owner, conversation_id: str, name: str, stands: Stands) -> Conversation:
        """Give a conversation this name; an empty one asks the app's model for one, and keeps the old if it fails.

        Raises:
            NotFound: it is not there, or another's.
            InvalidParam: a model is to name what has no message yet.
        """
        if not name:
            page = await self._ports.messages.page(owner, conversation_id, "", NAMING_LIMIT)
            if page is not None and not page.items:
                raise InvalidParam("The conversation has no message yet to be named after.")
            name = await self._named(app, page.items[0].query, stands) if page is not None else ""
        conversations = self._ports.conversations
        if name:
            renamed = await conversations.rename(owner, conversation_id, name, self._ports.now())
        else:
            renamed = await conversations.get(owner, conversation_id)
        if renamed is None:
            raise NotFound(GONE)
        return renamed

    async def suggest(self, app: App, exchanges: Sequence[Exchange], stands: Stands) -> tuple[str, ...]:
        """Questions that may come next; none where the model fails or takes too long."""
        said = app.features.suggestions
        if said is None or (model := said.model or own(app.model)) is None:
            return ()
        try:
            async with asyncio.timeout(self._patience):
                return await self._suggester(model, said.prompt, exchanges, self._of(app, stands))
        except TimeoutError:
            return ()

    async def _named(self, app: App, query: str, stands: Stands) -> str:
        """What the app's model would call it; empty where there is no model, or it has no idea."""
        return await self._namer(app.model, query, self._of(app, stands)) if app.model is not None else ""

    def _of(self, app: App, stands: Stands) -> Ports:
        return self._ports if self._traced is None else self._traced(app, stands())


def own(model: Model | None) -> Model | None:
    """An app's model, without what it is asked with for answers."""
    return model and structs.replace(model, parameters={}, stop=())


def opening_name(query: str) -> str:
    """What a conversation is called until it is named (contract 4.4.9)."""
    return query if len(query) <= OPENING else query[:OPENING] + "…"


def shortened(query: str) -> str:
    """What it is called where a model has no idea (contract 4.4.9)."""
    return query if len(query) <= SHORT else query[: SHORT - 3] + "..."
