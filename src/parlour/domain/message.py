"""Conversations and messages as they are stored and as clients know them. Does not know where they are stored."""

from typing import Generic, Literal, TypeVar

from msgspec import Struct

from parlour.domain.events import AgentThought, Citation
from parlour.domain.files import Attachment, named_in
from parlour.domain.ids import NIL
from parlour.domain.usage import NOTHING, Usage

Item = TypeVar("Item")

MessageStatus = Literal["running", "normal", "error", "paused"]
"""`running` is never shown to a client: an unfinished message reads as `normal` with what is there so far."""

ConversationSort = Literal["created_at", "-created_at", "updated_at", "-updated_at"]


class Owner(Struct, frozen=True):
    """Whose things: every look-up of a store goes by both."""

    app_id: str
    user: str
    """The caller's own name for its user; two apps' users of one name are two users."""


class Conversation(Struct, frozen=True):
    id: str
    owner: Owner
    name: str
    inputs: dict[str, object]
    """Those of its first turn."""
    introduction: str
    """The opening statement as this conversation's user saw it."""
    version: str
    """The version of the app that it began with."""
    created_at: float
    updated_at: float
    """Moves with each new message and with a new name. Seconds since 1970, both."""


class Asked(Struct, frozen=True):
    """A model that was asked for an answer, and what that took."""

    provider: str
    model: str
    at: float
    """When, in seconds since 1970."""
    usage: Usage
    failed: bool = False


class Message(Struct, frozen=True):
    """One turn, as stored."""

    id: str
    conversation_id: str
    owner: Owner
    query: str
    inputs: dict[str, object]
    created_at: float
    answer: str = ""
    status: MessageStatus = "running"
    error: str | None = None
    usage: Usage = NOTHING
    citations: tuple[Citation, ...] = ()
    parent_id: str = NIL
    files: tuple[Attachment, ...] = ()
    """What its user sent with it, and what the answer made."""
    thoughts: tuple[AgentThought, ...] = ()
    """The steps of an agent, in their order."""
    task_id: str = ""
    """Of the run that answers it."""
    calls: tuple[Asked, ...] = ()
    """Of models, in the order of their end; those of a graph are its nodes'."""
    took: float | None = None
    """Seconds from the question to the end of the answer; None of what goes on."""
    first_text: float | None = None
    """Seconds from the question to the first piece of the answer, if there was one."""

    @property
    def uploads(self) -> frozenset[str]:
        """The ids of the uploads that it holds: those that it shows, and those in its inputs."""
        held = (file.upload_file_id for _, file in named_in(self.inputs))
        return frozenset((*held, *(file.upload_file_id for file in self.files)))


class Page(Struct, Generic[Item], frozen=True):
    """A part of a list, and whether there is more of it."""

    items: tuple[Item, ...]
    has_more: bool
