"""Requests that are answered before they are done, and what has become of them. An addition. Knows no run."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from parlour.domain.events import RunStatus
from parlour.domain.ids import Ids
from parlour.domain.problems import Problem
from parlour.wire import errors
from parlour.wire.encode import encode
from parlour.wire.errors import ErrorBody, Profile
from parlour.wire.operation import Operation
from parlour.wire.queries import User


class Accepted(Struct):
    """The request is written down, and its run has begun."""

    run_id: Annotated[str, Meta(description="Ask `GET /v1/runs/{run_id}` for it, as long as the run is kept.")]
    task_id: Annotated[str, Meta(description="For stopping it, and for its events.")]
    status: Literal["running"]
    created_at: int
    message_id: str | UnsetType = UNSET
    conversation_id: str | UnsetType = UNSET
    workflow_run_id: str | UnsetType = UNSET


class Outcome(Struct):
    """What has become of a run."""

    run_id: str
    status: Literal["running", "succeeded", "partial-succeeded", "failed", "stopped", "paused"]
    result: Annotated[
        dict[str, object] | None, Meta(description="What a blocking caller would have been told; null until then.")
    ] = None
    error: Annotated[ErrorBody | None, Meta(description="Why it failed, if it did.")] = None


class OutcomeQuery(Struct, frozen=True):
    """Whose run it is."""

    user: User


OPERATIONS = (
    Operation(
        method="get",
        path="/v1/runs/{run_id}",
        id="getRun",
        summary="What has become of a run",
        tag="Chat",
        query=OutcomeQuery,
        response=Outcome,
    ),
)


def accepted(ids: Ids) -> bytes:
    return encode(
        Accepted(
            run_id=ids.lasting,
            task_id=ids.task_id,
            status="running",
            created_at=ids.created_at,
            message_id=ids.message_id or UNSET,
            conversation_id=ids.conversation_id or UNSET,
            workflow_run_id=ids.workflow_run_id or UNSET,
        )
    )


def outcome(run_id: str, status: RunStatus, result: bytes | None, problem: Problem | None, profile: Profile) -> bytes:
    """`result`: the body of a blocking reply."""
    error = None if problem is None else Raw(errors.render(problem, profile)[1])
    members = {"run_id": run_id, "status": status, "result": None if result is None else Raw(result), "error": error}
    return encode(members)
