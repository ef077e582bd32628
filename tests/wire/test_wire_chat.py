"""POST /chat-messages: every row of contract 2.1, 2.2, 2.5-2.7, and the order of errors of 1.6."""

import msgspec
import pytest

from parlour.domain.app import App, Card, ChatApp, Features, Field, Model, SimplePrompt
from parlour.domain.files import FileRef, FileRules
from parlour.domain.problems import BadRequest, InvalidParam, MalformedWorkflowId, NotChatApp, Problem
from parlour.domain.turn import Ask
from parlour.wire.chat import Asked, ChatRequest, asks_something, filled, parse, with_files
from parlour.wire.tracing import Tracing, tracing

ID = "0b7e1c1e-1111-4222-8333-abcdefabcdef"
EARLIER = "0b7e1c1e-1111-4222-8333-000000000007"
URL = "https://example.org/a.png"
MINIMAL: dict[str, object] = {"query": "hi", "user": "u-7"}
FILE = {"type": "image", "transfer_method": "remote_url", "url": URL}


def app(*form: Field, files: FileRules | None = None) -> ChatApp:
    card = Card(id=ID, name="demo", version=ID)
    features = Features(files=files or FileRules())
    return ChatApp(card, Model("openai", "m"), SimplePrompt(), form, features)


def against(asked: Asked, app: App) -> Ask:
    return filled(with_files(asked, app), app)


def sent(members: dict[str, object], mode: str = "chat") -> Ask:
    return against(parse(MINIMAL | members, mode=mode), app())


def test_the_least_that_can_be_sent_has_every_default() -> None:
    assert against(parse(MINIMAL, mode="chat"), app()) == Ask(query="hi", user="u-7", inputs={})


def test_everything_that_can_be_sent_arrives() -> None:
    body = {
        "query": "hi",
        "user": "u-7",
        "inputs": {"city": "Brno", "more": 1},
        "response_mode": "streaming",
        "conversation_id": ID.upper(),
        "files": [FILE],
        "auto_generate_name": "no",
        "workflow_id": ID,
        "retriever_from": "api",
        "parent_message_id": EARLIER.replace("-", ""),
        "model_config": {},
    }
    ask = against(
        parse(body, mode="chat", trace=Tracing("t1")), app(Field("text-input", "city"), files=FileRules(enabled=True))
    )
    assert ask == Ask(
        query="hi",
        user="u-7",
        inputs={"city": "Brno"},
        streaming=True,
        conversation_id=ID,
        parent_id=EARLIER,
        files=(FileRef("image", "remote_url", url=URL),),
        auto_generate_name=False,
        trace_id="t1",
        retriever_from="api",
    )


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"query": None}, "query"),
        ({"query": 7}, "query"),
        ({"query": ["hi"]}, "query"),
        ({"query": ""}, "query"),
        ({"inputs": []}, "inputs"),
        ({"inputs": "x"}, "inputs"),
        ({"response_mode": "stream"}, "response_mode"),
        ({"response_mode": ""}, "response_mode"),
        ({"response_mode": True}, "response_mode"),
        ({"response_mode": ["streaming"]}, "response_mode"),
        ({"conversation_id": "abc"}, "conversation_id"),
        ({"conversation_id": 7}, "conversation_id"),
        ({"conversation_id": True}, "conversation_id"),
        ({"conversation_id": {"id": ID}}, "conversation_id"),
        ({"files": "x"}, "files"),
        ({"files": {}}, "files"),
        ({"auto_generate_name": "maybe"}, "auto_generate_name"),
        ({"retriever_from": 7}, "retriever_from"),
    ],
)
def test_a_wrong_member_is_400_and_named(members: dict[str, object], name: str) -> None:
    with pytest.raises(InvalidParam) as caught:
        sent(members)
    assert caught.value.params == name
    assert name in caught.value.message


def test_a_query_must_be_there_but_may_be_blank() -> None:
    with pytest.raises(InvalidParam, match="query"):
        parse({"user": "u"}, mode="chat")
    assert sent({"query": "  "}).query == "  "


@pytest.mark.parametrize("value", [None, {}])
def test_inputs_may_be_missing_or_null(value: object) -> None:
    assert parse(MINIMAL | {"inputs": value}, mode="chat").inputs == {}


@pytest.mark.parametrize("mode", ["completion", "workflow"])
def test_a_mode_without_conversations_is_refused_after_the_user_and_before_all_else(mode: str) -> None:
    with pytest.raises(NotChatApp):
        parse({"user": "u", "query": 7}, mode=mode)
    with pytest.raises(InvalidParam, match="Arg user must be provided"):
        parse({}, mode=mode)


@pytest.mark.parametrize("value", [None, "", "   "])
def test_an_empty_conversation_id_opens_a_new_conversation(value: object) -> None:
    assert sent({"conversation_id": value}).conversation_id == ""


@pytest.mark.parametrize("value", [ID, ID.upper(), ID.replace("-", "")])
def test_a_conversation_id_is_normalised(value: object) -> None:
    assert sent({"conversation_id": value}).conversation_id == ID


@pytest.mark.parametrize(
    ("mode", "wanted", "streaming"),
    [
        ("chat", None, False),
        ("chat", "blocking", False),
        ("chat", "streaming", True),
        ("advanced-chat", None, False),
        ("advanced-chat", "streaming", True),
        ("agent-chat", "streaming", True),
        ("agent", None, True),
        ("agent", "streaming", True),
        ("agent-chat", None, InvalidParam),
        ("agent-chat", "blocking", InvalidParam),
        ("agent", "blocking", BadRequest),
    ],
)
def test_each_mode_answers_in_its_own_ways(mode: str, wanted: object, streaming: bool | type[Problem]) -> None:  # noqa: FBT001 - a parameter of the table
    if isinstance(streaming, bool):
        assert sent({"response_mode": wanted}, mode).streaming is streaming
        return
    with pytest.raises(streaming, match="does not support blocking"):
        sent({"response_mode": wanted}, mode)


