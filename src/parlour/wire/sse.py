"""Events to server-sent frames (contract 4.1-4.5). Does not know how bytes reach a client, nor when it is pinged."""

from collections.abc import Mapping
from typing import assert_never

from parlour.domain.events import (
    AgentLog,
    AgentTextDelta,
    AgentThought,
    AnswerFinished,
    AnswerReplaced,
    AnyEvent,
    AudioDelta,
    AudioFinished,
    ContainerFinished,
    ContainerNext,
    ContainerStarted,
    HumanInputFilled,
    HumanInputRequired,
    HumanInputTimedOut,
    Intercepted,
    Journaled,
    MessageFile,
    ModelCalled,
    ModelFinished,
    NodeFinished,
    NodeRetried,
    NodeStarted,
    ReasoningDelta,
    Retracted,
    RunFinished,
    Suspended,
    TextDelta,
    TextReplaced,
    VariableAssigned,
    WorkflowFinished,
    WorkflowPaused,
    WorkflowStarted,
)
from parlour.domain.ids import Ids
from parlour.domain.problems import InternalError, Problem
from parlour.wire.bodies import metadata
from parlour.wire.encode import encode
from parlour.wire.errors import Profile, cause, code_and_status
from parlour.wire.flow_values import shown
from parlour.wire.workflow_events import WorkflowEvent, describe

PING = b"event: ping\n\n"
"""No data line: a ping with data breaks clients that require known members (contract 0.12)."""

Reply = (
    ReasoningDelta
    | AgentThought
    | MessageFile
    | AnswerReplaced
    | TextReplaced
    | AnswerFinished
    | AudioDelta
    | AudioFinished
)
Selector = tuple[str, ...] | None
Members = Mapping[str, object]


class Frames:
    """The frames of one run. `mode` is the app's; a workflow app has no message, its events no ids of one."""

    __slots__ = ("_agent_opening", "_closings", "_envelope", "_flow_envelope", "_ids", "_mode", "_opening", "_profile")

    def __init__(self, ids: Ids, mode: str, profile: Profile = "documented") -> None:
        self._ids = ids
        self._mode = mode
        self._profile: Profile = profile
        reply, flow = _envelopes(ids, mode)
        self._envelope = _inner(reply)
        self._flow_envelope = _inner(flow)
        # A token costs no more than its own text: all around it is made here, once for the run.
        answer = b'"id":' + encode(ids.message_id) + b',"answer":'
        self._opening = (
            _begin("text_chunk", self._envelope) + b'"data":{"text":'
            if mode == "workflow"
            else _begin("message", self._envelope) + answer
        )
        self._agent_opening = _begin("agent_message", self._envelope) + answer
        self._closings: dict[Selector, bytes] = {}

    def encode(self, event: AnyEvent) -> bytes:
        """One frame, or two; nothing for an event that clients do not see."""
        if isinstance(event, TextDelta):
            closing = self._closings.get(event.selector) or self._close(event.selector)
            return self._opening + _line(event.text) + closing
        if isinstance(event, AgentTextDelta):
            return self._agent_opening + _line(event.text) + b"}\n\n"
        match event:
            case (
                ModelCalled()
                | ModelFinished()
                | Suspended()
                | Journaled()
                | Intercepted()
                | VariableAssigned()
                | Retracted()
            ):
                return b""
            case RunFinished():
                return self._finished(event)
            case (
                WorkflowStarted()
                | WorkflowFinished()
                | WorkflowPaused()
                | NodeStarted()
                | NodeFinished()
                | NodeRetried()
                | ContainerStarted()
                | ContainerNext()
                | ContainerFinished()
                | HumanInputRequired()
                | HumanInputFilled()
                | HumanInputTimedOut()
                | AgentLog()
            ):
                return self._workflow(event)
            case _:
                return self._reply(event)

    def _close(self, selector: Selector) -> bytes:
        """What follows a token's text; kept, as a run has few selectors."""
        closing = b',"from_variable_selector":' + _line(selector) + (b"}}" if self._mode == "workflow" else b"}")
        return self._closings.setdefault(selector, closing + b"\n\n")

    def _workflow(self, event: WorkflowEvent) -> bytes:
        name, data = describe(event)
        # The log of an agent node names no run in a chatflow (contract 4.3).
        envelope = self._envelope if name == "agent_log" else self._flow_envelope
        return _frame(name, envelope, {"data": data})

    def _reply(self, event: Reply) -> bytes:
        if self._mode == "workflow" and isinstance(event, AnswerFinished):
            return b""  # a workflow app has no message that could end
        name, members = self._describe(event)
        frame = _frame(name, self._envelope, members)
        if isinstance(event, AnswerFinished) and event.whole is not None:
            return self.encode(TextDelta(event.whole)) + frame  # all of it once more, before its end (contract 2.7)
        return frame

    def _describe(self, event: Reply) -> tuple[str, Members]:
        """The table of reply events, contract 4.3; own members in its order."""
        of: Members
        match event:
            case ReasoningDelta():
                name, of = "reasoning_chunk", {"data": self._reasoning(event)}
            case AgentThought():
                name, of = "agent_thought", _thought(event)
            case MessageFile():
                name = "message_file"
                of = {"id": event.id, "type": event.type, "belongs_to": event.belongs_to, "url": event.url}
            case AnswerReplaced() if self._mode != "workflow":
                name, of = "message_replace", {"answer": event.text, "reason": event.reason}
            case AnswerReplaced() | TextReplaced():
                name, of = "text_replace", {"data": {"text": event.text}}
            case AnswerFinished():
                name, of = "message_end", self._end(event)
            case AudioDelta():
                name, of = "tts_message", self._sound(event.audio)
            case AudioFinished():
                silence = "" if self._profile == "upstream" else event.audio  # contract 0.20
                name, of = "tts_message_end", self._sound(silence)
            case _:
                assert_never(event)
        return name, of

    def _sound(self, audio: str) -> Members:
        """Of a workflow app it has the time of the run: the description of the events wants one."""
        return {"audio": audio} | ({"created_at": self._ids.created_at} if self._mode == "workflow" else {})

    def _reasoning(self, event: ReasoningDelta) -> Members:
        message_id = None if self._mode == "workflow" else self._ids.message_id
        return {
            "message_id": message_id,
            "reasoning": event.text,
            "node_id": event.node_id,
            "is_final": event.final,
        }

    def _end(self, event: AnswerFinished) -> Members:
        files = None if event.files is None else shown(event.files)
        if files is None and self._mode == "advanced-chat":
            files = ()  # null in a chat, an array in a chatflow (contract 4.3)
        beside = metadata(self._mode, event.usage, event.citations, event.annotation)
        return {"id": self._ids.message_id, "metadata": beside, "files": files}

    def _finished(self, event: RunFinished) -> bytes:
        """An `error` event for a run that failed. A workflow app has said so already, unless there is a problem."""
        if event.status != "failed" or (event.problem is None and self._mode == "workflow"):
            return b""
        problem: Problem = event.problem or InternalError()
        code, status = code_and_status(problem, self._profile)
        told = {"code": code, "message": problem.message, "status": status, **cause(problem)}
        return _frame("error", self._envelope, told)


