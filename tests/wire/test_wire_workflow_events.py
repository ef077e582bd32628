"""Workflow events to frames: the members of contract 4.3, in the order of the transcripts of 4.5."""

import pytest
from msgspec import json, structs

from parlour.domain.events import (
    AgentLog,
    AnyEvent,
    ContainerFinished,
    ContainerNext,
    ContainerStarted,
    HumanInputFilled,
    HumanInputRequired,
    HumanInputTimedOut,
    NodeFinished,
    NodeOutcome,
    NodeRetried,
    NodeStarted,
    WorkflowFinished,
    WorkflowPaused,
    WorkflowStarted,
)
from parlour.domain.ids import Ids
from parlour.wire import workflow_events as table
from parlour.wire.sse import Frames

IDS = Ids(task_id="T", message_id="M", conversation_id="C", created_at=1767000000, workflow_run_id="R")
NOW = 1767000000
OUTCOME = NodeOutcome("e1", "n1", "llm", "LLM", 2, NOW, "succeeded", 0.5, NOW, outputs={"text": "x"}, iteration_id="it")
FORM = HumanInputRequired(
    "F",
    "n7",
    "Approve",
    "Send it?",
    ({"type": "paragraph"},),
    ({"id": "yes"},),
    NOW + 60,
    form_token="tok",
)
NODE = [
    *("id", "node_id", "node_type", "title", "index", "predecessor_node_id", "inputs", "inputs_truncated"),
    *("created_at", "extras", "iteration_id", "loop_id"),
]
FINISHED = [
    *("process_data", "process_data_truncated", "outputs", "outputs_truncated", "status", "error", "elapsed_time"),
    *("execution_metadata", "finished_at", "files"),
]
PERSON = [
    *("form_id", "node_id", "node_title", "form_content", "inputs", "actions", "display_in_ui", "form_token"),
    *("resolved_default_values", "expiration_time"),
]
BOX = ["id", "node_id", "node_type", "title"]
RAN = [
    *("outputs", "outputs_truncated", "created_at", "extras", "inputs", "inputs_truncated", "status", "error"),
    *("elapsed_time", "total_tokens", "execution_metadata", "finished_at", "steps"),
]


def decoded(event: AnyEvent, mode: str = "advanced-chat") -> dict[str, dict[str, object]]:
    return json.decode(Frames(IDS, mode).encode(event)[6:])


CASES: list[tuple[AnyEvent, str, list[str]]] = [
    (WorkflowStarted("R", "W", {}, NOW), "workflow_started", ["id", "workflow_id", "inputs", "created_at", "reason"]),
    (
        WorkflowFinished("R", "W", "succeeded", {}, None, 1.2, 12, 3, {"id": "E", "user": "u"}, NOW, NOW),
        "workflow_finished",
        [
            *("id", "workflow_id", "status", "outputs", "error", "elapsed_time", "total_tokens", "total_steps"),
            *("created_by", "created_at", "finished_at", "exceptions_count", "files"),
        ],
    ),
    (NodeStarted("e1", "n1", "llm", "LLM", 2, NOW), "node_started", [*NODE, "agent_strategy"]),
    (NodeFinished(OUTCOME), "node_finished", [*NODE, *FINISHED]),
    (NodeRetried(OUTCOME, 1), "node_retry", [*NODE, *FINISHED, "retry_index"]),
    (
        ContainerStarted("iteration", "e", "it1", "iteration", "Each", NOW, 2),
        "iteration_started",
        [*BOX, "created_at", "extras", "metadata", "inputs", "inputs_truncated"],
    ),
    (
        ContainerNext("iteration", "e", "it1", "iteration", "Each", 0, NOW),
        "iteration_next",
        [*BOX, "index", "created_at", "extras"],
    ),
    (
        ContainerNext("loop", "e", "l1", "loop", "Loop", 1, NOW),
        "loop_next",
        [*BOX, "index", "created_at", "extras", "pre_loop_output"],
    ),
    (
        ContainerFinished("loop", "e", "l1", "loop", "Loop", NOW, "succeeded", 0.1, 0, NOW, 2),
        "loop_completed",
        [*BOX, *RAN],
    ),
    (
        AgentLog("x", "l", "L", "success", "n"),
        "agent_log",
        ["node_execution_id", "id", "label", "parent_id", "error", "status", "data", "metadata", "node_id"],
    ),
    (FORM, "human_input_required", PERSON),
    (
        WorkflowPaused("R", ("n7",), {}, (FORM,), NOW, 0.6, 0, 2),
        "workflow_paused",
        [
            *("workflow_run_id", "paused_nodes", "outputs", "reasons", "status", "created_at", "elapsed_time"),
            *("total_tokens", "total_steps"),
        ],
    ),
    (
        HumanInputFilled("n7", "Approve", "Sent", "yes", "Send"),
        "human_input_form_filled",
        ["node_id", "node_title", "rendered_content", "action_id", "action_text", "submitted_data"],
    ),
    (
        HumanInputTimedOut("n7", "Approve", NOW),
        "human_input_form_timeout",
        ["node_id", "node_title", "expiration_time"],
    ),
]


