"""What processes tell each other, within one: for trials of several houses, and for tests. Knows no run's inside."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from parlour.domain.events import AnyEvent, RunFinished
from parlour.ports.bus import Carried, Found, News, Signal


class MemoryBus:
    """One for all houses."""

    def __init__(self) -> None:
        self._runs: dict[str, Carried] = {}
        self._events: dict[str, list[AnyEvent]] = {}
        self._dead: set[str] = set()
        self._changed = asyncio.Condition()
        self._listening: set[asyncio.Queue[Signal]] = set()

    async def put(self, news: Sequence[News]) -> set[str]:
        lost: set[str] = set()
        for one in news:
            task_id = one.run.ids.task_id
            if not one.position:
                self._runs[task_id] = one.run
                self._dead.discard(task_id)
            elif task_id not in self._runs:
                lost.add(task_id)
                continue
            elif self._runs[task_id].resumed_at != one.run.resumed_at:  # it has been taken up elsewhere
                continue
            self._events.setdefault(task_id, [])[one.position :] = one.events
        async with self._changed:
            self._changed.notify_all()
        return lost

    async def lose(self, task_id: str) -> None:
        """As if its process had been killed."""
        self._dead.add(task_id)
        async with self._changed:
            self._changed.notify_all()

    async def find(self, task_id: str) -> Found | None:
        run = self._runs.get(task_id)
        return None if run is None else Found(run, len(self._events[task_id]))

    async def read(self, task_id: str) -> AsyncGenerator[Sequence[AnyEvent], None]:
        position = 0
        while task_id in self._runs:
            some = self._events[task_id][position:]
            position += len(some)
            if some:
                yield some
                if isinstance(some[-1], RunFinished):
                    return
                continue
            if task_id in self._dead:
                return
            async with self._changed:
                await self._changed.wait()

    async def send(self, signal: Signal) -> None:
        for queue in self._listening:
            queue.put_nowait(signal)

    async def signals(self) -> AsyncGenerator[Signal, None]:
        queue = asyncio.Queue[Signal]()
        self._listening.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listening.discard(queue)
