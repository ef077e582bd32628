"""What a run says: the one event union, read by streaming, blocking, resuming, saving and tracing alike.

Order, as every mode keeps it: text first, then `AnswerFinished` (what follows it may only be sound or the end of a
workflow), last of all exactly one `RunFinished`. Does not know what an event looks like on the wire; the members of
the workflow events are named as clients know them because there is no better name (contract 4.3).
"""

from typing import Literal

from msgspec import Struct

from parlour.domain.app import Model
from parlour.domain.citation import AnnotationHit, Citation
from parlour.domain.files import File
from parlour.domain.problems import Problem
from parlour.domain.usage import NOTHING, Usage

NodeStatus = Literal["running", "succeeded", "failed", "exception", "stopped", "paused", "retry"]
RunStatus = Literal["running", "succeeded", "failed", "stopped", "partial-succeeded", "paused"]


class ModelCalled(Struct, frozen=True, tag=True, tag_field="event"):
    """A model was asked. Never shown to a client: it lets a cut answer be accounted for."""

    model: Model
    prompt: tuple[str, ...]
    """The texts that were sent."""
    at: float
    """When, in seconds since 1970."""
    execution: str = ""
    """Which execution of a node asked it, in a graph."""


class ModelFinished(Struct, frozen=True, tag=True, tag_field="event"):
    """A model has said all, or has failed. Never shown to a client."""

    usage: Usage
    reason: str = "stop"
    called: ModelCalled | None = None
    """Which call it was; None for the last one."""


class TextDelta(Struct, frozen=True, tag=True, tag_field="event", gc=False):
    """A piece of the answer."""

    text: str
    selector: tuple[str, ...] | None = None
    """Which node's output it comes from (`("llm", "text")`), in a workflow."""


class AgentTextDelta(Struct, frozen=True, tag=True, tag_field="event", gc=False):
    """A piece of what an agent says, thoughts between tool calls included."""

    text: str


class ReasoningDelta(Struct, frozen=True, tag=True, tag_field="event"):
    """A piece of what a model thinks, kept apart from its answer."""

    text: str
    node_id: str | None = None
    final: bool = False


class AgentThought(Struct, frozen=True, tag=True, tag_field="event"):
    """One step of an agent. Sent again, with the same `id`, each time more of it is known."""

    id: str
    position: int
    thought: str = ""
    observation: str = ""
    """JSON text, `{tool: result}`."""
    tool: str = ""
    """Names joined by `;`."""
    tool_labels: dict[str, dict[str, str]] = {}
    tool_input: str = ""
    """JSON text, `{tool: {argument: value}}`."""
    message_files: tuple[str, ...] = ()
    created_at: int = 0
    """Seconds since 1970."""


class MessageFile(Struct, frozen=True, tag=True, tag_field="event"):
    """A file that the app made while it answered."""

    id: str
    type: str
    url: str
    belongs_to: str = "assistant"
    file: File | None = None
    """What it is, where it is kept here."""


class Retracted(Struct, frozen=True, tag=True, tag_field="event"):
    """The end of the answer is taken back: who said it has failed. Clients are told what is left (`AnswerReplaced`)."""

    characters: int


class AnswerReplaced(Struct, frozen=True, tag=True, tag_field="event"):
    """Forget the text so far; this stands in its place."""

    text: str
    reason: str = ""


class AnswerFinished(Struct, frozen=True, tag=True, tag_field="event"):
    """The text is complete. Whoever reads this finds the message saved."""

    usage: Usage = NOTHING
    citations: tuple[Citation, ...] = ()
    annotation: AnnotationHit | None = None
    files: tuple[File, ...] | None = None
    """Files, in a chatflow; none in a chat."""
    whole: str | None = None
    """All of it, where clients are told it once more."""


class Intercepted(Struct, frozen=True, tag=True, tag_field="event"):
    """Nothing more is said: what was asked, or what was answered, is not let through, or an annotation has answered.
    Never shown to a client."""

    reason: str
    unsaid: str = ""
    """What a model has said beside that which was told."""
    annotation: AnnotationHit | None = None


class AudioDelta(Struct, frozen=True, tag=True, tag_field="event"):
    """A piece of the answer spoken aloud, as base64."""

    audio: str


class AudioFinished(Struct, frozen=True, tag=True, tag_field="event"):
    """The speech is complete; `audio` is a last, silent piece."""

    audio: str


class VariableAssigned(Struct, frozen=True, tag=True, tag_field="event"):
    """A variable of the conversation was written. Never shown to a client: it is kept with the conversation."""

    name: str
    value: object


class WorkflowStarted(Struct, frozen=True, tag=True, tag_field="event"):
    id: str
    workflow_id: str
    inputs: dict[str, object]
    created_at: int
    reason: Literal["initial", "resumption"] = "initial"


class WorkflowFinished(Struct, frozen=True, tag=True, tag_field="event"):
    id: str
    workflow_id: str
    status: RunStatus
    outputs: dict[str, object] | None
    error: str | None
    elapsed_time: float
    total_tokens: int
    total_steps: int
    created_by: dict[str, str]
    created_at: int
    finished_at: int | None
    exceptions_count: int = 0
    files: tuple[File, ...] = ()


class NodeStarted(Struct, frozen=True, tag=True, tag_field="event"):
    id: str
    """The execution's UUID; the node's name in the graph is `node_id`."""
    node_id: str
    node_type: str
    title: str
    index: int
    created_at: int
    predecessor_node_id: str | None = None
    inputs: dict[str, object] | None = None
    inputs_truncated: bool = False
    extras: dict[str, object] = {}
    iteration_id: str | None = None
    loop_id: str | None = None
    agent_strategy: dict[str, str | None] | None = None


