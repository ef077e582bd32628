"""What an operator sees of a whole house, and how a user is forgotten. Does not know in what things are kept.

These are the ports that ask across apps and users: only an operator's key leads to them.
"""

from typing import Protocol

from msgspec import Struct

from parlour.domain.message import Conversation, Message, Owner, Page
from parlour.domain.oversight import AnyRun, Erased, Sought, Span, Statistics


class Oversight(Protocol):
    """Lists are newest first. A page whose `last_id` is not there raises `NotFound`."""

    async def runs(self, asked: Sought) -> Page[AnyRun]:
        """Of graphs, and messages that none has answered. Of one time, messages come first."""
        ...

    async def run(self, run_id: str) -> AnyRun | None:
        """A run by its id, or a message by its own."""
        ...

    async def conversations(self, asked: Sought) -> Page[Conversation]: ...

    async def messages(self, asked: Sought) -> Page[Message]:
        """Messages of any conversations."""
        ...

    async def statistics(self, asked: Span) -> Statistics: ...


class Traces(Struct, frozen=True):
    """What of a user has gone, and what is to be forgotten elsewhere."""

    erased: Erased
    conversations: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    """Of runs that had no conversation."""


class Erasure(Protocol):
    async def piece(self, owner: Owner, limit: int) -> Traces:
        """Delete of each kind of thing that the user has at most so many, in one short transaction.

        With a conversation goes all that was said in it. The bytes of files are given up, for `Retention.uploads` to
        name. Nothing is left when nothing has gone.
        """
        ...
