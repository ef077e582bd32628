"""Feedback in the memory of one process: the port `Feedbacks`. Does not know how messages come and go."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import structs

from parlour.domain.feedback import Feedback, Rating
from parlour.domain.message import Message, Owner
from parlour.domain.problems import NotFound
from parlour.ports.feedback import Said


class MemoryFeedbacks:
    def __init__(self, messages: Mapping[str, Mapping[str, Message]]) -> None:
        self._messages = messages
        """By conversation, then by id."""
        self._kept: dict[str, Feedback] = {}
        """By message."""

    async def set(self, owner: Owner, message_id: str, said: Said) -> None:
        message = self._message(owner, message_id)
        known = self._kept.get(message_id)
        self._kept[message_id] = (
            structs.replace(known, rating=said.rating, content=said.content, updated_at=said.at)
            if known
            else Feedback(
                said.id, owner, message.conversation_id, message_id, said.rating, said.content, said.at, said.at
            )
        )

    async def clear(self, owner: Owner, message_id: str) -> bool:
        self._message(owner, message_id)
        return self._kept.pop(message_id, None) is not None

    async def ratings(self, owner: Owner, message_ids: Sequence[str]) -> Mapping[str, Rating]:
        found = (self._kept.get(message_id) for message_id in message_ids)
        return {one.message_id: one.rating for one in found if one and one.owner == owner}

    async def page(self, app_id: str, page: int, limit: int) -> tuple[Feedback, ...]:
        self._kept = {one.message_id: one for one in self._kept.values() if self._is_there(one)}
        own = [one for one in reversed(self._kept.values()) if one.owner.app_id == app_id]
        newest_first = sorted(own, key=lambda one: -one.created_at)
        return tuple(newest_first[(page - 1) * limit : page * limit])

    def count(self, message_ids: AbstractSet[str]) -> int:
        """How many of these messages have one."""
        return len(self._kept.keys() & message_ids)

    def drop(self, message_ids: AbstractSet[str]) -> int:
        """Forget what was said of these messages; how much it was."""
        dropped = self._kept.keys() & message_ids
        for message_id in dropped:
            del self._kept[message_id]
        return len(dropped)

    def _is_there(self, feedback: Feedback) -> bool:
        return feedback.message_id in self._messages.get(feedback.conversation_id, {})

    def _message(self, owner: Owner, message_id: str) -> Message:
        for kept in self._messages.values():
            if message_id in kept and kept[message_id].owner == owner:
                return kept[message_id]
        raise NotFound("Message Not Exists.")
