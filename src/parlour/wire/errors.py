"""A problem to the error envelope (contract 1.3), in either profile of section 0.

Does not know what went wrong beyond the problem's own words.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parlour.domain.problems import (
    ConversationNotExists,
    DraftWorkflow,
    MalformedWorkflowId,
    Problem,
    RangeNotSatisfiable,
    RateLimited,
    RunFailed,
    SpeechToTextDisabled,
    TooManyRequests,
    Unauthorized,
    WorkflowNotFound,
)
from parlour.wire.encode import encode

Profile = Literal["documented", "upstream"]
"""Whose answers to give where the documented contract and Dify's server differ (contract 0)."""


class ErrorBody(Struct):
    """Every failure, whatever the path."""

    code: Annotated[str, Meta(description="A short name of the failure, for programs.")]
    message: Annotated[str, Meta(description="What went wrong and what to do about it.")]
    status: Annotated[int, Meta(description="The HTTP status again.")]
    params: Annotated[str | UnsetType, Meta(description="The member of the request at fault, if it is one.")] = UNSET
    cause: Annotated[str | UnsetType, Meta(description="Of a graph: the `code` of its provider's failure.")] = UNSET
    conversation_id: Annotated[str | UnsetType, Meta(description="On a blocking run that failed: what it left.")] = (
        UNSET
    )
    message_id: str | UnsetType = UNSET
    task_id: str | UnsetType = UNSET


_UPSTREAM: Mapping[type[Problem], tuple[str, int]] = {
    WorkflowNotFound: ("not_found", 404),  # 0.3
    DraftWorkflow: ("bad_request", 400),  # 0.4
    MalformedWorkflowId: ("bad_request", 400),  # 0.5
    ConversationNotExists: ("not_found", 404),  # 0.6
    SpeechToTextDisabled: ("invalid_param", 400),  # 1.5
}
_HEADERS: Mapping[type[Problem], Mapping[str, str]] = {
    Unauthorized: {"WWW-Authenticate": 'Bearer realm="api"'},  # 1.1
    TooManyRequests: {"Retry-After": "1"},  # quirk 1
}
_NOTHING: Mapping[str, str] = MappingProxyType({})


def code_and_status(problem: Problem, profile: Profile) -> tuple[str, int]:
    """What clients know the problem by."""
    known = (problem.code, problem.status)
    return _UPSTREAM.get(type(problem), known) if profile == "upstream" else known


def cause(problem: Problem) -> dict[str, str]:
    """Why a run of a graph failed, for programs: its own code says no more than that it did (quirk 10)."""
    return {"cause": problem.cause} if isinstance(problem, RunFailed) and problem.cause else {}


def render(
    problem: Problem, profile: Profile = "documented", extra: Mapping[str, str] = _NOTHING
) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers. `extra` is what a failed blocking run left (quirk 8): its ids."""
    code, status = code_and_status(problem, profile)
    members: dict[str, object] = {"code": code, "message": problem.message, "status": status, **cause(problem)}
    if problem.params is not None:
        members["params"] = problem.params
    headers = {"Content-Type": "application/json", **_HEADERS.get(type(problem), _NOTHING)}
    if isinstance(problem, RateLimited):
        headers["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{problem.size}"
    return status, encode(members | dict(extra)), headers
