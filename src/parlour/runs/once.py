"""One run for one request, however often it is sent: by the key that its client gives it.

Knows no wire and no store, and not how a run is begun: that is a function that it is given.
"""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from parlour.domain.app import App
from parlour.domain.claim import Claim, Repeat
from parlour.domain.events import AnswerFinished, AnyEvent, RunFinished, TextDelta
from parlour.domain.ids import Clock, Ids
from parlour.domain.message import Message, Owner
from parlour.domain.problems import AlreadyBegun, CompletionRequestFailed, InvalidParam, NotFound
from parlour.domain.record import Record
from parlour.ports.claims import Claims
from parlour.ports.history import History
from parlour.runs.log import RunLog
from parlour.runs.run import Run
from parlour.runs.start import Runs

Begin = Callable[[Repeat], Awaitable[Run]]


class Once:
    """The runs of requests that carry a key."""

    def __init__(self, runs: Runs, claims: Claims, history: History, now: Clock) -> None:
        self._runs = runs
        self._claims = claims
        self._history = history
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
        return self._runs.find(claim.task_id, owner) or await self._past(app, claim)

    async def _past(self, app: App, claim: Claim) -> Run:
        message = await self._history.message(claim.owner, claim.message_id)
        if message is None:
            raise NotFound(
                "Message Not Exists. It was deleted since this Idempotency-Key began it; ask again with a new key."
            )
        if message.status == "running":
            raise AlreadyBegun
        return retold(message, claim.task_id, app.mode)


def retold(message: Message, task_id: str, mode: str) -> Run:
    """A run that is over and forgotten, as its message tells of it: its text in one piece, and its end."""
    ids = Ids(task_id, message.id, message.conversation_id, int(message.created_at))
    run = Run(ids, message.owner, mode, message, RunLog(), Record(), finished_at=message.created_at)
    events: list[AnyEvent] = [TextDelta(message.answer)] if message.answer else []
    if message.status == "error":
        events.append(RunFinished("failed", CompletionRequestFailed(message.error or "The run failed.")))
    else:
        events += [AnswerFinished(usage=message.usage, citations=message.citations), RunFinished("succeeded")]
    for event in events:
        run.say(event)
    return run
