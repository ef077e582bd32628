"""Conversations and their messages, kept. Does not know in what; every call is one whole transaction.

Every look-up goes by owner (app and user): what is another's reads as what is not there.
"""

from typing import Protocol

from msgspec import Struct

from parlour.domain.claim import Claim
from parlour.domain.ids import NIL
from parlour.domain.message import Conversation, ConversationSort, Message, Owner, Page
from parlour.domain.turn import Exchange
from parlour.domain.workflow_run import WorkflowRun


class Thread(Struct, frozen=True):
    """A conversation, and answered turns of it (status `normal`, an answer that is not empty), oldest first."""

    conversation: Conversation
    exchanges: tuple[Exchange, ...]


class Messages(Protocol):
    async def open(
        self,
        message: Message,
        conversation: Conversation | None,
        claim: Claim | None = None,
        run: WorkflowRun | None = None,
    ) -> None:
        """Write the question down: a `running` message, its conversation where it opens one, its key if it has one.

        And the run of a graph, if one answers it.

        Durable when this returns. Moves the conversation's `updated_at` to the message's `created_at`.
        A conversation that was deleted meanwhile stays deleted.

        Raises:
            NotFound: the conversation is gone (or never was the owner's).
            AlreadyBegun: the claim's key stands for another message; nothing is written.
        """
        ...

    async def close(self, message: Message) -> None:
        """Write the answer down, by the message's id: answer, status, error, usage, citations, and
        what else is known at its end. Durable on return."""
        ...

    async def thread(self, owner: Owner, conversation_id: str, limit: int, parent_id: str = NIL) -> Thread | None:
        """A conversation with the newest `limit` answered turns that lead to its newest message, or to `parent_id`.

        Before a message comes its parent; before one without a parent (`NIL`) the newest that was created before it,
        and before one whose parent is the conversation itself none.
        None if the conversation is not this owner's.

        Raises:
            NotFound: `parent_id` is no message of this conversation.
        """
        ...

    async def page(self, owner: Owner, conversation_id: str, first_id: str, limit: int) -> Page[Message] | None:
        """The newest `limit` messages older than `first_id` (all, if it is empty), oldest first.

        Ordered by creation, then by order of writing. None if the conversation is not this owner's.

        Raises:
            NotFound: `first_id` is no message of this conversation.
        """
        ...

    async def sweep(self, error: str) -> int:
        """Mark every `running` message as `error` with that text; how many there were. Called before serving.

        One whose run is laid aside stays as it is; one that was about to be laid aside is marked, too.
        """
        ...


class Conversations(Protocol):
    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None: ...

    async def page(self, owner: Owner, last_id: str, limit: int, sort: ConversationSort) -> Page[Conversation]:
        """The next `limit` after `last_id` (from the start, if it is empty); equal times are told apart by id.

        Raises:
            NotFound: `last_id` is no conversation of this owner.
        """
        ...

    async def rename(self, owner: Owner, conversation_id: str, name: str, now: float) -> Conversation | None:
        """Set the name and move `updated_at` to `now`; None if it is not this owner's."""
        ...

    async def delete(self, owner: Owner, conversation_id: str) -> bool:
        """Delete it with its messages; False if it is not this owner's."""
        ...
