"""The error envelope: contract 1.3, 1.5 and the two profiles of 0.3-0.6."""

import pytest
from msgspec import json

from parlour.domain import problems
from parlour.domain.problems import (
    ConversationNotExists,
    DraftWorkflow,
    InvalidParam,
    MalformedWorkflowId,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthorized,
    WorkflowNotFound,
)
from parlour.wire.errors import Profile, render

EVERY = [
    kind
    for kind in vars(problems).values()
    if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("profile", ["documented", "upstream"])
def test_every_problem_speaks_the_envelope(kind: type[Problem], profile: Profile) -> None:
    status, body, headers = render(kind("what to do"), profile)
    assert headers["Content-Type"] == "application/json"
    found = json.decode(body)
    assert list(found) == ["code", "message", "status"]
    assert (found["message"], found["status"]) == ("what to do", status)
    if profile == "documented":
        assert (found["code"], status) == (kind.code, kind.status)


def test_an_envelope_is_byte_exact() -> None:
    assert render(InvalidParam("limit: too big", params="limit")) == (
        400,
        b'{"code":"invalid_param","message":"limit: too big","status":400,"params":"limit"}',
        {"Content-Type": "application/json"},
    )


@pytest.mark.parametrize(
    ("problem", "documented", "upstream"),
    [
        (WorkflowNotFound("w"), ("workflow_not_found", 400), ("not_found", 404)),
        (DraftWorkflow("w"), ("draft_workflow_error", 400), ("bad_request", 400)),
        (MalformedWorkflowId("w"), ("workflow_id_format_error", 400), ("bad_request", 400)),
        (ConversationNotExists(), ("conversation_not_exists", 404), ("not_found", 404)),
        (NotFound("x"), ("not_found", 404), ("not_found", 404)),
    ],
)
def test_the_profiles_differ_where_the_contract_says_so(
    problem: Problem, documented: tuple[str, int], upstream: tuple[str, int]
) -> None:
    answers: dict[Profile, tuple[str, int]] = {"documented": documented, "upstream": upstream}
    for profile, expected in answers.items():
        status, body, _ = render(problem, profile)
        found = json.decode(body)
        assert (found["code"], found["status"]) == expected
        assert status == expected[1]


def test_401_names_its_scheme_and_429_when_to_come_back() -> None:
    assert render(Unauthorized())[2]["WWW-Authenticate"] == 'Bearer realm="api"'
    assert render(TooManyRequests("busy"))[2]["Retry-After"] == "1"


def test_what_a_failed_run_left_is_told() -> None:
    extra = {"conversation_id": "C", "message_id": "M", "task_id": "T"}
    assert (
        json.decode(render(InvalidParam("Run failed: x"), "documented", extra)[1])
        == {
            "code": "invalid_param",
            "message": "Run failed: x",
            "status": 400,
        }
        | extra
    )


def test_half_an_emoji_in_a_message_breaks_nothing() -> None:
    assert json.decode(render(InvalidParam("\ud83d"))[1])["message"] == "\ufffd"
