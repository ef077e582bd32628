"""Runs as an operator sees them: their list, and of one its graph, what each node did, which models were asked, what
was asked and answered, what goes on.

Not in the contract: an addition. Knows no store, and not how much is recorded.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, cast

from msgspec import Meta, Struct

from parlour.domain.events import (
    AgentTextDelta,
    AgentThought,
    AnswerReplaced,
    AnyEvent,
    ContainerStarted,
    NodeOutcome,
    NodeStarted,
    NodeStatus,
    RunFinished,
    RunStatus,
    TextDelta,
    WorkflowPaused,
)
from parlour.domain.graph import Graph
from parlour.domain.message import Message, MessageStatus, Page
from parlour.domain.oversight import AnyRun
from parlour.domain.usage import plain
from parlour.domain.workflow_run import Level
from parlour.wire.admin import Names, Time
from parlour.wire.admin_answers import ModelCall, Said, Step, Values, said, step_of
from parlour.wire.bodies import DecimalText
from parlour.wire.encode import encode
from parlour.wire.flow_values import shown


class AdminRun(Struct, kw_only=True):
    """A run of a graph, or of an app that answers without one."""

    id: Annotated[str, Meta(description="Without a graph, that of its message.")]
    app_id: str
    app: Annotated[str, Meta(description="The operator's name for the app; empty if it is no longer served.")]
    user: str
    task_id: str
    conversation_id: Annotated[str, Meta(description="Empty for a workflow.")]
    message_id: str
    query: Annotated[str, Meta(description="What was asked; told without a graph only.")]
    workflow_id: Annotated[str, Meta(description="The version of the app that ran; empty without a graph.")]
    status: RunStatus
    error: str | None
    elapsed_time: float
    time_to_first_text: Annotated[float | None, Meta(description="From the request on, in seconds.")]
    total_tokens: int
    total_steps: Annotated[int, Meta(description="Nodes that ran, or models that were asked.")]
    exceptions_count: int
    total_price: DecimalText
    currency: str
    created_at: Time
    finished_at: Time | None


class AdminRuns(Struct):
    """The newest first."""

    limit: int
    has_more: bool
    data: tuple[AdminRun, ...]


class GraphNode(Struct):
    """A node of the graph."""

    id: str
    type: str
    title: str
    parent: Annotated[str, Meta(description="The iteration or loop that holds it; empty at the top.")]


class GraphEdge(Struct):
    """A way from node to node."""

    source: str
    target: str
    handle: Annotated[str, Meta(description="By which way the source is left.")]


class GraphBody(Struct):
    """The graph of the version that ran."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


class NodeRun(Struct, kw_only=True):
    """What a node did, once; in an iteration or a loop there is one for each round."""

    id: str
    node_id: str
    node_type: str
    title: str
    index: int
    predecessor_node_id: str | None
    status: NodeStatus
    error: str | None
    started_at: Time
    elapsed_time: float
    total_tokens: int | None
    total_price: str | None
    currency: str | None
    iteration_id: str | None
    loop_id: str | None
    round: Annotated[int | None, Meta(description="Which round of its iteration or loop, from 0.")]
    calls: tuple[ModelCall, ...]
    inputs: Annotated[Values | None, Meta(description="Null unless the app records in full; so are the next two.")]
    process_data: Values | None
    outputs: Values | None


class AdminRunDetail(Struct):
    """A run, whole."""

    run: AdminRun
    inputs: Values
    outputs: Values | None
    record: Annotated[Level, Meta(description="How much the app records of its nodes.")]
    graph: Annotated[GraphBody | None, Meta(description="Null where that version is no longer known.")]
    nodes: Annotated[tuple[NodeRun, ...], Meta(description="In the order of their end; none while the run goes on.")]
    said: Annotated[Said | None, Meta(description="What was asked and answered; null of a workflow.")]