class NodeOutcome(Struct, frozen=True):
    """How an execution of a node went; shared by the events that report one."""

    id: str
    node_id: str
    node_type: str
    title: str
    index: int
    created_at: int
    status: NodeStatus
    elapsed_time: float
    finished_at: int
    predecessor_node_id: str | None = None
    inputs: dict[str, object] | None = None
    inputs_truncated: bool = False
    process_data: dict[str, object] | None = None
    process_data_truncated: bool = False
    outputs: dict[str, object] | None = None
    outputs_truncated: bool = False
    error: str | None = None
    execution_metadata: dict[str, object] | None = None
    extras: dict[str, object] = {}
    files: tuple[File, ...] = ()
    iteration_id: str | None = None
    loop_id: str | None = None
    began: float = 0.0
    """`created_at` to the microsecond, which no client is told; 0 where it is not known."""


class NodeFinished(Struct, frozen=True, tag=True, tag_field="event"):
    outcome: NodeOutcome


class NodeRetried(Struct, frozen=True, tag=True, tag_field="event"):
    outcome: NodeOutcome
    retry_index: int
    """From 1."""


class ContainerStarted(Struct, frozen=True, tag=True, tag_field="event"):
    """An iteration or a loop begins; stands in the place of its `NodeStarted`."""

    kind: Literal["iteration", "loop"]
    id: str
    node_id: str
    node_type: str
    title: str
    created_at: int
    length: int
    """How many rounds there will be at the most."""
    inputs: dict[str, object] = {}


class ContainerNext(Struct, frozen=True, tag=True, tag_field="event"):
    """A round of an iteration or a loop begins."""

    kind: Literal["iteration", "loop"]
    id: str
    node_id: str
    node_type: str
    title: str
    index: int
    """From 0."""
    created_at: int
    pre_loop_output: dict[str, object] = {}


class ContainerFinished(Struct, frozen=True, tag=True, tag_field="event"):
    """An iteration or a loop is over."""

    kind: Literal["iteration", "loop"]
    id: str
    node_id: str
    node_type: str
    title: str
    created_at: int
    status: Literal["succeeded", "failed"]
    elapsed_time: float
    total_tokens: int
    finished_at: int
    steps: int
    """Rounds that ran."""
    inputs: dict[str, object] = {}
    outputs: dict[str, object] | None = None
    error: str | None = None
    execution_metadata: dict[str, object] = {}
    began: float = 0.0
    """As that of `NodeOutcome`."""


class AgentLog(Struct, frozen=True, tag=True, tag_field="event"):
    """A line of an agent node's log. Sent again, with the same `id`, when it changes."""

    node_execution_id: str
    id: str
    label: str
    status: str
    node_id: str
    parent_id: str | None = None
    error: str | None = None
    data: dict[str, object] = {}
    metadata: dict[str, object] = {}


class HumanInputRequired(Struct, frozen=True, tag=True, tag_field="event"):
    form_id: str
    node_id: str
    node_title: str
    form_content: str
    inputs: tuple[dict[str, object], ...]
    actions: tuple[dict[str, object], ...]
    expiration_time: int
    display_in_ui: bool = False
    form_token: str | None = None
    resolved_default_values: dict[str, str] = {}


class WorkflowPaused(Struct, frozen=True, tag=True, tag_field="event"):
    workflow_run_id: str
    paused_nodes: tuple[str, ...]
    outputs: dict[str, object]
    reasons: tuple[HumanInputRequired, ...]
    created_at: int
    elapsed_time: float
    total_tokens: int
    total_steps: int


class Suspended(Struct, frozen=True, tag=True, tag_field="event"):
    """The run waits for somebody. Never shown to a client as such: once it is saved, what it holds is told."""

    state: bytes
    """All that it takes to go on."""
    forms: tuple[HumanInputRequired, ...]
    told: WorkflowPaused


class Journaled(Struct, frozen=True, tag=True, tag_field="event"):
    """A durable run has got so far. Never shown to a client: it is saved before the run goes on."""

    state: bytes
    """All that it takes to go on from here."""
    forms: tuple[HumanInputRequired, ...]
    """What somebody is asked meanwhile."""
    unsure: int
    """How many characters at the end of the answer would be said once more."""
    steps: int


class HumanInputFilled(Struct, frozen=True, tag=True, tag_field="event"):
    node_id: str
    node_title: str
    rendered_content: str
    action_id: str
    action_text: str
    submitted_data: dict[str, object] | None = None


class HumanInputTimedOut(Struct, frozen=True, tag=True, tag_field="event"):
    node_id: str
    node_title: str
    expiration_time: int


class TextReplaced(Struct, frozen=True, tag=True, tag_field="event"):
    """As `AnswerReplaced`, for apps that have no message."""

    text: str


class RunFinished(Struct, frozen=True, tag=True, tag_field="event"):
    """The run is over and saved. Always the last event, always there."""

    status: RunStatus
    problem: Problem | None = None
    """Why it failed, if it did."""


AnyEvent = (
    ModelCalled
    | ModelFinished
    | TextDelta
    | AgentTextDelta
    | ReasoningDelta
    | AgentThought
    | MessageFile
    | Retracted
    | AnswerReplaced
    | AnswerFinished
    | Intercepted
    | AudioDelta
    | AudioFinished
    | VariableAssigned
    | WorkflowStarted
    | WorkflowFinished
    | NodeStarted
    | NodeFinished
    | NodeRetried
    | ContainerStarted
    | ContainerNext
    | ContainerFinished
    | AgentLog
    | HumanInputRequired
    | WorkflowPaused
    | Suspended
    | Journaled
    | HumanInputFilled
    | HumanInputTimedOut
    | TextReplaced
    | RunFinished
)
