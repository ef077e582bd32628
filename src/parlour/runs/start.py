"""A run's life: opened in the store, driven to its end, saved, finished. A task of the server, not of a socket.

Knows no mode's inside (a mode is a function that it is given), no store and no wire. Whatever happens, a run ends in
exactly one `RunFinished`, appended after the save: who reads the end of a run finds its row.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import ExitStack, aclosing
from typing import Any, TypeVar

from msgspec import Struct, structs

from parlour.domain.app import App, ChatApp, CompletionApp
from parlour.domain.claim import Claim, Repeat
from parlour.domain.events import (
    AnswerFinished,
    AnyEvent,
    ModelCalled,
    ModelFinished,
    RunFinished,
    RunStatus,
    TextDelta,
)
from parlour.domain.ids import Ids
from parlour.domain.message import Conversation, Message, MessageStatus, Owner
from parlour.domain.problems import InternalError, NotFound, Problem, ShuttingDown, TooManyRequests
from parlour.domain.record import Record
from parlour.domain.turn import Ask, Turn
from parlour.domain.usage import Usage, total
from parlour.ports import Ports
from parlour.ports.messages import Thread
from parlour.runs.asides import GONE, Asides, opening_name
from parlour.runs.log import Kept, RunLog

log = logging.getLogger(__name__)
Result = TypeVar("Result")

UNSEEN = {ModelCalled, ModelFinished}
"""Events that no reader is told."""

Mode = Callable[[Turn[Any], Ports], AsyncGenerator[AnyEvent, None]]
"""What an app does with a turn."""

Ending = tuple[RunStatus, Problem | None]

FAILED: Ending = ("failed", InternalError())
"""How a run ends by what nobody foresaw."""

HISTORY_LIMIT = 499
RUN_BYTES, EVENT_BYTES = 1500, 120


class Limits(Struct, frozen=True):
    """Bounds on the life of a run, on how many there may be, and on how long finished ones stay readable."""

    run_seconds: float = 1200
    kept_seconds: float = 600
    kept_bytes: int = 4 * 1024 * 1024
    active: int = 0
    """How many runs one app may have at a time; 0 is no limit."""
    active_of: dict[str, int] = {}
    """The same for single apps, by name; the smaller limit holds."""

    def allowed(self, app: str) -> int:
        return min((limit for limit in (self.active, self.active_of.get(app, 0)) if limit), default=0)


class Run(Struct, eq=False):
    """One execution. Read its `log` from any position; `record` is what is known so far."""

    ids: Ids
    owner: Owner
    mode: str
    message: Message
    log: RunLog
    record: Record
    task: asyncio.Task[None] | None = None
    saving: bool = False
    stopping: bool = False
    overtime: bool = False
    """Whether it is stopped because it takes too long."""
    forgotten: bool = False
    """Its conversation was deleted."""
    finished_at: float = 0.0

    @property
    def weight(self) -> int:
        """About how many bytes it takes when it has ended."""
        return RUN_BYTES + EVENT_BYTES * len(self.log) + 2 * sum(map(len, self.record.parts))

    def say(self, event: AnyEvent) -> None:
        self.record.add(event)
        if type(event) not in UNSEEN:
            self.log.append(event)

    def stop(self) -> None:
        """End it soon, saving what was said. A second stop does nothing, and none cuts a save."""
        if self.task is None or self.stopping or self.log.finished:
            return
        self.stopping = True
        # not at once: a task that is cancelled before its first step would never say that it has finished
        asyncio.get_running_loop().call_soon(self._cut)

    def _cut(self) -> None:
        if self.task is not None and not self.saving:
            self.task.cancel()


class Runs:
    """Every run of this process: those that go on, and the last ones that ended."""

    def __init__(self, ports: Ports, modes: Mapping[str, Mode], asides: Asides, limits: Limits) -> None:
        self._ports = ports
        self._modes = modes
        self._asides = asides
        self._limits = limits
        self._runs: dict[str, Run] = {}
        self._kept = Kept(limits.kept_seconds, limits.kept_bytes)
        self._forgetting: asyncio.TimerHandle | None = None
        self._active: Counter[str] = Counter()
        self._naming: set[asyncio.Task[None]] = set()
        self._closing = False

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
        now, new_id, owner = self._ports.now(), self._ports.new_id, Owner(app.card.id, ask.user)
        task_id, message_id = new_id(), new_id()
        conversation_id = thread.conversation.id if thread else new_id()
        opened = Message(message_id, conversation_id, owner, ask.query, ask.inputs, now, parent_id=ask.parent_id)
        if ask.files:
            opened = structs.replace(opened, files=tuple(file.attached(new_id()) for file in ask.files))
        conversation = None
        if thread is None:
            name = opening_name(ask.query)
            conversation = Conversation(
                conversation_id, owner, name, ask.inputs, introduction, app.card.version, now, now
            )
        with ExitStack() as undo:
            self._active[app.card.id] += 1
            undo.callback(self._leave, owner)
            await self._ports.messages.open(
                opened, conversation, repeat and Claim(owner, repeat, task_id, message_id, now)
            )
            undo.pop_all()
        ids = Ids(task_id, message_id, conversation_id, int(now))
        turn = Turn(app, ids, ask, thread.exchanges if thread else (), first=thread is None)
        run = Run(ids, owner, app.mode, opened, RunLog(), Record())
        self._runs[task_id] = run
        run.task = asyncio.create_task(self._drive(run, turn), name=f"run {task_id}")
        if turn.first and ask.auto_generate_name:
            name = self._asides.name(app, owner, conversation_id, ask.query)
            naming = asyncio.create_task(guard(name, None, "a conversation could not be named", ids))
            self._naming.add(naming)
            naming.add_done_callback(self._naming.discard)
        return run

    def find(self, task_id: str, owner: Owner) -> Run | None:
        """A run of this owner that goes on or ended not long ago."""
        run = self._runs.get(task_id)
        return run if run is not None and run.owner == owner and not run.forgotten else None

    def forget(self, conversation_id: str) -> None:
        """Let nobody find the runs of a conversation that was deleted; those that go on end, as nothing keeps them."""
        for run in self._runs.values():
            if run.ids.conversation_id == conversation_id:
                run.forgotten = True
                run.stop()

    async def close(self, grace: float) -> None:
        """Take no more; let what goes on finish for `grace` seconds, then stop, save and end it."""
        self._closing = True
        going = [run.task for run in self._runs.values() if run.task is not None and not run.log.finished]
        if going:
            await asyncio.wait(going, timeout=grace)
            for run in self._runs.values():
                run.stop()
            await asyncio.wait(going)
        for naming in self._naming:
            naming.cancel()
        if self._forgetting is not None:
            self._forgetting.cancel()
        await asyncio.gather(*self._naming, return_exceptions=True)

    def admit(self, app: App) -> None:
        """Return if there is a place free for a run of this app.

        Raises:
            ShuttingDown, TooManyRequests: there is none.
        """
        if self._closing:
            raise ShuttingDown
        allowed = self._limits.allowed(app.card.name)
        if allowed and self._active[app.card.id] >= allowed:
            raise TooManyRequests(f"Too many requests. This app answers {allowed} at a time; please try again shortly.")

    def check(self, app: App) -> None:
        """Return if the app's model can be asked.

        Raises:
            ProviderNotInitialized: it cannot.
        """
        if isinstance(app, ChatApp | CompletionApp):  # in a flow the node that asks a model fails
            self._ports.models.check(app.model)

    def _leave(self, owner: Owner) -> None:
        self._active[owner.app_id] -= 1

    async def _drive(self, run: Run, turn: Turn[App]) -> None:
        """From the first event to the last. After `_play` nothing may cut it short: what was said is saved."""
        ending = await guard(self._play(run, turn), FAILED, "a run failed", run.ids)
        run.stopping = True
        status, problem = await guard(self._settle(run, ending), FAILED, "a run could not be saved", run.ids)
        run.finished_at = self._ports.now()
        run.say(RunFinished(status, problem))
        self._retire(run)

    async def _settle(self, run: Run, ending: Ending) -> Ending:
        """Save what a cut or failed run has said."""
        status, problem = ending
        if problem is not None:
            await self._save(run, status="error", error=problem.message)
        elif not run.record.answered:
            answer = AnswerFinished(usage=await self._reckon(run.record))
            run.record.add(answer)
            await self._save(run, error=self._overtime() if run.overtime else None)
            run.log.append(answer)
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
                    elif type(event) is AnswerFinished:
                        run.record.add(event)
                        await self._save(run)
                        run.log.append(event)
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
        return ("stopped" if run.stopping else "succeeded"), None

    def _overtime(self) -> str:
        return f"The answer was stopped: it took longer than {self._limits.run_seconds:g} seconds."

    async def _save(self, run: Run, *, status: MessageStatus = "normal", error: str | None = None) -> None:
        record = run.record
        run.saving = True
        await self._ports.messages.close(
            structs.replace(
                run.message,
                answer=record.answer,
                status=status,
                error=error,
                usage=record.usage,
                citations=record.citations,
            )
        )
        run.saving = False

    async def _reckon(self, record: Record) -> Usage:
        """What a cut answer took: the finished calls as counted, the cut one as it can be told from the texts."""
        spent = list(record.spent)
        for call in record.calling:
            tokens, price = self._ports.tokens, await self._ports.prices.price(call.model)
            spent.append(
                Usage(
                    prompt_tokens=await tokens.count(call.model, call.prompt),
                    completion_tokens=await tokens.count(call.model, record.parts),
                    price=price,
                    latency=self._ports.now() - call.at,
                )
            )
        return total(spent)

    def _retire(self, run: Run) -> None:
        """Give its place free; keep it readable for a while, and let the oldest go."""
        self._leave(run.owner)
        run.task = None
        # saved by now; many large ones would fill the memory
        run.message = structs.replace(run.message, query="", inputs={})
        for task_id in self._kept.add(run.ids.task_id, run.weight, run.finished_at):
            del self._runs[task_id]
        if self._forgetting is None:
            self._forgetting = asyncio.get_running_loop().call_later(self._limits.kept_seconds, self._forget)

    def _forget(self) -> None:
        """Let go of what is old although nothing new has ended, and look again later if anything is left."""
        for task_id in self._kept.expired(self._ports.now()):
            del self._runs[task_id]
        self._forgetting = None
        if len(self._kept):
            self._forgetting = asyncio.get_running_loop().call_later(self._limits.kept_seconds, self._forget)


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