class RunNews(Struct):
    """Something that happened in a run that goes on."""

    event: Literal["node_started", "node_finished", "text", "replaced", "step", "paused", "finished"]
    node: NodeRun | None = None
    text: Annotated[str | None, Meta(description="A piece of the answer, or what stands in its place.")] = None
    step: Annotated[Step | None, Meta(description="Of an agent; told again when more of it is known.")] = None


def runs(page: Page[AnyRun], limit: int, names: Names) -> bytes:
    return encode(AdminRuns(limit, page.has_more, tuple(run_of(run, names) for run in page.items)))


def run_of(run: AnyRun, names: Names) -> AdminRun:
    if isinstance(run, Message):
        return _answering(run, names)
    return AdminRun(
        id=run.id,
        app_id=run.owner.app_id,
        app=names.get(run.owner.app_id, ""),
        user=run.owner.user,
        task_id=run.task_id,
        conversation_id=run.conversation_id,
        message_id=run.message_id,
        query="",
        workflow_id=run.version,
        status=run.status,
        error=run.error,
        elapsed_time=run.elapsed_time,
        time_to_first_text=run.first_text,
        total_tokens=run.total_tokens,
        total_steps=run.total_steps,
        exceptions_count=run.exceptions,
        total_price=plain(run.usage.total_price),
        currency=run.usage.price.currency,
        created_at=run.created_at,
        finished_at=run.finished_at,
    )


def _answering(message: Message, names: Names) -> AdminRun:
    usage, took = message.usage, message.took
    return AdminRun(
        id=message.id,
        app_id=message.owner.app_id,
        app=names.get(message.owner.app_id, ""),
        user=message.owner.user,
        task_id=message.task_id,
        conversation_id=message.conversation_id,
        message_id=message.id,
        query=message.query,
        workflow_id="",
        status=STATUSES[message.status],
        error=message.error,
        elapsed_time=usage.latency if took is None else took,
        time_to_first_text=message.first_text,
        total_tokens=usage.total_tokens,
        total_steps=len(message.calls),
        exceptions_count=0,
        total_price=plain(usage.total_price),
        currency=usage.price.currency,
        created_at=message.created_at,
        finished_at=None if took is None else message.created_at + took,
    )


STATUSES: dict[MessageStatus, RunStatus] = {
    "running": "running",
    "normal": "succeeded",
    "error": "failed",
    "paused": "paused",
}
"""How a run stands whose message stands so."""


def detail(
    run: AnyRun,
    graph: Graph | None,
    outcomes: Sequence[NodeOutcome],
    message: Message | None,
    level: Level,
    names: Names,
) -> bytes:
    """`message`: what was asked and answered, if that is no workflow's."""
    return encode(
        AdminRunDetail(
            run_of(run, names),
            cast("Values", shown(run.inputs)),
            None if isinstance(run, Message) else cast("Values | None", shown(run.outputs)),
            level,
            None if graph is None else _graph(graph),
            tuple(_node(outcome) for outcome in outcomes),
            None if message is None else said(message, level),
        )
    )


def news(event: AnyEvent, outcome: NodeOutcome | None, level: Level, *, answers: bool) -> bytes:
    """What is told of an event; nothing of most. `outcome`: of the node that has ended, as much as is recorded;
    `answers`: whether texts are an answer that is told."""
    found = RunNews("node_finished", _node(outcome)) if outcome is not None else _news(event, level)
    return b"" if found is None or (found.text is not None and not answers) else _frame(found)


def _news(event: AnyEvent, level: Level) -> RunNews | None:
    found: RunNews | None = None
    match event:
        case TextDelta() | AgentTextDelta():
            found = RunNews("text", text=event.text)
        case AnswerReplaced():
            found = RunNews("replaced", text=event.text)
        case AgentThought():
            found = RunNews("step", step=step_of(event, level))
        case NodeStarted() | ContainerStarted():
            found = RunNews("node_started", _begun(event))
        case WorkflowPaused():
            found = RunNews("paused")
        case RunFinished():
            found = RunNews("finished")
        case _:
            pass
    return found


