"""What every route may reach for. Knows no route, and none of the parts from the inside."""

from collections.abc import Awaitable, Callable
from typing import Literal

from msgspec import Struct

from parlour.domain.ids import Clock, NewId
from parlour.domain.workflow_run import Level
from parlour.http.auth import Keyring
from parlour.http.catalogue import Catalogue
from parlour.http.guests import Guests
from parlour.http.signing import Signer
from parlour.ports.annotations import Annotations, ReplySetUp
from parlour.ports.blobs import Blobs
from parlour.ports.contents import Contents
from parlour.ports.feedback import Feedbacks
from parlour.ports.history import History
from parlour.ports.knowledge import Knowledge
from parlour.ports.messages import Conversations, Messages
from parlour.ports.oversight import Erasure, Oversight
from parlour.ports.pauses import Forms, Pauses
from parlour.ports.retention import Retention
from parlour.ports.uploads import Uploads
from parlour.ports.voice import Voice
from parlour.ports.workflows import Executions, Variables, Workflows
from parlour.runs.asides import Asides
from parlour.runs.deliveries import Deliveries
from parlour.runs.metering import Metering
from parlour.runs.once import Once
from parlour.runs.rates import Rates
from parlour.runs.relay import Relay
from parlour.runs.resumptions import Resumptions
from parlour.runs.start import Runs

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def real(provider: str) -> bool:
    del provider
    return False


class PageRules(Struct, frozen=True):
    """Which apps have a page, where a browser asks them without a key, and what the operator says of those."""

    apps: frozenset[str] = frozenset()
    """By name."""
    local: bool = False
    """Whether only a browser on this machine may come."""
    embed_in: tuple[str, ...] = ()
    """Other sites that may show a page within one of theirs (`https://www.example.com`)."""
    demo: Callable[[str], bool] = real
    """Whether the small model that newcomers meet answers for a provider of this name."""


class Operator(Struct, frozen=True):
    """What is behind the operator's routes."""

    oversight: Oversight
    erasure: Erasure
    retention: Retention
    level: Callable[[str], Level]
    """How much is recorded of the app of that name."""


class House(Struct, frozen=True):
    """The parts of a running server, as the routes see them."""

    catalogue: Catalogue
    keyring: Keyring
    runs: Runs
    relay: Relay
    once: Once
    resumptions: Resumptions
    rates: Rates
    asides: Asides
    messages: Messages
    conversations: Conversations
    history: History
    workflows: Workflows
    pauses: Pauses
    forms: Forms
    executions: Executions
    variables: Variables
    feedbacks: Feedbacks
    annotations: Annotations
    replies: ReplySetUp
    guests: Guests
    uploads: Uploads
    blobs: Blobs
    contents: Contents
    knowledge: Knowledge
    voice: Voice
    signer: Signer
    now: Clock
    new_id: NewId
    check: Callable[[], Awaitable[None]]
    """Returns if the stores can be used; raises a `Problem` if not."""
    operator: Operator | None = None
    """None where an operator's key is to open nothing."""
    deliveries: Deliveries | None = None
    """Tells of runs that nobody waits for; None where no app has webhooks."""
    metering: Metering | None = None
    """Counts what is asked and answered, if somebody is to read it."""
    open_metrics: bool = False
    """Whether everybody may read it, and not operators alone."""
    profile: Literal["documented", "upstream"] = "documented"
    public_url: str = ""
    """Where clients find this server; where it is not said, each is told the address that it asked by itself."""
    max_body: int = 8 * 1024 * 1024
    """Bytes of a JSON body."""
    lenient: bool = False
    """Whether forms, and bodies of another kind than they say, are read all the same."""
    strict_forms: bool = False
    """Whether a required text must not be empty."""
    agent_blocking: bool = False
    """Whether agents answer in the blocking mode, too: with the whole text, and without their thoughts."""
    ping_seconds: float = 10.0
    pages: PageRules = PageRules()
    silence_seconds: float = 60.0
    """How long nothing may come of a body: who sends a file holds a place that others wait for."""
