"""What an operator sees, and how a user is forgotten, in the memory of one process. Does not know how to outlive it."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from parlour.domain.message import Conversation, Message, Owner, Page
from parlour.domain.oversight import AnyRun, Erased, Figures, Quantiles, Sought, Span, Statistics
from parlour.domain.problems import NotFound
from parlour.domain.uploads import Upload
from parlour.domain.usage import Usage
from parlour.domain.workflow_run import WorkflowRun
from parlour.ports.oversight import Traces
from parlour.stores.memory_annotations import AnnotationRows
from parlour.stores.memory_claims import MemoryClaims
from parlour.stores.memory_feedback import MemoryFeedbacks
from parlour.stores.memory_people import MemoryPeople
from parlour.stores.memory_retention import MemoryRetention
from parlour.stores.memory_webhooks import MemoryWebhooks
from parlour.stores.memory_workflows import FlowRows

Lasting = TypeVar("Lasting", Message, WorkflowRun)
Listed = TypeVar("Listed", Message, AnyRun, Conversation)

STATUSES: dict[str, str] = {"normal": "succeeded", "error": "failed"}
"""How a run stands whose message stands so."""


class Seen(Struct, frozen=True):
    """A request, as figures are made of it."""

    moment: float
    app_id: str
    failed: bool
    tokens: int
    took: float | None
    first_text: float | None
    usage: Usage


class MemoryOversight:
    def __init__(
        self, conversations: dict[str, Conversation], messages: dict[str, dict[str, Message]], flows: FlowRows
    ) -> None:
        """`messages`: by conversation, then by id."""
        self._conversations = conversations
        self._messages = messages
        self._flows = flows

    async def runs(self, asked: Sought) -> Page[AnyRun]:
        def fitting(run: AnyRun) -> bool:
            status = STATUSES.get(run.status, run.status)
            return fits(run.owner, run.created_at, asked) and asked.status in {None, status}

        graphs = {run.message_id for run in self._flows.runs.values()}
        runs: list[AnyRun] = list(newest_first(self._flows.runs.values()))
        plain = [message for message in newest_first(self._all()) if message.id not in graphs]
        return page_of(sorted([*plain, *runs], key=lambda one: -one.created_at), fitting, asked)

    async def run(self, run_id: str) -> AnyRun | None:
        said = (message for message in self._all() if message.id == run_id)
        return self._flows.runs.get(run_id) or next(said, None)

    def _all(self) -> Iterator[Message]:
        return (message for kept in self._messages.values() for message in kept.values())

    async def conversations(self, asked: Sought) -> Page[Conversation]:
        ordered = sorted(self._conversations.values(), key=lambda one: (one.created_at, one.id), reverse=True)
        return page_of(ordered, lambda one: fits(one.owner, one.created_at, asked), asked)

    async def messages(self, asked: Sought) -> Page[Message]:
        def fitting(message: Message) -> bool:
            return (
                fits(message.owner, message.created_at, asked)
                and asked.status in {None, message.status}
                and asked.conversation_id in {None, message.conversation_id}
            )

        return page_of(newest_first(self._all()), fitting, asked)

    async def statistics(self, asked: Span) -> Statistics:
        seen = [
            one
            for one in self._seen()
            if asked.since <= one.moment < asked.until and asked.app_id in {None, one.app_id}
        ]
        return Statistics(figures(seen, lambda one: asked.place(one.moment)), figures(seen, lambda _: 0), complete=True)

    def _seen(self) -> Iterator[Seen]:
        for one in self._all():
            failed, ended = one.status == "error", one.status == "normal"
            times = (one.took, one.first_text) if ended else (None, None)
            yield Seen(one.created_at, one.owner.app_id, failed, one.usage.total_tokens, *times, one.usage)
        for run in self._flows.runs.values():
            if not run.message_id:
                failed, ended = run.status == "failed", run.status in {"succeeded", "partial-succeeded"}
                times = (run.took, run.first_text) if ended else (None, None)
                yield Seen(run.created_at, run.owner.app_id, failed, run.total_tokens, *times, run.usage)


class MemoryErasure:
    def __init__(
        self,
        conversations: dict[str, Conversation],
        messages: dict[str, dict[str, Message]],
        uploads: dict[str, Upload],
        flows: FlowRows,
        beside: tuple[MemoryFeedbacks, MemoryClaims, MemoryPeople, MemoryRetention, AnnotationRows, MemoryWebhooks],
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._uploads = uploads
        self._flows = flows
        self._feedbacks, self._claims, self._people, self._retention, self._annotations, self._webhooks = beside

    async def piece(self, owner: Owner, limit: int) -> Traces:
        conversations = [one.id for one in self._conversations.values() if one.owner == owner][:limit]
        gone: set[str] = set()
        before = len(self._flows.runs)
        for conversation_id in conversations:
            gone |= self._messages.pop(conversation_id, {}).keys()
            del self._conversations[conversation_id]
            self._flows.forget(conversation_id)
        self._feedbacks.drop(gone)
        runs = [run for run in self._flows.runs.values() if run.owner == owner][:limit]
        self._flows.drop([run.id for run in runs])
        files = [one.id for one in self._uploads.values() if one.owner == owner][:limit]
        self._retention.give_up(files)
        self._annotations.forget_user(owner)
        self._webhooks.drop_of(owner)
        erased = Erased(
            len(conversations),
            len(gone),
            before - len(self._flows.runs),
            len(files),
            self._claims.drop_of(owner),
            self._people.drop(owner),
        )
        return Traces(erased, tuple(conversations), tuple(run.task_id for run in runs))


def fits(owner: Owner, created_at: float, asked: Sought) -> bool:
    return (
        asked.app_id in {None, owner.app_id}
        and asked.user in {None, owner.user}
        and (asked.before is None or created_at <= asked.before)
        and (asked.after is None or created_at >= asked.after)
    )


def newest_first(kept: Iterable[Lasting]) -> list[Lasting]:
    """Of one time, what was written last is the newest."""
    found = sorted(kept, key=lambda one: one.created_at)
    found.reverse()
    return found


def page_of(ordered: Sequence[Listed], fitting: Callable[[Listed], bool], asked: Sought) -> Page[Listed]:
    """`ordered`: all that there are. The last one of the page before need not fit any more."""
    first = 0
    if asked.last_id:
        first = next((place + 1 for place, one in enumerate(ordered) if one.id == asked.last_id), 0)
        if not first:
            raise NotFound("last_id: there is no such entry any more. Begin again without it.")
    found = [one for one in ordered[first:] if fitting(one)]
    return Page(tuple(found[: asked.limit]), has_more=len(found) > asked.limit)


def figures(seen: Iterable[Seen], place: Callable[[Seen], int]) -> tuple[Figures, ...]:
    groups: dict[tuple[int, str], list[Seen]] = {}
    for one in seen:
        groups.setdefault((place(one), one.app_id), []).append(one)
    return tuple(figures_of(*key, groups[key]) for key in sorted(groups))


def figures_of(place: int, app_id: str, seen: Sequence[Seen]) -> Figures:
    cost: dict[str, float] = {}
    for one in seen:
        if price := float(one.usage.total_price):
            currency = one.usage.price.currency
            cost[currency] = cost.get(currency, 0) + price
    return Figures(
        place,
        app_id,
        len(seen),
        sum(one.failed for one in seen),
        sum(one.tokens for one in seen),
        quantiles(one.took for one in seen),
        quantiles(one.first_text for one in seen),
        cost,
    )


def quantiles(times: Iterable[float | None]) -> Quantiles:
    known = sorted(time for time in times if time is not None)
    return Quantiles(*(known[math.ceil(share * len(known)) - 1] if known else None for share in (0.5, 0.95, 0.99)))
