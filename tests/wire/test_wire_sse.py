"""Events to frames: golden bytes of contract 4.5, the envelope of 4.2, the catalogue of 4.3."""

from decimal import Decimal

import pytest
from msgspec import json

from parlour.domain.app import Model
from parlour.domain.events import (
    AgentLog,
    AgentTextDelta,
    AgentThought,
    AnnotationHit,
    AnswerFinished,
    AnswerReplaced,
    AnyEvent,
    AudioDelta,
    AudioFinished,
    Citation,
    MessageFile,
    ModelCalled,
    ModelFinished,
    ReasoningDelta,
    RunFinished,
    TextDelta,
    TextReplaced,
)
from parlour.domain.files import File
from parlour.domain.ids import Ids
from parlour.domain.problems import CompletionRequestFailed, InternalError, InvalidParam, WorkflowNotFound
from parlour.domain.usage import Price, Usage
from parlour.wire.sse import PING, Frames

IDS = Ids(task_id="T", message_id="M", conversation_id="C", created_at=1767000000, workflow_run_id="R")
USAGE = Usage(
    41, 6, Price(Decimal("0.15"), Decimal("0.60")), latency=0.912, time_to_first_token=0.311, time_to_generate=0.6
)
TILDE = b'"conversation_id":"C","message_id":"M","created_at":1767000000,"task_id":"T"'
U = (
    b'{"prompt_tokens":41,"prompt_unit_price":"0.15","prompt_price_unit":"0.000001","prompt_price":"0.00000615",'
    b'"completion_tokens":6,"completion_unit_price":"0.60","completion_price_unit":"0.000001",'
    b'"completion_price":"0.0000036","total_tokens":47,"total_price":"0.00000975","currency":"USD",'
    b'"latency":0.912,"time_to_first_token":0.311,"time_to_generate":0.6}'
)


def stream(*events: AnyEvent, mode: str = "chat") -> bytes:
    encode = Frames(IDS, mode).encode
    return b"".join(encode(event) for event in events)


def test_transcript_a_a_plain_chat_is_byte_exact() -> None:
    sent = stream(
        ModelCalled(Model("openai", "m"), ("hi",), 1.0),
        TextDelta("Sure"),
        TextDelta(", hi."),
        ModelFinished(USAGE),
        AnswerFinished(USAGE),
        RunFinished("succeeded"),
    )
    assert sent == (
        b'data: {"event":"message",%(e)s,"id":"M","answer":"Sure","from_variable_selector":null}\n\n'
        b'data: {"event":"message",%(e)s,"id":"M","answer":", hi.","from_variable_selector":null}\n\n'
        b'data: {"event":"message_end",%(e)s,"id":"M","metadata":{"annotation_reply":null,"retriever_resources":[],'
        b'"usage":%(u)s},"files":null}\n\n'
    ) % {b"e": TILDE, b"u": U}


def test_transcript_d_a_replacement_and_m_an_error_are_byte_exact() -> None:
    problem = CompletionRequestFailed("[openai] Rate limit reached")
    sent = stream(AnswerReplaced("I cannot.", "output_moderation"), RunFinished("failed", problem))
    assert sent == (
        b'data: {"event":"message_replace",%(e)s,"answer":"I cannot.","reason":"output_moderation"}\n\n'
        b'data: {"event":"error",%(e)s,"code":"completion_request_error","message":"[openai] Rate limit reached",'
        b'"status":400}\n\n'
    ) % {b"e": TILDE}


def test_transcript_e_an_agents_step_is_byte_exact() -> None:
    thought = AgentThought("h1", 1, tool="paint", tool_labels={"paint": {"en_US": "Paint"}}, tool_input='{"paint": {}}')
    sent = stream(
        thought, AgentTextDelta("Drawing. "), MessageFile("f1", "image", "https://host/t1.png"), mode="agent-chat"
    )
    assert sent == (
        b'data: {"event":"agent_thought",%(e)s,"id":"h1","position":1,"thought":"","observation":"","tool":"paint",'
        b'"tool_labels":{"paint":{"en_US":"Paint"}},"tool_input":"{\\"paint\\": {}}","message_files":[]}\n\n'
        b'data: {"event":"agent_message",%(e)s,"id":"M","answer":"Drawing. "}\n\n'
        b'data: {"event":"message_file",%(e)s,"id":"f1","type":"image","belongs_to":"assistant",'
        b'"url":"https://host/t1.png"}\n\n'
    ) % {b"e": TILDE}


def test_speech_ends_with_a_silent_piece_and_upstream_with_none() -> None:
    said = stream(AudioDelta("SUQz"), AudioFinished("//MU"))
    assert said == (
        b'data: {"event":"tts_message",%(e)s,"audio":"SUQz"}\n\n'
        b'data: {"event":"tts_message_end",%(e)s,"audio":"//MU"}\n\n'
    ) % {b"e": TILDE}
    assert Frames(IDS, "chat", "upstream").encode(AudioFinished("//MU")).endswith(b'"audio":""}\n\n')


def test_reasoning_and_agent_logs_name_no_run_in_a_chatflow() -> None:
    log = AgentLog(node_execution_id="x", id="l", label="ROUND 1", status="success", node_id="n")
    assert stream(ReasoningDelta("hm", "llm"), log, mode="advanced-chat") == (
        b'data: {"event":"reasoning_chunk",%(e)s,'
        b'"data":{"message_id":"M","reasoning":"hm","node_id":"llm","is_final":false}}\n\n'
        b'data: {"event":"agent_log",%(e)s,"data":{"node_execution_id":"x","id":"l","label":"ROUND 1","parent_id":null,'
        b'"error":null,"status":"success","data":{},"metadata":{},"node_id":"n"}}\n\n'
    ) % {b"e": TILDE}


