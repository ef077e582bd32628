"""Runs of workflow apps: what is asked of them (contract 3.3, 5.1, 5.10). Does not know what a run comes to.

As a completion's request, but without a query: what a workflow works on stands in its form.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parlour.domain.problems import InvalidParam, NotWorkflowApp
from parlour.domain.turn import Ask
from parlour.domain.workflow_run import LogQuery
from parlour.wire import body as read
from parlour.wire import files
from parlour.wire.accepted import Accepted
from parlour.wire.bodies import Success
from parlour.wire.chat import Asked, WebhookUrl, response_mode, version_id, webhook_url
from parlour.wire.completion import Files, Values
from parlour.wire.operation import Operation
from parlour.wire.queries import Limit, Moment, limit_of, moment, whole, word
from parlour.wire.tracing import UNTRACED, TraceId, TraceSessionId, Tracing
from parlour.wire.workflow_bodies import BlockingRun, RunDetail, RunLogs

RUNNING = frozenset({"workflow"})
"""The modes whose runs are begun here."""
RECORDED = frozenset({"workflow", "advanced-chat"})
"""The modes whose runs can be looked at here."""
STATUSES = ("succeeded", "failed", "stopped")
LAST_PAGE = 99_999


class WorkflowRequest(Struct):
    """A form for a workflow app. Members that are not listed are ignored."""

    inputs: Values
    user: Annotated[str | int, Meta(description="Your own name for your user.")]
    response_mode: Annotated[
        Literal["blocking", "streaming", "async"] | None,
        Meta(
            description="`blocking` (the default) waits for the end; `streaming` sends server-sent events; `async` (an"
            " addition) answers 202 at once, and `GET /v1/runs/{run_id}` tells what becomes of it."
        ),
    ] = None
    files: Files = None
    trace_id: TraceId = None
    trace_session_id: TraceSessionId = None
    webhook_url: WebhookUrl = None


class StopRequest(Struct):
    """Who asks: required, and not compared. A task is its app's."""

    user: Annotated[str | int, Meta(description="Your own name for your user.")]


class LogsQuery(Struct, frozen=True):
    """A page of an app's runs."""

    keyword: Annotated[str, Meta(description="Only runs with this in their inputs or outputs.")] = ""
    status: Annotated[
        Literal["succeeded", "failed", "stopped"] | None, Meta(description="Only runs that ended so.")
    ] = None
    page: Annotated[int, Meta(ge=1, le=LAST_PAGE, description="Which page, from 1.")] = 1
    limit: Limit = 20
    created_at__before: Annotated[Moment, Meta(description="Only runs that began then, or earlier (ISO 8601).")] = None
    created_at__after: Annotated[Moment, Meta(description="Only runs that began then, or later (ISO 8601).")] = None
    created_by_end_user_session_id: Annotated[str, Meta(description="Only runs of this user of yours.")] = ""
    created_by_account: Annotated[str, Meta(description="Always refused: no run here is made by an account.")] = ""


def _run(path: str, id_: str, summary: str) -> Operation:
    return Operation(
        method="post",
        path=path,
        id=id_,
        summary=summary,
        tag="Workflows",
        request=WorkflowRequest,
        response=BlockingRun,
        later=Accepted,
        stream=True,
        repeatable=True,
    )


def _stop(path: str, id_: str, summary: str) -> Operation:
    return Operation(
        method="post", path=path, id=id_, summary=summary, tag="Workflows", request=StopRequest, response=Success
    )


OPERATIONS = (
    _run("/v1/workflows/run", "runWorkflow", "Run a workflow"),
    _run("/v1/workflows/{workflow_id}/run", "runWorkflowVersion", "Run one version of a workflow"),
    _stop("/v1/workflows/tasks/{task_id}/stop", "stopWorkflow", "Stop a run that goes on"),
    _stop("/v1/workflows/{task_id}/stop", "stopWorkflowAsBefore", "The same, for older clients"),
    Operation(
        method="get",
        path="/v1/workflows/run/{workflow_run_id}",
        id="getWorkflowRun",
        summary="How a run of a workflow or chatflow went",
        tag="Workflows",
        response=RunDetail,
    ),
    Operation(
        method="get",
        path="/v1/workflows/logs",
        id="listWorkflowRuns",
        summary="The runs of a workflow or chatflow",
        tag="Workflows",
        query=LogsQuery,
        response=RunLogs,
    ),
)


def check_mode(mode: str, known: frozenset[str]) -> None:
    """Raises: NotWorkflowApp."""
    if mode not in known:
        raise NotWorkflowApp


def parse(
    body: Mapping[str, object],
    *,
    mode: str,
    version: str | None = None,
    trace: Tracing = UNTRACED,
    admit: Callable[[], None] = lambda: None,
) -> Asked:
    """What can be told of a request before its app's form is looked at. `version`: the one that its path names.

    `admit` raises where its app has no place free: once the body is well formed, as for a chat (contract 1.6).

    Raises:
        Problem: what is wrong with it; the first thing in the order of contract 1.6.
    """
    user = read.user(body)
    check_mode(mode, RUNNING)
    inputs = read.inputs(body)
    wanted, entries = response_mode(body, later=True), files.array(body.get("files"))
    admit()
    ask = Ask(
        query="",
        user=user,
        inputs={},
        streaming=wanted == "streaming",
        auto_generate_name=False,
        workflow_id="" if version is None else version_id(version),
        trace_id=trace.id,
        trace_session=trace.session,
    )
    return Asked(ask, inputs, entries, wanted == "async", webhook_url(body, wanted))


def parse_logs(query: Mapping[str, str]) -> LogQuery:
    """Raises: InvalidParam, naming the parameter."""
    status = word(query, "status", STATUSES)
    if account := query.get("created_by_account"):
        raise InvalidParam(f"Account not found: {account}", params="created_by_account")
    return LogQuery(
        page=whole(query, "page", default=1, least=1, most=LAST_PAGE),
        limit=limit_of(query),
        keyword=query.get("keyword", ""),
        status=status,
        before=moment(query, "created_at__before"),
        after=moment(query, "created_at__after"),
        user=query.get("created_by_end_user_session_id") or None,
    )
