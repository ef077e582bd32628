"""Answers about runs of graphs that are one JSON body (contract 3.2, 3.3, 5.10).

The structs are what is sent and what the API's description is made from. Does not know where the values come from.
"""

from typing import Annotated, Literal, cast

from msgspec import UNSET, Meta, Struct, UnsetType

from parlour.domain.events import RunStatus, WorkflowFinished, WorkflowPaused, WorkflowStarted
from parlour.domain.ids import Ids
from parlour.domain.people import end_user_id
from parlour.domain.record import Record
from parlour.domain.workflow_run import LogPage, LogQuery, WorkflowRun
from parlour.wire.bodies import Seconds, metadata
from parlour.wire.body import DEFAULT_USER
from parlour.wire.encode import encode
from parlour.wire.flow_values import shown
from parlour.wire.workflow_events import describe


class RunData(Struct, kw_only=True):
    """How a run went, or what it waits for."""

    id: str
    workflow_id: Annotated[str, Meta(description="The version of the app that ran.")]
    status: RunStatus
    outputs: dict[str, object] | None
    error: str | None
    elapsed_time: float
    total_tokens: int
    total_steps: int
    created_at: Seconds
    finished_at: Seconds | None
    paused_nodes: Annotated[tuple[str, ...] | UnsetType, Meta(description="Of a run that waits for somebody.")] = UNSET
    reasons: Annotated[tuple[dict[str, object], ...] | UnsetType, Meta(description="What it waits for.")] = UNSET


class BlockingRun(Struct):
    """A whole run. One that failed is told here as well, with its status and its error."""

    task_id: str
    workflow_run_id: str
    data: RunData


class RunDetail(Struct):
    """A run, as it is kept."""

    id: str
    workflow_id: Annotated[str, Meta(description="The version of the app that ran.")]
    status: RunStatus
    inputs: Annotated[str, Meta(description="JSON text.")]
    outputs: Annotated[dict[str, object], Meta(description="Empty until there are some.")]
    error: str | None
    total_steps: int
    total_tokens: int
    created_at: Seconds
    finished_at: Seconds | None
    elapsed_time: float


class RunSummary(Struct):
    """A run, in a list."""

    id: str
    version: Annotated[str, Meta(description="The version of the app that ran.")]
    status: RunStatus
    triggered_from: Literal["app-run"]
    error: str | None
    elapsed_time: float
    total_tokens: int
    total_steps: int
    created_at: Seconds
    finished_at: Seconds | None
    exceptions_count: int


class Runner(Struct):
    """Whose run it was."""

    id: str
    type: Literal["service-api"]
    is_anonymous: bool
    session_id: str


class RunLog(Struct):
    """An entry of the list."""

    id: str
    workflow_run: RunSummary
    details: dict[str, object] | None
    created_from: Literal["service-api"]
    created_by_role: Literal["end_user"]
    created_by_account: dict[str, object] | None
    created_by_end_user: Runner
    created_at: Seconds


class RunLogs(Struct):
    """The newest first."""

    page: int
    limit: int
    total: int
    has_more: bool
    data: tuple[RunLog, ...]


def blocking(ids: Ids, record: Record) -> bytes:
    """What a blocking caller is told of a run of a workflow, of a failed one too (contract 3.3)."""
    data = _finished(record.closing) if record.closing is not None else _waiting(record)
    return encode(BlockingRun(ids.task_id, ids.workflow_run_id, data))


def _finished(told: WorkflowFinished) -> RunData:
    return RunData(
        id=told.id,
        workflow_id=told.workflow_id,
        status=told.status,
        outputs=_object(told.outputs),
        error=told.error,
        elapsed_time=told.elapsed_time,
        total_tokens=told.total_tokens,
        total_steps=told.total_steps,
        created_at=told.created_at,
        finished_at=told.finished_at,
    )


def _waiting(record: Record) -> RunData:
    began, told = cast("WorkflowStarted", record.opening), cast("WorkflowPaused", record.paused)
    said = describe(told)[1]
    return RunData(
        id=began.id,
        workflow_id=began.workflow_id,
        status="paused",
        outputs=_object(told.outputs),
        error=None,
        elapsed_time=told.elapsed_time,
        total_tokens=told.total_tokens,
        total_steps=told.total_steps,
        created_at=began.created_at,
        finished_at=None,
        paused_nodes=told.paused_nodes,
        reasons=tuple(cast("list[dict[str, object]]", said["reasons"])),
    )


def detail(run: WorkflowRun) -> bytes:
    """Contract 5.10."""
    return encode(
        RunDetail(
            id=run.id,
            workflow_id=run.version,
            status=run.status,
            inputs=encode(shown(run.inputs)).decode(),
            outputs=_object(run.outputs) or {},
            error=run.error,
            total_steps=run.total_steps,
            total_tokens=run.total_tokens,
            created_at=int(run.created_at),
            finished_at=_ended(run),
            elapsed_time=run.elapsed_time,
        )
    )


def logs(page: LogPage, asked: LogQuery) -> bytes:
    """Contract 5.10."""
    more = asked.page * asked.limit < page.total
    return encode(RunLogs(asked.page, asked.limit, page.total, more, tuple(_log(run) for run in page.items)))


def _log(run: WorkflowRun) -> RunLog:
    """An entry has the id of its run: nothing looks it up by another."""
    user = run.owner.user
    return RunLog(
        id=run.id,
        workflow_run=RunSummary(
            id=run.id,
            version=run.version,
            status=run.status,
            triggered_from="app-run",
            error=run.error,
            elapsed_time=run.elapsed_time,
            total_tokens=run.total_tokens,
            total_steps=run.total_steps,
            created_at=int(run.created_at),
            finished_at=_ended(run),
            exceptions_count=run.exceptions,
        ),
        details=None,
        created_from="service-api",
        created_by_role="end_user",
        created_by_account=None,
        created_by_end_user=Runner(end_user_id(run.owner), "service-api", user == DEFAULT_USER, user),
        created_at=int(run.created_at),
    )


def _object(outputs: dict[str, object] | None) -> dict[str, object] | None:
    return None if outputs is None else cast("dict[str, object]", shown(outputs))


def _ended(run: WorkflowRun) -> int | None:
    return None if run.finished_at is None else int(run.finished_at)


def paused(ids: Ids, mode: str, record: Record) -> bytes:
    """What a blocking caller is told of a chatflow that waits for somebody (contract 3.2)."""
    told = describe(cast("WorkflowPaused", record.paused))[1]
    beside = {"conversation_id": ids.conversation_id, "message_id": ids.message_id, "answer": record.answer}
    return encode(
        {
            "event": "workflow_paused",
            "task_id": ids.task_id,
            "id": ids.message_id,
            "message_id": ids.message_id,
            "conversation_id": ids.conversation_id,
            "mode": mode,
            "workflow_run_id": ids.workflow_run_id,
            "answer": record.answer,
            "metadata": metadata(mode, record.usage, record.citations, record.annotation),
            "created_at": ids.created_at,
            "data": {**told, **beside},
        }
    )
