"""Letting go of what is old, in the memory of one process: the port `Retention`. Knows no blobs and no clock."""

from collections.abc import Collection, Iterator, Sequence

from parlour.domain.message import Conversation, Message
from parlour.domain.uploads import Upload
from parlour.ports.retention import Pruned
from parlour.stores.memory_claims import MemoryClaims
from parlour.stores.memory_feedback import MemoryFeedbacks
from parlour.stores.memory_workflows import FlowRows


class MemoryRetention:
    def __init__(
        self,
        conversations: dict[str, Conversation],
        messages: dict[str, dict[str, Message]],
        uploads: dict[str, Upload],
        feedbacks: MemoryFeedbacks,
        claims: MemoryClaims,
        flows: FlowRows,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        """By conversation, then by id."""
        self._uploads = uploads
        self._feedbacks = feedbacks
        self._claims = claims
        self._flows = flows
        self._given_up: dict[str, None] = {}

    async def old(self, before: float, now: float) -> Pruned:
        going = self._old(before)
        gone = {message.id for message in going}
        return Pruned(
            len(going),
            len(self._emptied(gone)),
            self._feedbacks.count(gone),
            len(self._unheld(before, gone, self._flows.old(before))),
            self._claims.expired(now),
            len(self._flows.old(before)),
        )

    async def runs(self, before: float, limit: int) -> int:
        going = self._flows.old(before)[:limit]
        self._flows.drop(going)
        return len(going)

    async def messages(self, before: float, limit: int) -> Pruned:
        going = self._old(before)[:limit]
        gone = {message.id for message in going}
        emptied, feedbacks = self._emptied(gone), self._feedbacks.drop(gone)
        for message in going:
            del self._messages[message.conversation_id][message.id]
        for conversation_id in emptied:
            del self._conversations[conversation_id], self._messages[conversation_id]
        return Pruned(len(going), len(emptied), feedbacks)

    async def uploads(self, before: float, limit: int) -> tuple[str, ...]:
        self.give_up([upload.id for upload in self._unheld(before)[:limit]])
        return tuple(self._given_up)[:limit]

    def give_up(self, upload_ids: Sequence[str]) -> None:
        for upload_id in upload_ids:
            del self._uploads[upload_id]
            self._given_up[upload_id] = None

    async def deleted(self, names: Sequence[str]) -> None:
        for name in names:
            self._given_up.pop(name, None)

    async def keys(self, now: float, limit: int) -> int:
        return self._claims.drop_expired(now, limit)

    def _all(self) -> Iterator[Message]:
        return (message for kept in self._messages.values() for message in kept.values())

    def _old(self, before: float) -> list[Message]:
        found = [message for message in self._all() if message.created_at < before and message.status != "running"]
        return sorted(found, key=lambda message: message.created_at)

    def _emptied(self, gone: set[str]) -> list[str]:
        return [conversation_id for conversation_id, kept in self._messages.items() if kept.keys() <= gone]

    def _unheld(self, before: float, gone: Collection[str] = (), runs: Collection[str] = ()) -> list[Upload]:
        """Uploads that nothing names but these messages and runs."""
        held = {name for message in self._all() if message.id not in gone for name in message.uploads}
        held |= self._flows.held([one for one, kept in self._messages.items() if not kept.keys() <= set(gone)], runs)
        found = [upload for upload in self._uploads.values() if upload.created_at < before and upload.id not in held]
        return sorted(found, key=lambda upload: upload.created_at)