def _envelopes(ids: Ids, mode: str) -> tuple[Members, Members]:
    """What replies carry, and what workflow events carry (contract 4.2; quirk 9: `error` has a task, too)."""
    if mode == "workflow":
        run = {"workflow_run_id": ids.workflow_run_id or None, "task_id": ids.task_id}
        return run, run
    message: dict[str, object] = {
        "conversation_id": ids.conversation_id,
        "message_id": ids.message_id,
        "created_at": ids.created_at,
        "task_id": ids.task_id,
    }
    if mode == "completion":
        del message["conversation_id"]
    return message, message | {"workflow_run_id": ids.workflow_run_id or None}


def _begin(name: str, envelope: bytes) -> bytes:
    return b'data: {"event":"' + name.encode() + b'",' + envelope + b","


def _frame(name: str, envelope: bytes, members: Members) -> bytes:
    return _begin(name, envelope) + _inner(members) + b"}\n\n"


def _thought(event: AgentThought) -> Members:
    return {
        "id": event.id,
        "position": event.position,
        "thought": event.thought,
        "observation": event.observation,
        "tool": event.tool,
        "tool_labels": event.tool_labels,
        "tool_input": event.tool_input,
        "message_files": event.message_files,
    }


def _line(value: object) -> bytes:
    """JSON that is one line to every reader.

    Some clients split text where Unicode ends a line, not only at LF; JSON leaves U+0085, U+2028 and U+2029 as they
    are, so they are escaped here. All else stays UTF-8 (contract 4.1).
    """
    data = encode(value)
    if data.isascii():
        return data
    return (
        data.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029").replace(b"\xc2\x85", b"\\u0085")
    )


def _inner(members: Members) -> bytes:
    """The members of an object, without its braces."""
    return _line(members)[1:-1]
