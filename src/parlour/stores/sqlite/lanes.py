"""Threads that empty a queue in groups, for whoever waits on an event loop. Knows no SQL and no database.

A thread costs most where it takes turns with the event loop: so one that wakes takes all that waits, and wakes the
loop once for all of it. For a look-up by many callers at once that is a third of what an executor takes.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from msgspec import Struct

from parlour.domain.problems import InternalError, ShuttingDown


class Unit(Struct):
    """A piece of work, and who waits for it."""

    joint: Callable[[Any, list[Any]], Sequence[Any]]
    """What to do with this row and those of others."""
    row: object
    waiting: asyncio.Future[Any]


class Outcome(Struct):
    """What became of a unit."""

    waiting: asyncio.Future[Any]
    result: object = None
    error: BaseException | None = None


Run = Callable[[list[Unit]], list[Outcome]]


class Lane:
    """A queue and its threads, one for each `run`. Every unit that it takes is answered."""

    def __init__(self, name: str, runs: Sequence[Run], largest: int) -> None:
        self._largest = largest
        self._queue: SimpleQueue[Unit | None] = SimpleQueue()
        """Ends with None, which stays there for the next thread to find."""
        self._over = False
        self._threads = [threading.Thread(target=self._empty, args=(run,), name=name, daemon=True) for run in runs]
        for thread in self._threads:
            thread.start()

    def put(self, unit: Unit) -> None:
        if self._over:
            raise ShuttingDown
        self._queue.put(unit)

    def end(self) -> None:
        """Take no more; what is queued will be done."""
        self._over = True
        self._queue.put(None)

    def wait(self) -> None:
        """Until all is done, after `end`."""
        for thread in self._threads:
            thread.join()

    def _empty(self, run: Run) -> None:
        group: list[Unit] = []
        try:
            while group := self._gather():
                deliver(run(group))
        finally:
            # With units in hand only through a mistake in one. The thread is lost, but nobody may wait for ever.
            while group:
                self._over = True
                deliver([Outcome(unit.waiting, error=InternalError()) for unit in group])
                group = self._waiting(self._largest)

    def _gather(self) -> list[Unit]:
        """All that waits, but at least one unit; nothing once the end is reached."""
        first = self._queue.get()
        if first is None:
            self._queue.put(None)
            return []
        return [first, *self._waiting(self._largest - 1)]

    def _waiting(self, limit: int) -> list[Unit]:
        found: list[Unit] = []
        with contextlib.suppress(Empty):
            while len(found) < limit:
                unit = self._queue.get_nowait()
                if unit is None:
                    self._queue.put(None)
                    break
                found.append(unit)
        return found


def deliver(outcomes: list[Outcome]) -> None:
    """Wake each event loop once for the whole group."""
    loops: dict[asyncio.AbstractEventLoop, list[Outcome]] = {}
    for outcome in outcomes:
        loops.setdefault(outcome.waiting.get_loop(), []).append(outcome)
    for loop, own in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(settle, own)


def settle(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.waiting.done():  # given up meanwhile
            continue
        if outcome.error is None:
            outcome.waiting.set_result(outcome.result)
        else:
            outcome.waiting.set_exception(outcome.error)
