"""The word of this process that it lives, and its eye on those that do not any more. Knows no store and no run."""

import contextlib

from parlour.domain.ids import Clock
from parlour.domain.problems import Problem
from parlour.ports.replicas import Replicas

SECONDS = 10.0
"""For how long a process counts as alive that has said nothing since."""


class Lease:
    def __init__(self, replicas: Replicas, now: Clock) -> None:
        self._replicas = replicas
        self._now = now
        self._last = 0.0
        self._since = 0.0
        """Since when this process has renewed its lease again and again."""
        self._owed = False
        """Whether others were gone, and nobody has said yet that what they left is taken care of."""

    async def renew(self) -> bool:
        """To be called every few seconds. Whether others are gone, so that their runs must be swept; until `swept`.

        Where the database was away nobody could say that he lives: so only one who could for as long as a lease lasts
        may judge others. One that is alone says it once: nobody would hear it, and each word wakes the disk.
        """
        now = self._now()
        if self._replicas.alone and self._last:
            return False
        if not 0 <= now - self._last <= SECONDS / 2:
            self._since = now
        self._owed |= await self._replicas.renew(SECONDS, bury=now - self._since >= SECONDS)
        self._last = now
        return self._owed

    def swept(self) -> None:
        """What others left is taken care of."""
        self._owed = False

    async def leave(self) -> None:
        with contextlib.suppress(Problem):  # where the word cannot be given, the lease ends by itself
            await self._replicas.leave()
