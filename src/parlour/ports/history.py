"""A message, told by its id alone. Does not know in what it is kept."""

from typing import Protocol

from parlour.domain.message import Message, Owner


class History(Protocol):
    async def conversation_of(self, owner: Owner, message_id: str) -> str | None:
        """The id of the conversation that a message is in; None if it is not this owner's."""
        ...

    async def message(self, owner: Owner, message_id: str) -> Message | None:
        """The message itself; None if it is not this owner's."""
        ...
