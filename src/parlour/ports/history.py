"""Where a message stands, told by its id alone. Does not know in what it is kept, nor what it says."""

from typing import Protocol

from parlour.domain.message import Owner


class History(Protocol):
    async def conversation_of(self, owner: Owner, message_id: str) -> str | None:
        """The id of the conversation that a message is in; None if it is not this owner's."""
        ...