def test_a_workflow_app_sends_text_under_data_and_has_no_message() -> None:
    sent = stream(
        TextDelta("Hel", ("llm", "text")),
        TextDelta("lo", ("llm", "text")),
        TextReplaced("No."),
        AnswerReplaced("Nothing."),
        ReasoningDelta("hm", None, final=True),
        AnswerFinished(USAGE),
        RunFinished("failed"),
        RunFinished("failed", InvalidParam("no")),
        mode="workflow",
    )
    assert sent == (
        b'data: {"event":"text_chunk",%(e)s,"data":{"text":"Hel","from_variable_selector":["llm","text"]}}\n\n'
        b'data: {"event":"text_chunk",%(e)s,"data":{"text":"lo","from_variable_selector":["llm","text"]}}\n\n'
        b'data: {"event":"text_replace",%(e)s,"data":{"text":"No."}}\n\n'
        b'data: {"event":"text_replace",%(e)s,"data":{"text":"Nothing."}}\n\n'
        b'data: {"event":"reasoning_chunk",%(e)s,'
        b'"data":{"message_id":null,"reasoning":"hm","node_id":null,"is_final":true}}\n\n'
        b'data: {"event":"error",%(e)s,"code":"invalid_param","message":"no","status":400}\n\n'
    ) % {b"e": b'"workflow_run_id":"R","task_id":"T"'}


def test_a_completion_app_names_no_conversation() -> None:
    for frame in stream(TextDelta("x"), AnswerFinished(USAGE), mode="completion").split(b"\n\n")[:-1]:
        assert list(json.decode(frame[6:]))[1:4] == ["message_id", "created_at", "task_id"]


def test_tokens_carry_the_selector_of_their_own_node() -> None:
    first, second = ("llm", "text"), ("answer", "answer")
    sent = stream(TextDelta("a", first), TextDelta("b", second), TextDelta("c", first), TextDelta("d"))
    found = [json.decode(frame[6:])["from_variable_selector"] for frame in sent.split(b"\n\n")[:-1]]
    assert found == [list(first), list(second), list(first), None]


def test_the_end_of_a_chatflows_message_has_an_array_of_files() -> None:
    assert json.decode(stream(AnswerFinished(), mode="advanced-chat")[6:])["files"] == []
    with_file = AnswerFinished(files=(File("image", "remote_url", "a.png", ".png", "image/png", 9, "https://x/a.png"),))
    assert json.decode(stream(with_file, mode="advanced-chat")[6:])["files"] == [
        {
            "dify_model_identity": "__dify__file__",
            "id": None,
            "tenant_id": "",
            "type": "image",
            "transfer_method": "remote_url",
            "remote_url": "https://x/a.png",
            "related_id": None,
            "filename": "a.png",
            "extension": ".png",
            "mime_type": "image/png",
            "size": 9,
            "url": "https://x/a.png",
        }
    ]


def test_an_annotation_stands_in_the_metadata_except_in_a_chatflow() -> None:
    event = AnswerFinished(annotation=AnnotationHit("a1", "p1", "Pat"), citations=(Citation(1, title="x"),))
    chat = json.decode(stream(event)[6:])["metadata"]
    assert chat["annotation_reply"] == {"id": "a1", "account": {"id": "p1", "name": "Pat"}}
    assert (len(chat["retriever_resources"][0]), chat["retriever_resources"][0]["title"]) == (19, "x")
    assert list(json.decode(stream(event, mode="advanced-chat")[6:])["metadata"]) == ["retriever_resources", "usage"]


@pytest.mark.parametrize("status", ["succeeded", "stopped", "partial-succeeded", "paused"])
def test_a_run_that_did_not_fail_says_nothing_at_its_end(status: str) -> None:
    assert stream(RunFinished(status)) == b""  # pyright: ignore[reportArgumentType]


def test_a_failure_has_a_code_even_without_a_cause_and_the_profiles_own() -> None:
    assert json.decode(stream(RunFinished("failed"))[6:])["code"] == "internal_server_error"
    assert json.decode(stream(RunFinished("failed", InternalError()))[6:])["status"] == 500
    event = RunFinished("failed", WorkflowNotFound("w"))
    assert json.decode(stream(event)[6:])["status"] == 400
    assert json.decode(Frames(IDS, "chat", "upstream").encode(event)[6:])["status"] == 404


@pytest.mark.parametrize(
    "text", ["a\nb\rc", "\u2028", "\u2029", "\u0085", "\x0b\x0c\x1c", "“žluť” 😀", "\ud83d", '"\\']
)
def test_a_frame_is_one_line_however_lines_are_told(text: str) -> None:
    """Some clients split decoded text with `str.splitlines`, which knows more line ends than LF."""
    for event in (TextDelta(text), AgentTextDelta(text), AnswerReplaced(text)):
        frame = stream(event).decode()
        assert len(frame.splitlines()) == 2
        found = json.decode(frame.removeprefix("data: "))["answer"]
        assert found == text.replace("\ud83d", "\ufffd")
    assert "“žluť” 😀".encode() in stream(TextDelta("“žluť” 😀"))


def test_a_ping_has_no_data() -> None:
    assert PING == b"event: ping\n\n"
