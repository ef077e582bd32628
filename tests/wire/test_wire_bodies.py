"""Answers of one body: contract 1.2, 3.1, 5.3, 5.4, byte by byte where bytes are promised."""

from decimal import Decimal

import pytest
from msgspec import json

from parlour.domain.events import AnnotationHit, AnswerFinished, AnyEvent, Citation, RunFinished, TextDelta
from parlour.domain.ids import NIL, Ids
from parlour.domain.message import Conversation, Message, MessageStatus, Owner, Page
from parlour.domain.record import Record
from parlour.domain.usage import NOTHING, Price, Usage, plain
from parlour.wire import bodies
from parlour.wire.encode import encode
from parlour.wire.sse import Frames

IDS = Ids(task_id="T", message_id="M", conversation_id="C", created_at=1767000000)
OWNER = Owner("A", "u-7")
USAGE = Usage(41, 6, Price(Decimal("0.15"), Decimal("0.60")), 0.912, 0.311, 0.6)
CITED = Citation(
    position=1,
    dataset_id="d1",
    dataset_name="Handbook",
    document_id="o1",
    segment_id="s1",
    score=0.83,
    content="Staff get…",
    retriever_from="dev",
    doc_metadata={"a": 1},
    summary="Leave",
)
MESSAGE = Message("M", "C", OWNER, "hi", {}, 1767000000.9, "Hello", "normal", None, Usage(9, 3, latency=0.9))


def record(*events: AnyEvent) -> Record:
    found = Record()
    for event in events:
        found.add(event)
    return found


def test_usage_has_fourteen_members_and_prices_as_text() -> None:
    assert encode(bodies.usage(USAGE)) == (
        b'{"prompt_tokens":41,"prompt_unit_price":"0.15","prompt_price_unit":"0.000001","prompt_price":"0.00000615",'
        b'"completion_tokens":6,"completion_unit_price":"0.60","completion_price_unit":"0.000001",'
        b'"completion_price":"0.0000036","total_tokens":47,"total_price":"0.00000975","currency":"USD",'
        b'"latency":0.912,"time_to_first_token":0.311,"time_to_generate":0.6}'
    )


