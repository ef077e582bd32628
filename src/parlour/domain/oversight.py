"""What an operator asks about the whole house: which runs, conversations and messages, and figures over time.

Unlike everything that clients ask, this goes across apps and users. Does not know where the answers come from.
"""

from msgspec import Struct

from parlour.domain.message import Message
from parlour.domain.workflow_run import WorkflowRun

AnyRun = WorkflowRun | Message
"""A run of a graph, or a message that was answered without one."""


class Sought(Struct, frozen=True):
    """Which runs, conversations or messages are listed: those that fit all that is said. The page before ended with
    `last_id`."""

    app_id: str | None = None
    user: str | None = None
    status: str | None = None
    """Of a run, or of a message."""
    conversation_id: str | None = None
    """Of a message."""
    before: float | None = None
    after: float | None = None
    """Bounds of the creation, themselves included."""
    last_id: str = ""
    limit: int = 20


class Span(Struct, frozen=True):
    """Over which time figures are asked, and how finely."""

    since: float
    until: float
    """The end, itself not included."""
    step: float
    app_id: str | None = None

    def place(self, moment: float) -> int:
        """In which of the steps that is."""
        return int((moment - self.since) / self.step)


class Quantiles(Struct, frozen=True):
    """How long it took, in seconds: half took no longer than `p50`. None where nothing was timed."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class Figures(Struct, frozen=True):
    """What one app did in one step."""

    place: int
    """Which step, from 0."""
    app_id: str
    requests: int
    """Messages, and runs of workflows."""
    errors: int
    tokens: int
    latency: Quantiles = Quantiles()
    """From the request to the end."""
    first_token: Quantiles = Quantiles()
    """From the request to the first piece of the answer."""
    cost: dict[str, float] = {}
    """By currency."""


class Statistics(Struct, frozen=True):
    steps: tuple[Figures, ...]
    """By step and app; where nothing was, there is none."""
    whole: tuple[Figures, ...]
    """The whole time as one step, by app."""
    complete: bool
    """Whether times are told from all requests: of very many an even sample is. All else counts every one."""


class Erased(Struct, frozen=True):
    """How much of a user has gone."""

    conversations: int = 0
    messages: int = 0
    runs: int = 0
    """Of graphs, with their nodes and forms."""
    files: int = 0
    keys: int = 0
    """Of requests that might have come again."""
    users: int = 0
    """In how many apps the user was known."""

    def __add__(self, other: "Erased") -> "Erased":
        return Erased(
            self.conversations + other.conversations,
            self.messages + other.messages,
            self.runs + other.runs,
            self.files + other.files,
            self.keys + other.keys,
            self.users + other.users,
        )
