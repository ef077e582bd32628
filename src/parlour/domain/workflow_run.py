"""Runs of graphs, the nodes in them, and the variables of a conversation, as they are stored. Does not know where."""

from typing import Literal

from msgspec import Struct, json

from parlour.domain.events import HumanInputRequired, RunStatus
from parlour.domain.message import Owner
from parlour.domain.turn import Submission
from parlour.domain.usage import NOTHING, Usage

Level = Literal["none", "meta", "full"]
"""How much is kept of what the nodes of a run did: nothing, how it went, or their inputs and outputs as well."""

LARGEST_VARIABLE = 200 * 1024
"""Bytes of a conversation's variable as JSON (dsl.md 2.1)."""


class WorkflowRun(Struct, frozen=True):
    """One run of a chatflow or workflow."""

    id: str
    owner: Owner
    task_id: str
    version: str
    """The version of the app that ran: `workflow_id` on the wire."""
    inputs: dict[str, object]
    """What it was started with, files as JSON objects."""
    created_at: float
    message_id: str = ""
    """The message that it answers, in a chatflow."""
    conversation_id: str = ""
    status: RunStatus = "running"
    outputs: dict[str, object] | None = None
    error: str | None = None
    elapsed_time: float = 0.0
    total_tokens: int = 0
    total_steps: int = 0
    exceptions: int = 0
    finished_at: float | None = None
    usage: Usage = NOTHING
    """What its models took, once it has ended."""
    first_text: float | None = None
    """Seconds from the request to the first piece of text that was told, if there was one."""
    said: int = 0
    """How many characters of what it has told are certain; the rest will be told again if it is cut off."""

    @property
    def took(self) -> float | None:
        """Seconds from the request to the end; None of what goes on."""
        return None if self.finished_at is None else self.finished_at - self.created_at


def searched(run: WorkflowRun) -> str:
    """What a keyword is looked for in."""
    return json.encode((run.inputs, run.outputs)).decode().casefold()


class StoredVariable(Struct, frozen=True):
    """A variable of one conversation."""

    id: str
    """A UUID, the same in every conversation of the app."""
    name: str
    kind: str
    value: object
    """As JSON has it."""
    description: str
    created_at: float
    updated_at: float


class Form(Struct, frozen=True):
    """What somebody is asked while a run is laid aside."""

    run_id: str
    app_id: str
    asked: HumanInputRequired
    submission: Submission | None = None
    """What it was answered with; with an empty action once its time was over."""


class LaidAside(Struct, frozen=True):
    """A run that waits for somebody."""

    run: WorkflowRun
    state: bytes
    forms: tuple[Form, ...]
    """All of this pause, answered ones too."""


class LogQuery(Struct, frozen=True):
    """Which runs of an app are listed, newest first (contract 5.10)."""

    page: int = 1
    limit: int = 20
    keyword: str = ""
    """In inputs or outputs, as they are written."""
    status: str = ""
    before: float | None = None
    after: float | None = None
    """Bounds of the creation, themselves included."""
    user: str | None = None


class LogPage(Struct, frozen=True):
    items: tuple[WorkflowRun, ...]
    total: int
    """How many there are on all pages."""
