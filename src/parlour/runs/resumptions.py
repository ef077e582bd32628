"""Runs that were laid aside go on: when their forms are answered, when the time of one is over, when a server starts.

One timer for all of them. Knows no store, no wire and no mode; how the app of a run is found is a function that it is
given. A run is taken up once at a time: who comes meanwhile finds its answer taken up at the next pause.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol

from parlour.domain.app import App
from parlour.domain.problems import FormSubmitted, Problem, RunFailed
from parlour.domain.turn import Submission
from parlour.domain.workflow_run import Form, LaidAside
from parlour.ports import Ports
from parlour.runs.beside import Beside
from parlour.runs.run import Run
from parlour.runs.start import Ending, Runs

log = logging.getLogger(__name__)

Apps = Callable[[str, str], Awaitable[App | None]]
"""The app of this id, in this version; None if it is not served here."""

AT_MOST = 3600.0
"""Seconds between two looks: the clock of the house may be set, the timer's is not."""
AT_LEAST = 0.05
NOBODY = Submission("", {})
"""What a form is answered with whose time is over."""
CUT_OFF = "The server was stopped while this was being answered."
NOT_SERVED = "The app of this run is not served any more."


def submitted(form: Form) -> FormSubmitted:
    return FormSubmitted(f"This form has already been submitted by another user, form_id={form.asked.form_id}")


class Listener(Protocol):
    """Who wants to know that a run goes on."""

    def go_on(self, run: Run | None) -> None:
        """The run, or None: it will not."""
        ...


class Resumptions:
    def __init__(self, runs: Runs, ports: Ports, apps: Apps) -> None:
        self._runs = runs
        self._ports = ports
        self._apps = apps
        self._taking_up: set[str] = set()
        self._listeners: dict[str, set[Listener]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0.0
        self._beside = Beside()
        runs.paused = lambda run: self._beside.do(self._safely(self._look_again(run)))
        runs.at_rest = self._dismiss

    async def begin(self) -> None:
        """Take up what was cut off with the process before, and what could go on since; set the timer."""
        for laid in await self._ports.pauses.interrupted():
            await self._take_up(laid, interrupted=True)
        await self._look()

    async def submit(self, form: Form, submission: Submission) -> None:
        """The answer to a form: kept, and its run goes on.

        Raises:
            FormSubmitted: it has one already.
        """
        if not await self._ports.forms.answer(form.asked.form_id, submission):
            raise submitted(form)
        await self._look_at(form.app_id, form.run_id)

    async def stop(self, app_id: str, task_id: str, user: str | None = None) -> bool:
        """End a run that goes on, or waits, by its task, unless it is another user's. Whether there was one here."""
        run = self._runs.of_app(task_id, app_id)
        if run is not None and not run.log.finished and user in (None, run.owner.user):
            run.stop()
            return True
        laid = await self._ports.pauses.get(app_id, task_id)
        if laid is not None and user in (None, laid.run.owner.user):
            await self._take_up(laid, ending=("stopped", None))
            return True
        return False

    def listen(self, run_id: str, listener: Listener) -> None:
        """Tell it once when that run goes on."""
        if self._runs.closing:
            listener.go_on(None)
        else:
            self._listeners.setdefault(run_id, set()).add(listener)

    def leave(self, run_id: str, listener: Listener) -> None:
        listeners = self._listeners.get(run_id, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(run_id, None)

    def awaited(self, run_id: str) -> bool:
        return run_id in self._listeners

    def goes_on(self, run_id: str, run: Run | None) -> None:
        """Tell those who wait for it; None: it will not go on."""
        for listener in self._listeners.pop(run_id, ()):
            listener.go_on(run)

    async def _look_again(self, run: Run) -> None:
        """A run has just been laid aside: was it answered meanwhile, and when is its time over?"""
        await self._look_at(run.owner.app_id, run.ids.workflow_run_id)
        if run.record.paused is not None:
            self._set_timer(min(form.expiration_time for form in run.record.paused.reasons))

    async def _look_at(self, app_id: str, run_id: str) -> None:
        laid = await self._ports.pauses.get(app_id, run_id)
        if laid is not None and any(form.submission is not None for form in laid.forms):
            await self._take_up(laid)

    async def _look(self) -> None:
        """Take up all whose time has come, and set the timer for the next."""
        pauses, now = self._ports.pauses, self._ports.now()
        for laid in await pauses.due(now):
            for form in laid.forms:
                if form.submission is None and form.asked.expiration_time <= now:
                    await self._ports.forms.answer(form.asked.form_id, NOBODY)
            await self._look_at(laid.run.owner.app_id, laid.run.id)
        soonest = await pauses.soonest()
        if soonest is not None:
            self._set_timer(soonest)

    def _set_timer(self, at: float) -> None:
        if self._runs.closing or (self._timer is not None and self._at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._at = at
        pause = min(max(at - self._ports.now(), AT_LEAST), AT_MOST)
        self._timer = asyncio.get_running_loop().call_later(pause, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._beside.do(self._safely(self._look()))

    async def _take_up(self, laid: LaidAside, ending: Ending | None = None, *, interrupted: bool = False) -> None:
        run_id, owner = laid.run.id, laid.run.owner
        if run_id in self._taking_up or self._runs.closing:
            return
        self._taking_up.add(run_id)
        try:
            app = await self._apps(owner.app_id, laid.run.version)
            if ending is None:
                ending = self._cannot(app, interrupted=interrupted)
            run = await self._runs.resume(app, laid, ending)
            if run is None and await self._ports.workflows.get(owner.app_id, run_id) is not None:
                return  # another process has taken it up, and says so
        finally:
            self._taking_up.discard(run_id)
        self.goes_on(run_id, run)

    def _cannot(self, app: App | None, *, interrupted: bool) -> Ending | None:
        """Why it does not go on, but ends."""
        why = NOT_SERVED if app is None else CUT_OFF if interrupted and not self._runs.durable(app) else ""
        return ("failed", RunFailed(f"Run failed: {why}", reason=why)) if why else None

    async def _safely(self, work: Coroutine[None, None, None]) -> None:
        """A store that cannot be used now is asked again when the timer rings next."""
        try:
            await work
        except Problem as problem:
            log.warning("runs that wait could not be looked at: %s", problem)
            self._set_timer(self._ports.now() + AT_MOST)

    async def _dismiss(self) -> None:
        """No run goes on any more: the server closes."""
        if self._timer is not None:
            self._timer.cancel()
        for listeners in self._listeners.values():
            for listener in tuple(listeners):
                listener.go_on(None)
        self._listeners.clear()
        await self._beside.done()