@pytest.mark.parametrize(("event", "name", "members"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_each_event_has_its_name_and_its_members_in_their_order(event: AnyEvent, name: str, members: list[str]) -> None:
    found = decoded(event)
    envelope = ["event", "conversation_id", "message_id", "created_at", "task_id", "workflow_run_id", "data"]
    if name == "agent_log":
        envelope.remove("workflow_run_id")
    assert list(found) == envelope
    assert found["event"] == name
    assert list(found["data"]) == members
    assert list(decoded(event, "workflow")) == ["event", "workflow_run_id", "task_id", "data"]


def test_a_started_workflow_is_byte_exact() -> None:
    event = WorkflowStarted("R", "W", {"sys.query": "hi", "sys.files": []}, NOW)
    assert Frames(IDS, "advanced-chat").encode(event) == (
        b'data: {"event":"workflow_started","conversation_id":"C","message_id":"M","created_at":1767000000,'
        b'"task_id":"T","workflow_run_id":"R","data":{"id":"R","workflow_id":"W",'
        b'"inputs":{"sys.query":"hi","sys.files":[]},"created_at":1767000000,"reason":"initial"}}\n\n'
    )


def test_a_container_says_how_long_it_is_in_the_word_of_its_kind() -> None:
    for kind in ("iteration", "loop"):
        event = ContainerStarted(kind, "e", "c1", kind, "Each", NOW, 2, {"iterator_selector": ["a", "b"]})
        data = decoded(event)["data"]
        assert data["metadata"] == {f"{kind}_length": 2}
        assert data["inputs"] == {"iterator_selector": ["a", "b"]}


def test_a_pause_gives_its_reasons_with_their_type() -> None:
    (reason,) = decoded(WorkflowPaused("R", ("n7",), {}, (FORM,), NOW, 0.6, 0, 2))["data"]["reasons"]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
    assert list(reason) == ["TYPE", *PERSON]  # pyright: ignore[reportUnknownArgumentType]
    assert reason["TYPE"] == "human_input_required"


def test_a_run_that_has_not_begun_is_null() -> None:
    frames = Frames(Ids("T", "M", "C", NOW), "workflow")
    assert json.decode(frames.encode(NodeFinished(OUTCOME))[6:])["workflow_run_id"] is None


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (WorkflowStarted, table.WORKFLOW_STARTED),
        (WorkflowFinished, table.WORKFLOW_FINISHED),
        (NodeStarted, table.NODE_STARTED),
        (NodeOutcome, (*table.NODE_FINISHED, "began")),  # which no client is told
        (AgentLog, table.AGENT_LOG),
        (HumanInputRequired, table.FORM),
        (HumanInputFilled, table.FORM_FILLED),
        (HumanInputTimedOut, table.FORM_TIMED_OUT),
    ],
)
def test_no_member_of_an_event_is_forgotten(kind: type, names: tuple[str, ...]) -> None:
    assert sorted(names) == sorted(field.name for field in structs.fields(kind))
