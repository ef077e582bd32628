"""The append-only events of one run, for any number of readers, from any position; and which logs stay readable.

Does not know what an event means, but that a `RunFinished` is the last one. A reader never slows the run, and a run
never waits for a reader.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from parlour.domain.events import AnyEvent, RunFinished


class Waiting(Protocol):
    """Who wants to know that there is more; told once."""

    def wake(self) -> None: ...


class RunLog:
    """Append on one side, read on the other; both on one event loop."""

    def __init__(self, events: Iterable[AnyEvent] = ()) -> None:
        self.events: list[AnyEvent] = list(events)
        self.finished = False
        self.waiting: set[Waiting] = set()

    def __len__(self) -> int:
        return len(self.events)

    def append(self, event: AnyEvent) -> None:
        self.events.append(event)
        if type(event) is RunFinished:
            self.finished = True
        for reader in self.waiting:
            reader.wake()
        self.waiting.clear()


class Reader:
    """One who reads a log, from a position on; one task at a time."""

    def __init__(self, log: RunLog, position: int = 0) -> None:
        self._log = log
        self._position = min(position, len(log))
        self._waiter: asyncio.Future[None] | None = None

    @property
    def done(self) -> bool:
        """Whether there is nothing left to read, nor ever will be."""
        return self._log.finished and self._position >= len(self._log)

    async def next(self) -> list[AnyEvent]:
        """All events since the last time, as soon as there is one; empty if it is woken before, or `done`."""
        log = self._log
        if self._position == len(log.events) and not log.finished:
            self._waiter = asyncio.get_running_loop().create_future()
            log.waiting.add(self)
            await self._waiter
        events = log.events[self._position :]
        self._position += len(events)
        return events

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Kept:
    """Logs of runs that have ended, by name: at most `seconds` old, and `weight` bytes together.

    The last one stays whatever it weighs. Says which go, and holds none itself.
    """

    def __init__(self, seconds: float, weight: int) -> None:
        self._seconds = seconds
        self._most = weight
        self._weight = 0
        self._ended: deque[tuple[str, int, float]] = deque()

    def __len__(self) -> int:
        return len(self._ended)

    def add(self, name: str, weight: int, now: float) -> Iterator[str]:
        """One more; the ids that go for it."""
        self._ended.append((name, weight, now))
        self._weight += weight
        while len(self._ended) > 1 and self._weight > self._most:
            yield self._drop()
        yield from self.expired(now)

    def expired(self, now: float) -> Iterator[str]:
        """The ids whose time is over."""
        while self._ended and self._ended[0][2] <= now - self._seconds:
            yield self._drop()

    def remove(self, name: str) -> None:
        """It has not ended after all. Nothing, if it is not there."""
        for entry in self._ended:
            if entry[0] == name:
                self._ended.remove(entry)
                self._weight -= entry[1]
                return

    def _drop(self) -> str:
        name, weight, _ = self._ended.popleft()
        self._weight -= weight
        return name
