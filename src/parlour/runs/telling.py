"""What is kept of a run of a graph, told again as events. Knows no store and no wire."""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from parlour.domain.events import (
    AnyEvent,
    NodeFinished,
    NodeOutcome,
    NodeStarted,
    WorkflowFinished,
    WorkflowPaused,
    WorkflowStarted,
)
from parlour.domain.files import File
from parlour.domain.people import end_user_id
from parlour.domain.values import revived
from parlour.domain.workflow_run import LaidAside, WorkflowRun


def finished(run: WorkflowRun) -> WorkflowFinished:
    """How it ended."""
    outputs = cast("dict[str, object] | None", revived(run.outputs))
    files = (outputs or {}).get("files") if run.message_id else None
    return WorkflowFinished(
        id=run.id,
        workflow_id=run.version,
        status=run.status,
        outputs=outputs,
        error=run.error,
        elapsed_time=run.elapsed_time,
        total_tokens=run.total_tokens,
        total_steps=run.total_steps,
        created_by={"id": end_user_id(run.owner), "user": run.owner.user},
        created_at=int(run.created_at),
        finished_at=None if run.finished_at is None else int(run.finished_at),
        exceptions_count=run.exceptions,
        files=tuple(cast("list[File]", files)) if isinstance(files, list) else (),
    )


def paused(laid: LaidAside) -> WorkflowPaused:
    """What it waits for."""
    forms = tuple(form.asked for form in laid.forms if form.submission is None)
    return WorkflowPaused(
        workflow_run_id=laid.run.id,
        paused_nodes=tuple(form.node_id for form in forms),
        outputs={},
        reasons=forms,
        created_at=int(laid.run.created_at + laid.run.elapsed_time),
        elapsed_time=laid.run.elapsed_time,
        total_tokens=laid.run.total_tokens,
        total_steps=laid.run.total_steps,
    )


def so_far(run: WorkflowRun, kept: Sequence[NodeOutcome], events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
    """Its beginning, then each node that has run, and those that are running: of what is kept, and what it has said."""
    said = list(events)
    begun = next((one for one in said if isinstance(one, WorkflowStarted) and one.reason == "initial"), None)
    yield begun or WorkflowStarted(run.id, run.version, run.inputs, int(run.created_at))
    outcomes = {one.id: one for one in kept} | {
        one.outcome.id: one.outcome for one in said if isinstance(one, NodeFinished)
    }
    for outcome in outcomes.values():
        yield started(outcome)
        yield NodeFinished(outcome)
    yield from (one for one in said if isinstance(one, NodeStarted) and one.id not in outcomes)


def started(outcome: NodeOutcome) -> NodeStarted:
    return NodeStarted(
        id=outcome.id,
        node_id=outcome.node_id,
        node_type=outcome.node_type,
        title=outcome.title,
        index=outcome.index,
        created_at=outcome.created_at,
        predecessor_node_id=outcome.predecessor_node_id,
        extras=outcome.extras,
        iteration_id=outcome.iteration_id,
        loop_id=outcome.loop_id,
    )