def _frame(said: RunNews) -> bytes:
    return b"data: " + encode(said) + b"\n\n"


def _graph(graph: Graph) -> GraphBody:
    return GraphBody(
        tuple(GraphNode(node.id, node.type, node.title, node.parent) for node in graph.nodes),
        tuple(GraphEdge(edge.source, edge.target, edge.handle) for edge in graph.edges),
    )


def _begun(event: NodeStarted | ContainerStarted) -> NodeRun:
    plain = isinstance(event, NodeStarted)
    return NodeRun(
        id=event.id,
        node_id=event.node_id,
        node_type=event.node_type,
        title=event.title,
        index=event.index if plain else 0,
        predecessor_node_id=event.predecessor_node_id if plain else None,
        status="running",
        error=None,
        started_at=event.created_at,
        elapsed_time=0,
        total_tokens=None,
        total_price=None,
        currency=None,
        iteration_id=event.iteration_id if plain else None,
        loop_id=event.loop_id if plain else None,
        round=None,
        calls=(),
        inputs=None,
        process_data=None,
        outputs=None,
    )


def _node(outcome: NodeOutcome) -> NodeRun:
    costs = outcome.execution_metadata or {}
    round_ = costs.get("iteration_index", costs.get("loop_index"))
    return NodeRun(
        id=outcome.id,
        node_id=outcome.node_id,
        node_type=outcome.node_type,
        title=outcome.title,
        index=outcome.index,
        predecessor_node_id=outcome.predecessor_node_id,
        status=outcome.status,
        error=outcome.error,
        started_at=outcome.began or outcome.created_at,
        elapsed_time=outcome.elapsed_time,
        total_tokens=_number(costs, "total_tokens"),
        total_price=_text(costs, "total_price"),
        currency=_text(costs, "currency"),
        iteration_id=outcome.iteration_id,
        loop_id=outcome.loop_id,
        round=round_ if isinstance(round_, int) else None,
        calls=tuple(_calls(outcome)),
        inputs=cast("Values | None", shown(outcome.inputs)),
        process_data=cast("Values | None", shown(outcome.process_data)),
        outputs=cast("Values | None", shown(outcome.outputs)),
    )


def _calls(outcome: NodeOutcome) -> Iterator[ModelCall]:
    """An agent tells of its calls in its log; another node asks a model once, and ends with that."""
    lines = (outcome.execution_metadata or {}).get("agent_log")
    for line in cast("list[Values]", lines) if isinstance(lines, list) else ():
        costs = cast("Values", line["metadata"])
        if line["parent_id"] is not None and "finished_at" in costs:
            provider = _text(costs, "provider")
            yield ModelCall(
                label=str(line["label"]),
                model=str(line["label"]).removesuffix(" Thought") if provider else None,
                started_at=cast("float", costs["started_at"]),
                elapsed_time=cast("float", costs["elapsed_time"]),
                time_to_first_token=None,
                total_tokens=_number(costs, "total_tokens"),
                total_price=_text(costs, "total_price"),
                error=cast("str | None", line["error"]),
            )
    process = outcome.process_data or {}
    usage = process.get("usage")
    if isinstance(usage, dict):
        took = cast("Values", usage)
        latency = cast("float", took.get("latency") or 0.0)
        model = _text(process, "model_name")
        yield ModelCall(
            label=model or "model",
            model=model,
            started_at=(outcome.began or outcome.created_at) + max(0.0, outcome.elapsed_time - latency),
            elapsed_time=latency,
            time_to_first_token=cast("float | None", took.get("time_to_first_token")),
            total_tokens=_number(took, "total_tokens"),
            total_price=_text(took, "total_price"),
            error=None,
        )


def _number(values: Mapping[str, object], name: str) -> int | None:
    found = values.get(name)
    return found if isinstance(found, int) else None


def _text(values: Mapping[str, object], name: str) -> str | None:
    found = values.get(name)
    return found if isinstance(found, str) else None
