"""Webhooks in the memory of one process: the port `Webhooks`. Does not know how to outlive it."""

from collections.abc import Mapping

from msgspec import Struct, structs

from parlour.domain.message import Message, Owner
from parlour.domain.webhook import Webhook
from parlour.ports.webhooks import FORGOTTEN, Backlog, Fate
from parlour.stores.memory_workflows import FlowRows

GOING = {"running", "paused"}


class Kept(Struct):
    webhook: Webhook
    due: float
    worker: str = ""
    fate: Fate | None = None


class MemoryWebhooks:
    def __init__(self, messages: Mapping[str, Mapping[str, Message]], flows: FlowRows) -> None:
        """`messages`: by conversation, then by id."""
        self._messages = messages
        self._flows = flows
        self._kept: dict[str, Kept] = {}

    async def add(self, webhook: Webhook) -> None:
        self._kept.setdefault(webhook.run_id, Kept(webhook, webhook.created_at))

    async def take(self, worker: str, now: float, until: float) -> Webhook | None:
        ready = [one for one in self._kept.values() if one.due <= now and one.fate is None and not self._goes_on(one)]
        if not ready:
            return None
        found = min(ready, key=lambda one: (one.due, one.webhook.run_id))
        found.worker, found.due = worker, until
        return found.webhook

    async def put_off(self, run_id: str, worker: str, until: float) -> None:
        if held := self._held(run_id, worker):
            held.due = until
            held.webhook = structs.replace(held.webhook, attempts=held.webhook.attempts + 1)

    async def close(self, run_id: str, worker: str, fate: Fate, now: float) -> None:
        if held := self._held(run_id, worker):
            held.fate, held.due = fate, now + FORGOTTEN
        self._kept = {name: one for name, one in self._kept.items() if one.fate is None or one.due > now}

    async def backlog(self) -> Backlog:
        owed = [one for one in self._kept.values() if one.fate is None]
        failing = sum(one.webhook.attempts > 0 for one in owed)
        return Backlog(len(owed) - failing, failing)

    def drop_of(self, owner: Owner) -> None:
        self._kept = {name: one for name, one in self._kept.items() if one.webhook.owner != owner}

    def _held(self, run_id: str, worker: str) -> Kept | None:
        found = self._kept.get(run_id)
        return found if found is not None and found.worker == worker and found.fate is None else None

    def _goes_on(self, kept: Kept) -> bool:
        run_id = kept.webhook.run_id
        run = self._flows.runs.get(run_id)
        message = next((some[run_id] for some in self._messages.values() if run_id in some), None)
        return any(one is not None and one.status in GOING for one in (run, message))
