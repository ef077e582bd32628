"""One run for one request, however often it is sent: by the key that its client gives it.

Knows no wire and no store, and not how a run is begun: that is a function that it is given.
"""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from parlour.domain.app import App, WorkflowApp
from parlour.domain.claim import Claim, Repeat
from parlour.domain.events import AnswerFinished, AnyEvent, RunFinished, TextDelta, WorkflowStarted
from parlour.domain.ids import Clock, Ids
from parlour.domain.message import Message, Owner
from parlour.domain.problems import AlreadyBegun, CompletionRequestFailed, InvalidParam, NotFound, RunFailed
from parlour.domain.record import Record
from parlour.domain.workflow_run import LaidAside, WorkflowRun
from parlour.ports.claims import Claims
from parlour.ports.history import History
from parlour.ports.pauses import Pauses
from parlour.ports.workflows import Workflows
from parlour.runs import telling
from parlour.runs.log import RunLog
from parlour.runs.relay import Relay
from parlour.runs.run import Run

Begin = Callable[[Repeat], Awaitable[Run]]


class Once:
    """The runs of requests that carry a key."""

    def __init__(
        self, relay: Relay, claims: Claims, history: History, workflows: Workflows, pauses: Pauses, now: Clock
    ) -> None:
        self._relay = relay
        self._pauses = pauses
        self._claims = claims
        self._history = history
        self._workflows = workflows
        self._now = now
        self._turns = WeakValueDictionary[tuple[Owner, str], asyncio.Lock]()
        """Of one key one request at a time; the others wait for its run to begin."""

    async def run(self, app: App, user: str, repeat: Repeat, begin: Begin) -> Run:
        """The run that the key stands for: begun now, still going, or told again from what is kept of it.

        Raises:
            InvalidParam: the key stands for another request.
            NotFound: the message was deleted meanwhile.
            AlreadyBegun: nobody here knows how it ended.
        """
        owner = Owner(app.card.id, user)
        turn = self._turns.setdefault((owner, repeat.key), asyncio.Lock())
        async with turn:
            claim = await self._claims.find(owner, repeat.key, self._now())
            if claim is None:
                return await begin(repeat)
        if claim.repeat.body != repeat.body:
            raise InvalidParam(
                "Idempotency-Key: this key was used for a request with another body; give each request its own.",
                params="Idempotency-Key",
            )
        return await self._relay.find(claim.task_id, owner) or await self._past(app, claim)

    async def _past(self, app: App, claim: Claim) -> Run:
        if isinstance(app, WorkflowApp):
            return await self._past_run(claim)
        message = await self._history.message(claim.owner, claim.message_id)
        if message is None:
            raise NotFound(
                "Message Not Exists. It was deleted since this Idempotency-Key began it; ask again with a new key."
            )
        if message.status == "running":
            raise AlreadyBegun
        laid = await self._pauses.get(app.card.id, claim.task_id) if message.status == "paused" else None
        return retold(message, claim.task_id, app.mode, laid)

    async def _past_run(self, claim: Claim) -> Run:
        kept = await self._workflows.get(claim.owner.app_id, claim.message_id)
        if kept is None:
            raise NotFound("The run is no longer kept that this Idempotency-Key began; ask again with a new key.")
        laid = await self._pauses.get(claim.owner.app_id, kept.id) if kept.status == "paused" else None
        if laid is None and kept.status in {"running", "paused"}:
            raise AlreadyBegun
        return run_retold(kept, laid)


def retold(message: Message, task_id: str, mode: str, laid: LaidAside | None = None) -> Run:
    """A run that is over and forgotten, as its message tells of it: its text in one piece, and its end.

    `laid`: what it waits for, if it does.
    """
    run_id = "" if laid is None else laid.run.id
    ids = Ids(task_id, message.id, message.conversation_id, int(message.created_at), run_id)
    run = Run(ids, message.owner, mode, message, RunLog(), Record(), finished_at=message.created_at)
    events: list[AnyEvent] = [TextDelta(message.answer)] if message.answer else []
    if laid is not None:
        run.record.usage = message.usage
    elif message.status == "error":
        events.append(RunFinished("failed", CompletionRequestFailed(message.error or "The run failed.")))
    else:
        events += [AnswerFinished(usage=message.usage, citations=message.citations), RunFinished("succeeded")]
    for event in events:
        run.say(event)
    if laid is not None:
        wait(run, laid)
    return run


def run_retold(kept: WorkflowRun, laid: LaidAside | None = None) -> Run:
    """A run of a workflow that is over and forgotten, as its row tells of it: its beginning, and its end.

    `laid`: what it waits for, if it does.
    """
    ids = Ids(kept.task_id, "", "", int(kept.created_at), kept.id)
    run = Run(ids, kept.owner, WorkflowApp.mode, None, RunLog(), Record(), finished_at=kept.created_at)
    run.say(WorkflowStarted(kept.id, kept.version, kept.inputs, int(kept.created_at)))
    if laid is not None:
        wait(run, laid)
        return run
    run.say(telling.finished(kept))
    failed = RunFailed(f"Run failed: {kept.error}", reason=kept.error or "") if kept.status == "failed" else None
    run.say(RunFinished(kept.status, failed))
    return run


def wait(run: Run, laid: LaidAside) -> None:
    """Its end, for now: what it waits for."""
    run.record.paused = pause = telling.paused(laid)
    for event in (*pause.reasons, pause, RunFinished("paused")):
        run.say(event)
