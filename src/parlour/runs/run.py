"""One execution, as everybody who waits for it knows it. Does not know how it is driven, nor where it is kept."""

import asyncio
from typing import Protocol

from msgspec import Struct

from parlour.domain.events import (
    AnswerReplaced,
    AnyEvent,
    Intercepted,
    Journaled,
    ModelCalled,
    ModelFinished,
    Retracted,
    Suspended,
    VariableAssigned,
)
from parlour.domain.ids import Ids
from parlour.domain.message import Message, Owner
from parlour.domain.record import Record
from parlour.domain.workflow_run import StoredVariable, WorkflowRun
from parlour.runs.first_word import FirstWord
from parlour.runs.log import RunLog

UNSEEN = {ModelCalled, ModelFinished, Suspended, Journaled, Intercepted, VariableAssigned}
"""Events that no reader is told."""

RUN_BYTES, EVENT_BYTES = 1500, 120


class Run(Struct, eq=False):
    """Read its `log` from any position; `record` is what is known so far."""

    ids: Ids
    owner: Owner
    mode: str
    message: Message | None
    """Its row, as it was opened; None in an app without messages."""
    log: RunLog
    record: Record
    flow: WorkflowRun | None = None
    """Its row among the runs of graphs, if it is one."""
    variables: tuple[StoredVariable, ...] = ()
    """What its conversation's variables held when it began."""
    kept: frozenset[str] = frozenset()
    """The ids of those that are written down already."""
    resumed_at: int | None = None
    """Where in its log it was taken up again, if it was."""
    heard: bool = False
    """Whether somebody has read what it says since then, to its end."""
    held: list[AnyEvent] = []
    """Said, and not told before its end is saved."""
    task: asyncio.Task[None] | None = None
    saving: bool = False
    stopping: bool = False
    overtime: bool = False
    """Whether it is stopped because it takes too long."""
    forgotten: bool = False
    """Its conversation was deleted."""
    finished_at: float = 0.0
    durable: bool = False
    """Whether another process takes it up if this one dies."""
    app: str = ""
    """The name of its app, where that is known."""
    began: float = 0.0
    """When it was set going, or going again."""
    word: FirstWord | None = None
    """Hears its first word since then, if it goes on here."""
    trace_id: str | None = None
    """How its caller named its trace, empty if he did not; None where that is not known any more."""

    @property
    def begun(self) -> bool:
        """Whether its graph has told of its beginning, if it has one: else nobody is told of its end."""
        return self.record.opening is not None or self.resumed_at is not None

    @property
    def weight(self) -> int:
        """About how many bytes it takes when it has ended."""
        return RUN_BYTES + EVENT_BYTES * len(self.log) + 2 * sum(map(len, self.record.parts)) + self.record.sound

    def say(self, event: AnyEvent) -> None:
        if isinstance(event, Retracted):
            event = AnswerReplaced(self.record.answer[: -event.characters])
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


class Observer(Protocol):
    """Who is told of each run of this process: where it begins, or goes on, and where it has ended and is saved."""

    def begun(self, run: Run) -> None: ...

    def ended(self, run: Run) -> None: ...
