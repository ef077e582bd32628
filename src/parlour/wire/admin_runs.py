"""One run of a graph as an operator sees it: its graph, what each node did, which models were asked, what goes on.

Not in the contract: an addition. Knows no store, and not how much is recorded.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, cast

from msgspec import Meta, Struct

from parlour.domain.events import (
    AnyEvent,
    ContainerStarted,
    NodeOutcome,
    NodeStarted,
    NodeStatus,
    RunFinished,
    WorkflowPaused,
)
from parlour.domain.graph import Graph
from parlour.domain.workflow_run import Level, WorkflowRun
from parlour.wire.admin import AdminRun, Names, Time, run_of
from parlour.wire.encode import encode
from parlour.wire.flow_values import shown

Values = dict[str, object]


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


class ModelCall(Struct):
    """A model, or a tool of an agent, that a node has asked."""

    label: str
    model: str | None
    started_at: Time
    elapsed_time: float
    time_to_first_token: float | None
    total_tokens: int | None
    total_price: str | None
    error: str | None


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


class RunNews(Struct):
    """Something that happened in a run that goes on."""

    event: Literal["node_started", "node_finished", "paused", "finished"]
    node: NodeRun | None = None


def detail(run: WorkflowRun, graph: Graph | None, outcomes: Sequence[NodeOutcome], level: Level, names: Names) -> bytes:
    return encode(
        AdminRunDetail(
            run_of(run, names),
            cast("Values", shown(run.inputs)),
            cast("Values | None", shown(run.outputs)),
            level,
            None if graph is None else _graph(graph),
            tuple(_node(outcome) for outcome in outcomes),
        )
    )


def news(event: AnyEvent, outcome: NodeOutcome | None) -> bytes:
    """What is told of an event; nothing of most. `outcome`: of the node that has ended, as much as is recorded."""
    if outcome is not None:
        return _frame(RunNews("node_finished", _node(outcome)))
    match event:
        case NodeStarted() | ContainerStarted():
            return _frame(RunNews("node_started", _begun(event)))
        case WorkflowPaused():
            return _frame(RunNews("paused"))
        case RunFinished():
            return _frame(RunNews("finished"))
        case _:
            return b""


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