@pytest.mark.parametrize("value", ["abc", "draft", 7, [ID], True])
def test_a_malformed_version_is_refused_in_a_chatflow_and_ignored_elsewhere(value: object) -> None:
    with pytest.raises(MalformedWorkflowId):
        sent({"workflow_id": value}, "advanced-chat")
    assert sent({"workflow_id": value}).workflow_id == ""


@pytest.mark.parametrize(("value", "read"), [(None, ""), ("", ""), (ID.upper(), ID)])
def test_a_version_is_normalised(value: object, read: str) -> None:
    assert sent({"workflow_id": value}, "advanced-chat").workflow_id == read


def test_errors_come_in_the_order_of_the_contract() -> None:
    """Each step mends what the last one complained of."""
    body: dict[str, object] = {
        "user": "",
        "query": "",
        "response_mode": "stream",
        "conversation_id": "abc",
        "workflow_id": "abc",
        "files": [FILE | {"type": "x"}],
        "inputs": {},
    }
    flow = app(Field("text-input", "city", required=True), files=FileRules(enabled=True))
    steps: list[tuple[str, dict[str, object]]] = [
        ("user", {"user": "u"}),
        ("response_mode", {"response_mode": None}),
        ("conversation_id", {"conversation_id": ""}),
        ("workflow_id", {"workflow_id": ID}),
        ("query", {"query": "hi"}),
        ("type", {"files": []}),
        ("city", {"inputs": {"city": "Brno"}}),
    ]

    def read() -> Ask:
        asked = parse(body, mode="advanced-chat")
        asks_something(asked.ask)  # once it is known that there is such a version
        return against(asked, flow)

    for words, mend in steps:
        with pytest.raises(Problem, match=words):
            read()
        body |= mend
    assert read().inputs == {"city": "Brno"}
    with pytest.raises(InvalidParam, match="blocking"):
        parse(body | {"query": ""}, mode="agent-chat")


def test_files_are_ignored_where_the_app_takes_none() -> None:
    assert sent({"files": [FILE]}).files == ()


PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("headers", "query", "body", "found"),
    [
        ({}, {}, {}, ""),
        ({"x-trace-id": "h"}, {"trace_id": "q"}, {"trace_id": "b"}, "h"),
        ({"x-trace-id": ""}, {"trace_id": "q"}, {"trace_id": "b"}, "q"),
        ({}, {}, {"trace_id": "b"}, "b"),
        ({"x-trace-id": "not valid!"}, {"trace_id": "ž"}, {"trace_id": "b"}, "b"),
        ({"x-trace-id": "x" * 129}, {}, {}, ""),
        ({"x-trace-id": "x" * 128}, {}, {}, "x" * 128),
        (
            {"traceparent": PARENT},
            {},
            {"trace_id": 7},
            PARENT[3:],
        ),  # the caller's span, too: what is traced here stands under it
        ({"traceparent": PARENT}, {}, {"trace_id": "b"}, "b"),
        ({"traceparent": "00-" + "0" * 32 + "-00f067aa0ba902b7-01"}, {}, {}, ""),
        ({"traceparent": "nonsense"}, {}, {}, ""),
        ({"x-trace-id": "a\n"}, {}, {}, ""),
    ],
)
def test_the_first_valid_trace_id_is_taken(
    headers: dict[str, str], query: dict[str, str], body: dict[str, object], found: str
) -> None:
    assert tracing(headers, query, body).id == found


@pytest.mark.parametrize(
    ("headers", "query", "body", "found"),
    [
        ({}, {}, {}, ""),
        ({"x-trace-session-id": "h"}, {"trace_session_id": "q"}, {"trace_session_id": "b"}, "h"),
        ({"x-trace-session-id": ""}, {"trace_session_id": "q"}, {"trace_session_id": 5}, "q"),
        ({}, {}, {"trace_session_id": "a session: " + "x" * 189}, "a session: " + "x" * 189),
        ({}, {}, {"trace_session_id": None}, ""),
        ({}, {}, {"trace_session_id": ""}, ""),
    ],
)
def test_the_first_session_that_is_named_is_taken(
    headers: dict[str, str], query: dict[str, str], body: dict[str, object], found: str
) -> None:
    assert parse(body | MINIMAL, mode="chat", trace=tracing(headers, query, body)).ask.trace_session == found


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-trace-session-id": "x" * 201}, {"trace_session_id": "b"}),
        ({}, {"trace_session_id": "x" * 201}),
        ({}, {"trace_session_id": 5}),
        ({}, {"trace_session_id": ["a"]}),
    ],
)
def test_a_session_that_is_none_is_refused_although_another_is_named(
    headers: dict[str, str], body: dict[str, object]
) -> None:
    with pytest.raises(BadRequest, match="trace_session_id"):
        parse(body | MINIMAL, mode="chat", trace=tracing(headers, {}, body))


def test_the_described_request_names_what_is_read() -> None:
    """`ChatRequest` is what the API's description shows: it must not drift from what `parse` reads."""

    class Watched(dict[str, object]):
        asked: set[str] = set()  # noqa: RUF012 - one per test

        def get(self, key: str, default: object = None) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
            self.asked.add(key)
            return super().get(key, default)

    body = Watched(MINIMAL)
    parse(body, mode="advanced-chat", trace=tracing({}, {}, body))
    described = {field.name for field in msgspec.structs.fields(ChatRequest)}
    assert body.asked == described
