"""Workflow events to their name and `data` on the wire: the table of contract 4.3, in its order.

Knows neither the envelope around `data` nor the kind of app that it is for.
"""

from typing import assert_never

from msgspec import Struct

from parlour.domain.events import (
    AgentLog,
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
from parlour.wire.about import TOOL_ICON
from parlour.wire.flow_values import shown

Container = ContainerStarted | ContainerNext | ContainerFinished
HumanInput = HumanInputRequired | HumanInputFilled | HumanInputTimedOut
WorkflowEvent = (
    WorkflowStarted
    | WorkflowFinished
    | WorkflowPaused
    | NodeStarted
    | NodeFinished
    | NodeRetried
    | Container
    | HumanInput
    | AgentLog
)
Data = dict[str, object]

# Which members go out, and in which order. Named here so that a new member of an event never leaks by itself.
WORKFLOW_STARTED = ("id", "workflow_id", "inputs", "created_at", "reason")
WORKFLOW_FINISHED = (
    *("id", "workflow_id", "status", "outputs", "error", "elapsed_time", "total_tokens", "total_steps"),
    *("created_by", "created_at", "finished_at", "exceptions_count", "files"),
)
_NODE = (
    *("id", "node_id", "node_type", "title", "index", "predecessor_node_id", "inputs", "inputs_truncated"),
    *("created_at", "extras", "iteration_id", "loop_id"),
)
NODE_STARTED = (*_NODE, "agent_strategy")
NODE_FINISHED = (
    *_NODE,
    *("process_data", "process_data_truncated", "outputs", "outputs_truncated", "status", "error", "elapsed_time"),
    *("execution_metadata", "finished_at", "files"),
)
_CONTAINER = ("id", "node_id", "node_type", "title")
CONTAINER_FINISHED = ("status", "error", "elapsed_time", "total_tokens", "execution_metadata", "finished_at", "steps")
AGENT_LOG = (*("node_execution_id", "id", "label", "parent_id", "error", "status", "data", "metadata", "node_id"),)
FORM = (
    *("form_id", "node_id", "node_title", "form_content", "inputs", "actions", "display_in_ui", "form_token"),
    *("resolved_default_values", "expiration_time"),
)
FORM_FILLED = ("node_id", "node_title", "rendered_content", "action_id", "action_text", "submitted_data")
FORM_TIMED_OUT = ("node_id", "node_title", "expiration_time")


def describe(event: WorkflowEvent) -> tuple[str, Data]:
    """The event's name and its `data`."""
    match event:
        case WorkflowStarted():
            name, data = "workflow_started", _members(event, WORKFLOW_STARTED)
        case WorkflowFinished():
            name, data = "workflow_finished", _members(event, WORKFLOW_FINISHED)
        case WorkflowPaused():
            name, data = "workflow_paused", _paused(event)
        case NodeStarted():
            name, data = "node_started", _members(event, NODE_STARTED) | _extras(event.node_type)
        case NodeFinished():
            name, data = "node_finished", _outcome(event.outcome)
        case NodeRetried():
            name, data = "node_retry", _outcome(event.outcome) | {"retry_index": event.retry_index}
        case ContainerStarted() | ContainerNext() | ContainerFinished():
            name, data = _container(event)
        case HumanInputRequired():
            name, data = "human_input_required", _members(event, FORM)
        case HumanInputFilled():
            name, data = "human_input_form_filled", _members(event, FORM_FILLED)
        case HumanInputTimedOut():
            name, data = "human_input_form_timeout", _members(event, FORM_TIMED_OUT)
        case AgentLog():
            name, data = "agent_log", _members(event, AGENT_LOG)
        case _:
            assert_never(event)
    return name, data


def _members(event: Struct, names: tuple[str, ...]) -> Data:
    return {name: shown(getattr(event, name)) for name in names}


def _outcome(outcome: NodeOutcome) -> Data:
    return _members(outcome, NODE_FINISHED) | _extras(outcome.node_type)


def _extras(node_type: str) -> Data:
    """The icon of a tool: the same for each, a file names none."""
    return {"extras": {"icon": TOOL_ICON}} if node_type == "tool" else {}


def _container(event: Container) -> tuple[str, Data]:
    """`extras` and the `_truncated` flags are what every client expects and nothing that we have."""
    data = _members(event, _CONTAINER)
    match event:
        case ContainerStarted():
            length = {f"{event.kind}_length": event.length}
            return f"{event.kind}_started", data | {
                "created_at": event.created_at,
                "extras": {},
                "metadata": length,
                "inputs": shown(event.inputs),
                "inputs_truncated": False,
            }
        case ContainerNext():
            data |= {"index": event.index, "created_at": event.created_at, "extras": {}}
            if event.kind == "loop":
                data["pre_loop_output"] = shown(event.pre_loop_output)
            return f"{event.kind}_next", data
        case ContainerFinished():
            return f"{event.kind}_completed", data | {
                "outputs": shown(event.outputs),
                "outputs_truncated": False,
                "created_at": event.created_at,
                "extras": {},
                "inputs": shown(event.inputs),
                "inputs_truncated": False,
                **_members(event, CONTAINER_FINISHED),
            }
        case _:
            assert_never(event)


def _paused(event: WorkflowPaused) -> Data:
    return {
        "workflow_run_id": event.workflow_run_id,
        "paused_nodes": event.paused_nodes,
        "outputs": shown(event.outputs),
        "reasons": [{"TYPE": "human_input_required", **_members(reason, FORM)} for reason in event.reasons],
        "status": "paused",
        "created_at": event.created_at,
        "elapsed_time": event.elapsed_time,
        "total_tokens": event.total_tokens,
        "total_steps": event.total_steps,
    }
