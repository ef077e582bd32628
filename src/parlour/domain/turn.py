"""What a mode works on: one request with everything looked up. Does not know how any of it was found."""

from typing import Generic, TypeVar

from msgspec import Struct

from parlour.domain.app import App
from parlour.domain.events import AgentThought
from parlour.domain.files import FileRef
from parlour.domain.ids import NIL, Ids

App_co = TypeVar("App_co", bound=App, covariant=True)


class Ask(Struct, frozen=True):
    """A valid request to an app, nothing looked up yet."""

    query: str
    user: str
    inputs: dict[str, object]
    """Only variables that the app's form declares, checked and converted."""
    streaming: bool = False
    conversation_id: str = ""
    """A UUID, hyphenated and lower case; empty for a new conversation."""
    parent_id: str = NIL
    """The message of the conversation that this one follows; `NIL` for the newest."""
    files: tuple[FileRef, ...] = ()
    auto_generate_name: bool = True
    workflow_id: str = ""
    trace_id: str = ""
    trace_session: str = ""
    """How its caller calls the session in his traces."""
    retriever_from: str = "dev"
    depth: int = 0
    """How many apps are around this one, each using the next as a tool."""


class Exchange(Struct, frozen=True):
    """One earlier turn of a conversation, answered."""

    query: str
    answer: str
    files: tuple[FileRef, ...] = ()
    """What was sent with the query; their `data` is filled in where a model is to see it."""
    thoughts: tuple[AgentThought, ...] = ()
    """The steps of an agent, in their order."""


class Submission(Struct, frozen=True):
    """What somebody sent with a form; `action` is empty when its time was over."""

    action: str
    inputs: dict[str, object]


class Resumption(Struct, frozen=True):
    """How a run that was laid aside goes on."""

    state: bytes
    """What it was laid aside as."""
    submissions: dict[str, Submission]
    """By node: what its form was answered with."""


class Turn(Struct, Generic[App_co], frozen=True):
    """An ask, the app it is for, and what was said before."""

    app: App_co
    ids: Ids
    ask: Ask
    history: tuple[Exchange, ...] = ()
    """Oldest first."""
    first: bool = True
    """Whether this turn opens its conversation."""
    number: int = 1
    """Which turn of its conversation it is; failed ones count."""
    variables: dict[str, object] = {}
    """What the conversation's variables hold, by name; those that were never written are not here."""
    resumption: Resumption | None = None
    """Set where the turn began earlier, and was laid aside."""
    said: str = ""
    """What it has answered before it was laid aside."""
    durable: bool = False
    """Whether it is to go on after the end of its process: it tells how far it has got."""
