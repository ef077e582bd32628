"""What users thought of answers, kept. Does not know in what; every call is one whole transaction."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from parlour.domain.feedback import Feedback, Rating
from parlour.domain.message import Owner


class Said(Struct, frozen=True):
    """An opinion to write down."""

    id: str
    """Which it gets, if the message has no feedback yet."""
    rating: Rating
    content: str | None
    at: float
    """Seconds since 1970."""


class Feedbacks(Protocol):
    """Every look-up but the app's list goes by owner: what is another's reads as what is not there."""

    async def set(self, owner: Owner, message_id: str, said: Said) -> None:
        """Write it down in place of what the user had said of this message before. Durable on return.

        Raises:
            NotFound: the message is not this owner's.
        """
        ...

    async def clear(self, owner: Owner, message_id: str) -> bool:
        """Take it back; False if there was none.

        Raises:
            NotFound: the message is not this owner's.
        """
        ...

    async def ratings(self, owner: Owner, message_ids: Sequence[str]) -> Mapping[str, Rating]:
        """The ratings of those of the messages that have one."""
        ...

    async def page(self, app_id: str, page: int, limit: int) -> tuple[Feedback, ...]:
        """The `page`th part (from 1) of what is said of an app's messages, newest first.

        What is said anew stays in its place. A deleted message takes its feedback with it.
        """
        ...
