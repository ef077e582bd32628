"""Who has been here: end users are written down once, beside the requests that they come with (contract 6.1).

Knows no route and no store.
"""

import asyncio
import logging

from parlour.domain.ids import Clock
from parlour.domain.message import Owner
from parlour.domain.people import EndUser
from parlour.ports.people import People

log = logging.getLogger(__name__)

REMEMBERED = 4096
"""Users that need not be written down again, the latest ones."""


class Guests:
    """End users, noted without waiting for the store."""

    def __init__(self, people: People, now: Clock, *, remembered: int = REMEMBERED, pause: float = 0.0) -> None:
        """`pause`: seconds to gather guests before they are written down, so that many cost one write."""
        self._people = people
        self._now = now
        self._remembered = remembered
        self._pause = pause
        self._known: dict[Owner, None] = {}
        """The one that was seen longest ago is the first."""
        self._waiting: list[EndUser] = []
        self._writing: asyncio.Task[None] | None = None

    def note(self, owner: Owner) -> None:
        """This user has asked for something, and rightly. Costs nothing for one who has been here lately."""
        if owner in self._known:
            del self._known[owner]
            self._known[owner] = None
            return
        self._known[owner] = None
        if len(self._known) > self._remembered:
            del self._known[next(iter(self._known))]
        self._waiting.append(EndUser(owner, self._now()))
        if self._writing is None:
            self._begin()

    async def forget(self, owner: Owner) -> None:
        """This user is to be written down anew, should it come again."""
        await self.settled()
        self._known.pop(owner, None)

    async def find(self, app_id: str, end_user_id: str) -> EndUser | None:
        """One who has been here; None for nobody, and for another app's."""
        await self.settled()
        return await self._people.get(app_id, end_user_id)

    async def settled(self) -> None:
        """Until all who have been noted are written down."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    def _begin(self) -> None:
        self._writing = asyncio.create_task(self._write(), name="end users")
        self._writing.add_done_callback(self._written)

    async def _write(self) -> None:
        """Many at a time: those who come while the disk is busy go together."""
        while self._waiting:
            await asyncio.sleep(self._pause)
            some, self._waiting = self._waiting, []
            await self._people.seen(some)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("end users could not be written down", exc_info=error)
            self._known.clear()  # whoever comes again is tried again
            self._waiting.clear()
        elif self._waiting:
            self._begin()  # somebody came just after the last look