def test_no_model_call_is_zeros_in_dollars() -> None:
    assert encode(bodies.usage(NOTHING)) == (
        b'{"prompt_tokens":0,"prompt_unit_price":"0","prompt_price_unit":"0.000001","prompt_price":"0",'
        b'"completion_tokens":0,"completion_unit_price":"0","completion_price_unit":"0.000001","completion_price":"0",'
        b'"total_tokens":0,"total_price":"0","currency":"USD","latency":0.0,"time_to_first_token":null,'
        b'"time_to_generate":null}'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0E-7", "0"),
        ("1E-7", "0.0000001"),
        ("1E+3", "1000"),
        ("100", "100"),
        ("1.50", "1.5"),
        ("-0.0", "0"),
        ("0", "0"),
    ],
)
def test_amounts_are_plain_digits(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_unit_prices_stay_as_they_were_given() -> None:
    body = bodies.usage(Usage(price=Price(Decimal("1E-7"), Decimal("0.60"), Decimal("0.0010"))))
    assert (body.prompt_unit_price, body.completion_unit_price) == ("0.0000001", "0.60")
    assert body.prompt_price_unit == body.completion_price_unit == "0.0010"


def test_a_blocking_answer_is_byte_exact() -> None:
    done = record(TextDelta("Bring "), TextDelta("an umbrella."), AnswerFinished(USAGE), RunFinished("succeeded"))
    assert bodies.blocking(IDS, "chat", done) == (
        b'{"event":"message","task_id":"T","id":"M","message_id":"M","conversation_id":"C","mode":"chat",'
        b'"answer":"Bring an umbrella.","metadata":{"annotation_reply":null,"retriever_resources":[],"usage":'
        + encode(bodies.usage(USAGE))
        + b'},"created_at":1767000000}'
    )


def test_a_completion_app_answers_without_conversation() -> None:
    found = json.decode(bodies.blocking(IDS, "completion", record(TextDelta("x"))))
    assert "conversation_id" not in found
    assert found["mode"] == "completion"


@pytest.mark.parametrize("mode", ["chat", "advanced-chat", "completion"])
def test_blocking_and_streaming_tell_the_same_of_an_answer(mode: str) -> None:
    end = AnswerFinished(USAGE, (CITED,), AnnotationHit("a1", "p1", "Pat"))
    whole = json.decode(bodies.blocking(IDS, mode, record(TextDelta("x"), end)))
    last = json.decode(Frames(IDS, mode).encode(end)[6:])
    assert whole["metadata"] == last["metadata"]
    assert ("annotation_reply" in whole["metadata"]) == (mode != "advanced-chat")


def test_a_citation_has_all_its_members_and_null_for_what_is_not_known() -> None:
    (item,) = json.decode(encode(bodies.metadata("chat", NOTHING, (CITED,))))["retriever_resources"]
    assert list(item) == [
        *("position", "dataset_id", "dataset_name", "document_id", "document_name", "data_source_type", "segment_id"),
        *("retriever_from", "score", "hit_count", "word_count", "segment_position", "index_node_hash", "content"),
        *("page", "title", "summary", "doc_metadata", "files"),
    ]
    assert (item["document_name"], item["score"]) == (None, 0.83)


def test_a_page_of_messages_is_byte_exact() -> None:
    assert bodies.messages_page(Page((MESSAGE,), has_more=False), 20) == (
        b'{"limit":20,"has_more":false,"data":[{"id":"M","conversation_id":"C",'
        b'"parent_message_id":"00000000-0000-0000-0000-000000000000","inputs":{},"query":"hi","answer":"Hello",'
        b'"status":"normal","error":null,"message_files":[],"feedback":null,"retriever_resources":[],'
        b'"agent_thoughts":[],"created_at":1767000000,"extra_contents":[],"message_tokens":9,"answer_tokens":3,'
        b'"total_tokens":12,"provider_response_latency":0.9,"total_price":"0","currency":"USD"}]}'
    )


@pytest.mark.parametrize(
    ("status", "shown"), [("running", "normal"), ("normal", "normal"), ("error", "error"), ("paused", "paused")]
)
def test_a_message_that_still_runs_reads_as_normal(status: MessageStatus, shown: str) -> None:
    stored = Message("M", "C", OWNER, "hi", {}, 1.0, "so far", status, "why" if status == "error" else None)
    found = bodies.message(stored)
    assert (found.status, found.answer, found.parent_message_id) == (shown, "so far", NIL)
    assert found.error == ("why" if status == "error" else None)


def test_citations_of_a_history_have_ids_that_stay_and_fewer_members() -> None:
    stored = Message("M", "C", OWNER, "hi", {}, 1767000000.0, citations=(CITED, Citation(2)))
    first, second = json.decode(encode(bodies.message(stored)))["retriever_resources"]
    assert list(first) == [
        *("id", "message_id", "position", "dataset_id", "dataset_name", "document_id", "document_name"),
        *("data_source_type", "segment_id", "score", "hit_count", "word_count", "segment_position"),
        *("index_node_hash", "content", "summary", "created_at"),
    ]
    assert (first["message_id"], first["created_at"], first["summary"]) == ("M", 1767000000, "Leave")
    assert first["id"] != second["id"]
    assert json.decode(encode(bodies.message(stored)))["retriever_resources"] == [first, second]


def test_conversations_are_byte_exact_alone_and_in_a_page() -> None:
    stored = Conversation("C", OWNER, "Weather…", {"city": "Brno"}, "Hello!", "V", 1767000000.2, 1767000009.7)
    alone = (
        b'{"id":"C","name":"Weather\xe2\x80\xa6","inputs":{"city":"Brno"},"status":"normal","introduction":"Hello!",'
        b'"created_at":1767000000,"updated_at":1767000009}'
    )
    assert bodies.conversation(stored) == alone
    page = bodies.conversations_page(Page((stored, stored), has_more=True), 2)
    assert page == b'{"limit":2,"has_more":true,"data":[' + alone + b"," + alone + b"]}"


def test_half_an_emoji_in_a_stored_answer_breaks_no_page() -> None:
    stored = Message("M", "C", OWNER, "\ud83d", {"\ud83d": ["\ude00"]}, 1.0, "x\ud83d")
    (found,) = json.decode(bodies.messages_page(Page((stored,), has_more=False), 20))["data"]
    assert (found["query"], found["answer"], found["inputs"]) == ("\ufffd", "x\ufffd", {"\ufffd": ["\ufffd"]})


def test_the_welcome_names_the_version() -> None:
    found = json.decode(bodies.welcome("1.2.3"))
    assert list(found) == ["welcome", "api_version", "server_version"]
    assert (found["api_version"], found["server_version"]) == ("v1", "1.2.3")
    assert json.decode(bodies.SUCCESS) == {"result": "success"}
