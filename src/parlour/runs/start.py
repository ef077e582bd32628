"""A run's life: opened in the store, driven to its end, saved, finished. A task of the server, not of a socket.

Knows no mode's inside (a mode is a function that it is given), no store and no wire. Whatever happens, a run ends in
exactly one `RunFinished`, appended after the save: who reads the end of a run finds its row.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack, aclosing
from typing import Any, TypeVar

from msgspec import structs

from parlour.domain.app import App, ChatflowApp, EasyApp
from parlour.domain.claim import Claim, Repeat
from parlour.domain.events import (
    AnswerFinished,
    AnyEvent,
    Intercepted,
    Journaled,
    RunFinished,
    RunStatus,
    Suspended,
    TextDelta,
    WorkflowFinished,
)
from parlour.domain.ids import Ids
from parlour.domain.message import MessageStatus, Owner
from parlour.domain.problems import InternalError, NotFound, Problem, RunFailed, ShuttingDown
from parlour.domain.record import Record
from parlour.domain.turn import Ask, Turn
from parlour.domain.workflow_run import LaidAside, StoredVariable
from parlour.ports import Ports
from parlour.ports.messages import Thread
from parlour.runs import rows
from parlour.runs.asides import GONE, Asides
from parlour.runs.beside import Beside
from parlour.runs.first_word import FirstWord
from parlour.runs.known import Known
from parlour.runs.late import save_late
from parlour.runs.limits import Limits
from parlour.runs.log import Kept, RunLog
from parlour.runs.places import Places
from parlour.runs.reckoning import reckon
from parlour.runs.recording import Recorder
from parlour.runs.run import Observer, Run

log = logging.getLogger(__name__)
Result = TypeVar("Result")

ENDINGS = {AnswerFinished, WorkflowFinished, Suspended, Journaled, Intercepted}
"""Events that are told, or gone on from, only once what they say is saved."""

Mode = Callable[[Turn[Any], Ports], AsyncGenerator[AnyEvent, None]]
"""What an app does with a turn."""

Ending = tuple[RunStatus, Problem | None]

FAILED: tuple[RunStatus, Problem] = ("failed", InternalError())
"""How a run ends by what nobody foresaw."""

HISTORY_LIMIT = 499


class Runs:
    """Every run of this process: those that go on, and the last ones that ended."""

    def __init__(self, ports: Ports, modes: Mapping[str, Mode], asides: Asides, limits: Limits, places: Places) -> None:
        self._ports = ports
        self._modes = modes
        self._asides = asides
        self._limits = limits
        self._runs = Known()
        self._kept = Kept(limits.kept_seconds, limits.kept_bytes)
        self._forgetting: asyncio.TimerHandle | None = None
        self._places = places
        self._beside = Beside()
        self._recorder = Recorder(ports.executions)
        self.closing = False
        self.begun: Callable[[Run], None] = lambda _: None
        """Told of each run that goes on here."""
        self.earlier: Callable[[str, Sequence[AnyEvent]], Awaitable[Sequence[AnyEvent]]] = own
        """Asked what a run has told before it is taken up, here or in another process."""
        self.tell: Callable[[Run], Awaitable[None]] = nobody
        """Asked to tell other processes at once what a run has said, and what it holds."""
        self.observers: list[Observer] = []
        self.paused: Callable[[Run], None] = lambda _: None
        """Told of each run that waits for somebody from now on."""
        self.at_rest: Callable[[], Awaitable[None]] = nothing
        """Asked, when no more runs are taken, to take none up either."""

    async def thread(self, owner: Owner, ask: Ask) -> Thread | None:
        """The conversation that an ask goes on with, up to the message that it follows; None for a new one.

        Raises:
            NotFound: conversation or message is not there, or another's.
        """
        if not ask.conversation_id:
            return None
        thread = await self._ports.messages.thread(owner, ask.conversation_id, HISTORY_LIMIT, ask.parent_id)
        if thread is None:
            raise NotFound(GONE)
        return thread

    async def start(
        self, app: App, ask: Ask, thread: Thread | None, introduction: str, repeat: Repeat | None = None
    ) -> Run:
        """Write the question down, then set the run going. The question is durable when this returns."""
        self.admit(app)
        ports, owner = self._ports, Owner(app.card.id, ask.user)
        now = ports.now()
        # Not before what was said there before: histories go by time, and a clock may be set back.
        at = max(now, thread.conversation.updated_at) if thread else now
        ids = rows.new_ids(app, thread, at, ports.new_id)
        message, flow = rows.message_of(app, ask, ids, at, ports), rows.flow_of(app, ask, ids, now)
        known, number = await self._past(app, owner, thread)
        with ExitStack() as undo:
            await self._places.take(app.card.id, ids.task_id, self._limits.allowed(app.card.name))
            undo.callback(self._places.leave, app.card.id, ids.task_id)
            claim = repeat and Claim(owner, repeat, ids.task_id, ids.message_id or ids.workflow_run_id, now)
            if message is not None:
                conversation = rows.conversation_of(app, message, thread, introduction)
                await ports.messages.open(message, conversation, claim, flow)
            elif flow is not None:
                await ports.workflows.open(flow, claim)
            undo.pop_all()
        turn = Turn(
            app,
            ids,
            ask,
            thread.exchanges if thread else (),
            first=thread is None,
            number=number,
            variables={variable.name: variable.value for variable in known},
            durable=self.durable(app),
        )
        kept = frozenset(variable.id for variable in known)
        run = Run(ids, owner, app.mode, message, RunLog(), Record(), flow, rows.declared(app, known, now), kept)
        run.durable = self.durable(app)
        run.trace_id = ask.trace_id
        self._set_going(run, self._play(run, turn), app)
        if message is not None and turn.first and ask.auto_generate_name:
            name = self._asides.name(app, owner, ids, ask)
            self._beside.do(guard(name, None, "a conversation could not be named", ids))
        return run

    async def resume(self, app: App | None, laid: LaidAside, ending: Ending | None = None) -> Run | None:
        """Set a run going again that was laid aside, with the answers that its forms have; or end it as it is.

        It takes a place, if all are taken one more: it was let in once. Without its app it can only end. None if it is
        gone meanwhile, or goes on elsewhere.
        """
        task_id = laid.run.task_id
        before = self._runs.of_task(task_id)
        told = await self.earlier(task_id, before.log.events if before is not None else ())
        run = await rows.reopen(laid, app, told, self._ports)
        goes_on, durable = ending is None and app is not None, app is not None and self.durable(app)
        if run is None or not await self._ports.pauses.take_up(laid, keep=goes_on and durable):
            return None
        run.durable = durable
        if ending is None and app is not None:
            play = self._play(run, rows.turn_of(run, laid, app, durable=durable))
        else:
            play = at_once(ending or FAILED)
        allowed = 0 if app is None else self._limits.allowed(app.card.name)
        self._places.add(run.owner.app_id, task_id, allowed)
        self._kept.remove(task_id)
        self._set_going(run, play, app)
        return run

    def durable(self, app: App) -> bool:
        return app.card.name in self._limits.durable

    def _set_going(self, run: Run, play: Coroutine[None, None, Ending], app: App | None) -> None:
        run.app = "" if app is None else app.card.name
        self._runs.add(run)
        run.began = self._ports.now()
        run.word = FirstWord(run.log, asyncio.get_running_loop().call_soon, self._ports.now)
        run.task = asyncio.create_task(self._drive(run, play), name=f"run {run.ids.task_id}")
        self.begun(run)
        for observer in self.observers:
            observer.begun(run)

    async def _past(self, app: App, owner: Owner, thread: Thread | None) -> tuple[tuple[StoredVariable, ...], int]:
        """What a chatflow's conversation remembers, and which turn of it this is."""
        if thread is None or not isinstance(app, ChatflowApp):
            return (), 1
        conversation_id, variables = thread.conversation.id, self._ports.variables
        known, turns = await asyncio.gather(variables.read(owner, conversation_id), variables.turns(conversation_id))
        return known or (), turns + 1

    def find(self, name: str, owner: Owner) -> Run | None:
        """A run of this owner that goes on or ended not long ago: by its task, its message or its own id."""
        run = self._runs.of_name(name)
        return run if run is not None and run.owner == owner and not run.forgotten else None

    def of_app(self, task_id: str, app_id: str) -> Run | None:
        """A run of this app that goes on or ended not long ago, whoever's it is."""
        run = self._runs.of_task(task_id)
        return run if run is not None and run.owner.app_id == app_id and not run.forgotten else None

    def forget(self, gone: str) -> None:
        """Let nobody find the runs of a conversation that was deleted, or the run of a task; those that go on end, as
        nothing keeps them."""
        for run in self._runs:
            if gone in (run.ids.conversation_id, run.ids.task_id):
                run.forgotten = True
                run.stop()

    async def close(self, grace: float) -> None:
        """Take no more; let what goes on finish for `grace` seconds, then stop, save and end it."""
        self.closing = True
        await self.at_rest()
        going = [run.task for run in self._runs if run.task is not None and not run.log.finished]
        if going:
            await asyncio.wait(going, timeout=grace)
            for run in self._runs:
                run.stop()
            await asyncio.wait(going)
        if self._forgetting is not None:
            self._forgetting.cancel()
        await self._beside.cancel()
        await self._recorder.settled()
        await self._places.close()

    def admit(self, app: App) -> None:
        """Return if there is a place free for a run of this app.

        Raises:
            ShuttingDown, TooManyRequests: there is none.
        """
        if self.closing:
            raise ShuttingDown
        self._places.check(app.card.id, self._limits.allowed(app.card.name))

    async def look(self, app: App) -> None:
        """As `admit`, in all processes."""
        await self._places.look(app.card.id, self._limits.allowed(app.card.name))

    def check(self, app: App) -> None:
        """Return if the app's model can be asked.

        Raises:
            ProviderNotInitialized: it cannot.
        """
        if isinstance(app, EasyApp):  # in a flow the node that asks a model fails
            self._ports.models.check(app.model)

    async def _drive(self, run: Run, play: Coroutine[None, None, Ending]) -> None:
        """From the first event to the last. After `play` nothing may cut it short: what was said is saved."""
        ending = await guard(play, FAILED, "a run failed", run.ids)
        run.stopping = True
        settled = await guard(self._settle(run, ending), None, "a run could not be saved", run.ids)
        if settled is None:
            self._beside.do(save_late(structs.replace(run), FAILED[1].message, self._ports))
        status, problem = settled or FAILED
        run.finished_at = self._ports.now()
        run.say(RunFinished(status, problem))
        if run.flow is not None:
            told = run.log.events[run.resumed_at or 0 :]
            self._recorder.note(run.flow.id, told, self._limits.level(run.app))
        for observer in self.observers:
            observer.ended(run)
        self._retire(run)
        if status == "paused":
            self.paused(run)

    async def _settle(self, run: Run, ending: Ending) -> Ending:
        """Save what a cut or failed run has said, and tell what is owed of its end."""
        status, problem = ending
        error = None if problem is None else problem.message
        owed: list[AnyEvent] = []
        unclosed = run.flow is not None and run.record.closing is None
        unanswered = problem is None and not run.record.answered
        if status != "paused" and (unclosed or unanswered):
            usage = await reckon(run.record, self._ports)
            if unclosed:
                reason = problem.reason if isinstance(problem, RunFailed) else error
                owed.append(rows.closing(run, status, reason, usage.total_tokens, self._ports.now()))
            if unanswered:
                owed.append(AnswerFinished(usage=usage, annotation=run.record.annotation))
        for event in owed:
            run.record.add(event)
        owed += run.held
        if owed or problem is not None:
            if run.overtime and error is None:
                error = f"The answer was stopped: it took longer than {self._limits.run_seconds:g} seconds."
            await self._save(run, status="normal" if problem is None else "error", error=error)
        for event in owed:
            if run.begun or not isinstance(event, WorkflowFinished):
                run.log.append(event)
        return status, problem

    async def _play(self, run: Run, turn: Turn[App]) -> Ending:
        """Hear the mode out; how it ended."""
        limit = asyncio.get_running_loop().call_later(self._limits.run_seconds, expire, run)
        try:
            async with aclosing(self._modes[turn.app.mode](turn, self._ports)) as events:
                async for event in events:
                    if type(event) is TextDelta:  # nearly all of them
                        run.record.parts.append(event.text)
                        run.log.append(event)
                    elif type(event) in ENDINGS:
                        await self._end(run, event)
                        if run.stopping:
                            break
                    else:
                        run.say(event)
        except asyncio.CancelledError:
            return "stopped", None
        except Problem as problem:
            return "failed", problem
        finally:
            limit.cancel()
        if run.record.paused is not None and (self.closing or not run.stopping):
            return "paused", None
        return ("stopped" if run.stopping or run.record.intercepted else "succeeded"), None

    async def _end(self, run: Run, event: AnyEvent) -> None:
        """Save, then tell. A graph's message and its run end together."""
        run.record.add(event)
        if isinstance(event, Intercepted):
            await self._settle(run, ("stopped", None))
        elif isinstance(event, Suspended | Journaled):
            await self.tell(run)  # who goes on from there is to know all that led there
            run.saving = True
            await rows.lay_aside(run, event, self._ports.now(), self._ports)
            if isinstance(event, Suspended):
                run.held = [*event.forms, event.told]
                await self.tell(run)  # before a client knows what to answer, wherever
            run.saving = False
        else:
            run.held.append(event)
            if run.flow is not None and not isinstance(event, WorkflowFinished):
                return
            await self._save(run)
        for told in run.held:
            run.log.append(told)
        run.held = []

    async def _save(self, run: Run, *, status: MessageStatus = "normal", error: str | None = None) -> None:
        run.saving = True
        await rows.save(run, status, error, self._ports)
        run.saving = False

    def _retire(self, run: Run) -> None:
        """Give its place free; keep it readable for a while, and let the oldest go."""
        self._places.leave(run.owner.app_id, run.ids.task_id)
        run.task = run.message = run.flow = None  # saved by now; many large ones would fill the memory
        run.record.parts = [run.record.answer]  # one text, where there were hundreds
        for task_id in self._kept.add(run.ids.task_id, run.weight, run.finished_at):
            self._runs.drop(task_id)
        if self._forgetting is None:
            self._forgetting = asyncio.get_running_loop().call_later(self._limits.kept_seconds, self._forget)

    def _forget(self) -> None:
        """Let go of what is old although nothing new has ended, and look again later if anything is left."""
        for task_id in self._kept.expired(self._ports.now()):
            self._runs.drop(task_id)
        self._forgetting = None
        if len(self._kept):
            self._forgetting = asyncio.get_running_loop().call_later(self._limits.kept_seconds, self._forget)


async def own(task_id: str, told: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
    """There is no other process."""
    del task_id
    return told


async def nobody(run: Run) -> None:
    """Is there to be told."""
    del run


async def nothing() -> None:
    """Nobody takes up runs."""


async def at_once(ending: Ending) -> Ending:
    """What a run plays that is only to end."""
    return ending


def expire(run: Run) -> None:
    """The run took too long: stopped as by its user, as clients expect (contract 6.3)."""
    log.warning("a run took too long and was stopped: task %s", run.ids.task_id)
    run.overtime = not run.stopping
    run.stop()


async def guard(work: Awaitable[Result], otherwise: Result, failure: str, ids: Ids) -> Result:
    """Do it; what nobody foresaw is logged, and `otherwise` stands in its place."""
    try:
        return await work
    except Exception:
        log.exception("%s: task %s, conversation %s", failure, ids.task_id, ids.conversation_id)
        return otherwise
