"""Runs of other processes, as if they were here: read, stopped, forgotten. Knows no store and no wire.

What a run says goes into its log, and nothing waits for anything else: what is new there is told to the others a few
times a second, all runs together. Who reads a run of another process reads a log that is filled from there.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial

from msgspec import Struct

from parlour.domain.events import AnyEvent, RunFinished, WorkflowPaused
from parlour.domain.ids import NIL
from parlour.domain.message import Owner
from parlour.domain.problems import InternalError, Problem
from parlour.domain.record import Record
from parlour.ports.bus import LEASE, Bus, Carried, Forget, GoesOn, News, Stop
from parlour.runs.beside import Beside
from parlour.runs.log import Reader, RunLog
from parlour.runs.resumptions import Resumptions
from parlour.runs.run import Run
from parlour.runs.start import Runs

log = logging.getLogger(__name__)

PAUSE = 0.02
"""Seconds between two tellings, while runs go on here."""
SOUGHT = (2, 10)
"""For how many such pauses a run is waited for that others have not told of."""
AFTER_FAILURE = 1.0
TAKEN_UP = 20.0
"""Seconds in which a durable run, whose process has died, goes on elsewhere, if it does."""
DEAD = "The server that was answering this was stopped."


class Told(Struct, eq=False):
    """A run of this process, and how much of it the others know."""

    run: Run
    position: int = 0
    told_at: float | None = None
    """When they last heard of it, if they have."""
    called: bool = False
    """Whether those who waited for it have been told that it goes on."""

    def news(self, now: float, *, held: bool = False) -> News | None:
        """What the others do not know; nothing, if they have heard of it not long ago."""
        run = self.run
        events = (*run.log.events[self.position :], *(run.held if held else ()))
        if not events and self.told_at is not None and now - self.told_at < LEASE / 3:
            return None
        return News(Carried(run.ids, run.owner, run.mode, run.resumed_at, run.durable), self.position, events)

    def heard(self, news: News, now: float) -> None:
        self.position, self.told_at = news.position + len(news.events), now

    def lost(self) -> None:
        """They know nothing of it any more."""
        self.position, self.told_at = 0, None


class Relay:
    """The runs of all processes. Without a bus this one is alone."""

    def __init__(self, runs: Runs, resumptions: Resumptions, bus: Bus | None, pause: float = PAUSE) -> None:
        self._runs = runs
        self._resumptions = resumptions
        self._bus = bus
        self._pause = pause
        self._told: dict[str, Told] = {}
        self._telling: asyncio.Task[None] | None = None
        self._mirrors: dict[str, Run] = {}
        """Runs of others that are read here, until their end."""
        self._beside = Beside()
        self._closing = False
        self._failed = False
        """Whether others could not be told last."""
        if bus is not None:
            runs.begun = partial(self._carry, bus)
            runs.earlier = partial(self._earlier, bus)
            runs.tell = partial(self._tell_of, bus)
            self._beside.do(self._obey(bus))

    async def find(self, task_id: str, owner: Owner) -> Run | None:
        """A run of this owner that goes on or ended not long ago, wherever it does.

        Raises:
            StoreUnavailable: it is not here, and the others cannot be asked.
        """
        run = self._runs.of_app(task_id, owner.app_id)
        if self._bus is not None and run is None:
            run = await self._sought(self._bus, task_id)
        elif self._bus is not None and run is not None and run.log.finished and run.record.status == "paused":
            run = await self._further(self._bus, run)
        return run if run is not None and run.owner == owner else None

    async def stop(self, app_id: str, task_id: str, user: str | None = None) -> None:
        """End a run that goes on, or waits, by its task; nothing if there is none, or it is another user's."""
        if not await self._resumptions.stop(app_id, task_id, user) and self._bus is not None:
            await self._bus.send(Stop(app_id, task_id, user))

    async def forget(self, gone: str) -> None:
        """Let nobody find the runs of a conversation that was deleted, or the run of a task; those that go on end."""
        self._runs.forget(gone)
        if self._bus is not None:
            await self._bus.send(Forget(gone))

    async def check(self) -> None:
        """Return if the others can be reached, or there are none.

        Raises:
            StoreUnavailable: they cannot.
        """
        if self._bus is not None:
            await self._bus.find(NIL)

    async def close(self) -> None:
        """Tell the last words of the runs of this process, all of which have ended; try it once where that fails."""
        self._closing = True
        if self._telling is not None:
            await self._telling
        await self._beside.cancel()

    def _carry(self, bus: Bus, run: Run) -> None:
        """A run goes on here from now on."""
        self._told[run.ids.task_id] = Told(run)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell(bus), name="telling of runs")

    async def _tell(self, bus: Bus) -> None:
        """Tell what is new until all is told."""
        try:
            while self._told and not (self._failed and self._closing):
                await asyncio.sleep(AFTER_FAILURE if self._failed else self._pause)
                self._failed = not await self._tell_once(bus, warn=not self._failed)
        finally:
            self._telling = None

    async def _tell_of(self, bus: Bus, run: Run) -> None:
        """Tell at once what is new of this run, before it is in its log; with the others, where that fails."""
        told = None if self._failed else self._told.get(run.ids.task_id)
        news = None if told is None else told.news(asyncio.get_running_loop().time(), held=True)
        if told is not None and news is not None:
            with contextlib.suppress(Problem):
                if not await bus.put([news]):
                    told.heard(news, asyncio.get_running_loop().time())

    async def _tell_once(self, bus: Bus, *, warn: bool) -> bool:
        now = asyncio.get_running_loop().time()
        found = [(told, news) for told in self._told.values() if (news := told.news(now)) is not None]
        try:
            found = [(told, news) for told, news in found if not await self._elsewhere(bus, told)]
            lost = await bus.put([news for _, news in found]) if found else set[str]()
        except Problem as problem:
            if warn:
                log.warning("other processes are not told of the runs of this one: %s", problem)
            return False
        for told, news in found:
            task_id = news.run.ids.task_id
            if task_id in lost:
                told.lost()
                continue
            told.heard(news, now)
            if told.run.resumed_at is not None and not told.called:
                told.called = True
                self._beside.do(self._call(bus, told.run))
            over = told.run.log.finished and told.position == len(told.run.log)
            if over and self._told[task_id] is told:  # it may go on again since
                del self._told[task_id]
        return True

    async def _elsewhere(self, bus: Bus, told: Told) -> bool:
        """Whether a run that was laid aside here before anybody was told of it goes on elsewhere by now."""
        run = told.run
        if told.position or not run.log.finished or run.record.status != "paused":
            return False
        other = await bus.find(run.ids.task_id)
        if other is None or other.run.resumed_at == run.resumed_at:
            return False
        del self._told[run.ids.task_id]
        return True

    async def _sought(self, bus: Bus, task_id: str) -> Run | None:
        """A run of another process, which may have begun a moment ago: its client knows of it before we do."""
        run = await self._mirror(bus, task_id)
        for pauses in SOUGHT:
            if run is None:
                await asyncio.sleep(pauses * self._pause)
                run = await self._mirror(bus, task_id)
        return run

    async def _further(self, bus: Bus, run: Run) -> Run:
        """A run that was laid aside here, as it went on elsewhere, if it has and others can be asked."""
        with contextlib.suppress(Problem):
            other = await self._mirror(bus, run.ids.task_id)
            if other is not None and other.resumed_at != run.resumed_at:
                return other
        return run

    async def _call(self, bus: Bus, run: Run) -> None:
        """Those who wait for it in other processes can read it now."""
        try:
            await bus.send(GoesOn(run.ids.workflow_run_id, run.ids.task_id))
        except Problem as problem:
            log.warning("other processes are not told that a run goes on: %s", problem)

    async def _hear(self, bus: Bus, signal: GoesOn) -> None:
        """A run goes on that somebody may wait for here."""
        try:
            await bus.find(signal.task_id)  # whoever has just looked for it, and not found it, waits by then
            run = self._resumptions.awaited(signal.run_id) and await self._mirror(bus, signal.task_id)
        except Problem as problem:
            log.warning("a run of another process goes on and cannot be read: %s", problem)
        else:
            if run:
                self._resumptions.goes_on(signal.run_id, run)

    async def _mirror(self, bus: Bus, task_id: str) -> Run | None:
        """A run of another process, as it is read here: with all that it has told by now."""
        found = await bus.find(task_id)
        if found is None:
            return None
        told, run = found.run, self._mirrors.get(task_id)
        if run is None or run.resumed_at != told.resumed_at:  # else it was laid aside, and goes on
            run = Run(told.ids, told.owner, told.mode, None, RunLog(), Record(), resumed_at=told.resumed_at)
            self._mirrors[task_id] = run
            self._beside.do(self._fill(run, bus, durable=told.durable))
        reader = Reader(run.log)
        while len(run.log) < found.length and not run.log.finished:
            await reader.next()
        return run

    async def _earlier(self, bus: Bus, task_id: str, own: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        """What a run has told before it is taken up here; `own`: what it told while it was here."""
        told: list[AnyEvent] = []
        try:
            found = await bus.find(task_id)
            if found is None or found.length <= len(own):
                return own
            async with aclosing(bus.read(task_id)) as events:
                async for some in events:
                    told += some
                    if len(told) >= found.length:
                        break
        except Problem as problem:
            log.warning("what a run has told in another process cannot be read: %s", problem)
        return told if len(told) > len(own) else own

    async def _fill(self, run: Run, bus: Bus, *, durable: bool) -> None:
        """Say here what a run says in its own process; in the one that takes it up, if that dies."""
        clock = asyncio.get_running_loop().time
        try:
            over = await self._hear_out(run, bus)
            until = clock() + (TAKEN_UP if durable else 0)
            while not over and clock() < until:
                await asyncio.sleep(SOUGHT[-1] * self._pause)
                over = await self._hear_out(run, bus)
        except Problem as problem:
            log.warning("a run of another process cannot be read on: %s", problem)
        finally:
            if self._mirrors.get(run.ids.task_id) is run:
                del self._mirrors[run.ids.task_id]
        if not run.log.finished:
            run.say(RunFinished("failed", InternalError(DEAD)))

    async def _hear_out(self, run: Run, bus: Bus) -> bool:
        """What it says and was not heard yet; whether it has ended."""
        at, over = 0, False
        async with aclosing(bus.read(run.ids.task_id)) as events:
            async for some in events:
                for event in some[max(0, len(run.log) - at) :]:
                    if isinstance(event, WorkflowPaused):
                        run.record.paused = event
                    run.say(event)
                at, over = at + len(some), isinstance(some[-1], RunFinished)
        return over

    async def _obey(self, bus: Bus) -> None:
        """Do what others ask, for as long as this process lives."""
        while True:
            try:
                async with aclosing(bus.signals()) as signals:
                    async for signal in signals:
                        match signal:
                            case Stop():
                                await self._resumptions.stop(signal.app_id, signal.task_id, signal.user)
                            case Forget():
                                self._runs.forget(signal.conversation_id)
                            case GoesOn():
                                self._beside.do(self._hear(bus, signal))
            except Problem as problem:
                log.warning("what other processes ask is not heard: %s", problem)
                await asyncio.sleep(AFTER_FAILURE)
