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
    alone: bool = False
    """Whether it takes long: nothing else waits with it for its end."""


class Outcome(Struct):
    """What became of a unit."""

    waiting: asyncio.Future[Any]
    result: object = None
    error: BaseException | None = None


Run = Callable[[list[Unit]], list[Outcome]]


class Lane:
    """A queue and its threads, one for each `run`. Every unit that it takes is answered.

    A mistake in a unit ends its thread, which tells of it as threads do (`threading.excepthook`). Another takes the
    thread's place, and does the units that were in hand again, one by one: the mistaken one fails alone.
    """

    def __init__(self, name: str, runs: Sequence[Run], largest: int) -> None:
        self._name = name
        self._largest = largest
        self._queue: SimpleQueue[Unit | None] = SimpleQueue()
        """Ends with None, which stays there for the next thread to find."""
        self._over = False
        self._threads: list[threading.Thread] = []
        for run in runs:
            self._start(run, [])

    def put(self, unit: Unit) -> None:
        if self._over:
            raise ShuttingDown
        self._queue.put(unit)

    @property
    def queued(self) -> int:
        """About how many wait."""
        return self._queue.qsize()

    def end(self) -> None:
        """Take no more; what is queued will be done."""
        self._over = True
        self._queue.put(None)

    def wait(self) -> None:
        """Until all is done, after `end`."""
        for thread in self._threads:  # one that ends early has put another behind itself by then
            thread.join()

    def _start(self, run: Run, units: list[Unit]) -> None:
        thread = threading.Thread(target=self._empty, args=(run, units), name=self._name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _empty(self, run: Run, alone: list[Unit]) -> None:
        group: list[Unit] = []
        try:
            while group := [alone.pop(0)] if alone else self._gather(alone):
                deliver(run(group))
        finally:
            if len(group) == 1:
                deliver([Outcome(group[0].waiting, error=InternalError())])
                self._start(run, alone)
            elif group:
                self._start(run, group + alone)

    def _gather(self, alone: list[Unit]) -> list[Unit]:
        """All that waits, but at least one unit; nothing once the end is reached.

        As far as the first that is to be alone: it is laid aside for next time. More of them are left to other threads.
        """
        first = self._queue.get()
        if first is None:
            self._queue.put(None)
            return []
        return [first] if first.alone else [first, *self._waiting(self._largest - 1, alone)]

    def _waiting(self, limit: int, alone: list[Unit]) -> list[Unit]:
        found: list[Unit] = []
        with contextlib.suppress(Empty):
            while len(found) < limit:
                unit = self._queue.get_nowait()
                if unit is None:
                    self._queue.put(None)
                    break
                if unit.alone:
                    alone.append(unit)
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
