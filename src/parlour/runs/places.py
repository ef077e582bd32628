"""How many runs an app has at a time: in this process, and in all of them where they count together.

Does not know what a run is. A place that was taken elsewhere is renewed beside the runs: it comes back a lease after
its process has died.
"""

import asyncio
import contextlib
from collections import Counter
from contextlib import ExitStack

from parlour.domain.problems import TooManyRequests
from parlour.ports.limits import LEASE, Held
from parlour.runs.sharing import Sharing


class Places:
    def __init__(self, sharing: Sharing) -> None:
        self._sharing = sharing
        self._here: Counter[str] = Counter()
        self._held: set[Held] = set()
        """Those that other processes know of, or will."""
        self._left: list[Held] = []
        """Those of which they do not know yet that they are free."""
        self._turn = asyncio.Lock()
        """Told in the order in which it happens: what was just left must not stand in its own app's way."""
        self._changed = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None

    def check(self, app_id: str, allowed: int) -> None:
        """Return if there is one free in this process; 0 are any number.

        Raises:
            TooManyRequests: there is none.
        """
        if allowed and self._here[app_id] >= allowed:
            raise refused(allowed)

    async def look(self, app_id: str, allowed: int) -> None:
        """Return if there is one free now in all processes, before more is asked.

        Raises:
            TooManyRequests: there is none.
        """
        if not allowed or self._sharing.alone:
            return
        async with self._turn:
            await self._tell_left()
            free = await self._sharing.ask(lambda limits: limits.free(app_id, allowed))
        if free is False:
            raise refused(allowed)

    async def take(self, app_id: str, task_id: str, allowed: int) -> None:
        """Take one, until it is left.

        Raises:
            TooManyRequests: there is none free.
        """
        self.check(app_id, allowed)
        place = Held(app_id, task_id)
        with ExitStack() as undo:
            self._here[app_id] += 1
            undo.callback(self.leave, app_id, task_id)
            if allowed and not self._sharing.alone:
                async with self._turn:
                    await self._tell_left()
                    free = await self._sharing.ask(lambda limits: limits.enter(place, allowed))
                if free is False:
                    raise refused(allowed)
                self._hold(place)
            undo.pop_all()

    def add(self, app_id: str, task_id: str, allowed: int) -> None:
        """Take one whether it is free or not: who was let in once."""
        self._here[app_id] += 1
        if allowed and not self._sharing.alone:
            self._hold(Held(app_id, task_id))

    def leave(self, app_id: str, task_id: str) -> None:
        self._here[app_id] -= 1
        place = Held(app_id, task_id)
        if place in self._held:
            self._held.remove(place)
            self._left.append(place)
            self._changed.set()

    async def close(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
        async with self._turn:
            await self._tell_left()

    def _hold(self, place: Held) -> None:
        self._held.add(place)
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew(), name="renewing of places")

    async def _renew(self) -> None:
        """Hold on to what is held, for as long as something is."""
        try:
            while self._held or self._left:
                async with self._turn:
                    await self._tell_left()
                    await self._sharing.ask(lambda limits: limits.stay(tuple(self._held), ()))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LEASE / 3):
                        await self._all_told()
        finally:
            self._renewing = None

    async def _all_told(self) -> None:
        """Tell what is left as it is left."""
        while self._held or self._left:
            self._changed.clear()
            async with self._turn:
                await self._tell_left()
            if self._held:
                await self._changed.wait()

    async def _tell_left(self) -> None:
        """Where it cannot be told, the places are free a lease later."""
        left, self._left = self._left, []
        if left:
            await self._sharing.ask(lambda limits: limits.stay((), left))


def refused(allowed: int) -> TooManyRequests:
    return TooManyRequests(f"Too many requests. This app answers {allowed} at a time; please try again shortly.")
