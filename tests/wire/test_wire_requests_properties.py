"""Whatever a client sends, it gets an `Ask` or a `Problem`, and what is kept can be written down again."""

from contextlib import suppress
from typing import cast

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import json

from parlour.domain.app import Card, ChatApp, Features, Field, FieldKind, Model, SimplePrompt
from parlour.domain.files import FileRules
from parlour.domain.problems import Problem
from parlour.wire import queries
from parlour.wire.body import decode
from parlour.wire.chat import filled, parse, with_files
from parlour.wire.tracing import tracing

ID = "0b7e1c1e-1111-4222-8333-abcdefabcdef"
KINDS: tuple[FieldKind, ...] = (
    *("text-input", "paragraph", "select", "number", "checkbox", "file", "file-list", "json_object"),
    "external_data_tool",
)
RULES = FileRules(enabled=True, types=("image",), limit=2)
FORM = tuple(Field(kind, kind, options=("a", "b"), max_length=3, files=RULES) for kind in KINDS)
APP = ChatApp(Card(ID, "demo", ID), Model("openai", "m"), SimplePrompt(), FORM, Features(files=RULES))
MODES = ("chat", "agent-chat", "advanced-chat", "agent", "completion", "workflow", "")

TEXT = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["", "streaming", "blocking", ID, "true", "1", "1.5", "9" * 400, "https://x.org/a", "image", "local_file", "a"]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 10**307, 10**400, -(10**400)])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
FILES = st.dictionaries(
    st.sampled_from(["type", "transfer_method", "url", "remote_url", "upload_file_id", "id"]),
    st.sampled_from(["image", "audio", "remote_url", "local_file", ID, "https://x.org/a"]) | VALUES,
)
MEMBERS: dict[str, st.SearchStrategy[object]] = {
    "query": st.just("hi") | VALUES,
    "user": st.just("u") | VALUES,
    "inputs": st.dictionaries(st.sampled_from(KINDS), FILES | st.lists(FILES) | VALUES, max_size=2) | VALUES,
    "response_mode": st.sampled_from(["streaming", "blocking", None]) | VALUES,
    "conversation_id": st.sampled_from([ID, "", None]) | VALUES,
    "files": st.lists(FILES) | VALUES,
    "auto_generate_name": st.booleans() | VALUES,
    "workflow_id": st.sampled_from([ID, None]) | VALUES,
    "trace_id": TEXT | VALUES,
    "retriever_from": TEXT | VALUES,
    "other": VALUES,
}
GOOD: dict[str, object] = {"query": "hi", "user": "u", "response_mode": "streaming", "inputs": {}}


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, object]:
    """A good body of which one or two members may be anything: so most get past the first check."""
    names = draw(st.lists(st.sampled_from(sorted(MEMBERS)), max_size=2, unique=True))
    return GOOD | {name: draw(MEMBERS[name]) for name in names}


def ask(body: bytes, mode: str, content_type: str = "application/json") -> bool:
    """Whether the body made an `Ask`; anything raised but a `Problem` passes through and fails the test."""
    with suppress(Problem):
        members = decode(content_type, body)
        asked = parse(members, mode=mode, trace=tracing({}, {}, members))
        found = filled(with_files(asked, APP), APP)
        assert found.query
        assert found.user
        assert set(found.inputs) == set(KINDS)
        assert json.decode(json.encode(found))
        return True
    return False


@given(st.binary(), st.sampled_from(MODES), TEXT)
@example(b'{"user":"u","query":"' + b"\\ud800" + b'"}', "chat", "application/json")
@example(b'{"user":' + b"[" * 5_000, "chat", "application/json")
@example(b'{"user":' + b"9" * 5_000 + b"}", "chat", "application/json")
@example(b'{"a":"\\', "chat", "application/json")
def test_any_bytes_of_any_type_give_an_ask_or_a_problem(body: bytes, mode: str, content_type: str) -> None:
    ask(body, mode, content_type)
    ask(body, mode)


@given(bodies(), st.sampled_from(MODES))
@settings(max_examples=200, deadline=None)
def test_any_json_of_known_members_gives_an_ask_or_a_problem(body: dict[str, object], mode: str) -> None:
    ask(written(body), mode)


def written(value: object) -> bytes:
    """As JSON with every character escaped, so that halves of surrogate pairs get through."""
    match value:
        case dict():
            members = cast("dict[str, object]", value)
            return b"{" + b",".join(written(name) + b":" + written(inner) for name, inner in members.items()) + b"}"
        case list():
            return b"[" + b",".join(written(inner) for inner in cast("list[object]", value)) + b"]"
        case str():
            units = value.encode("utf-16-be", "surrogatepass").hex()
            return b'"' + b"".join(b"\\u" + units[i : i + 4].encode() for i in range(0, len(units), 4)) + b'"'
        case _:
            return json.encode(value)


@given(
    st.fixed_dictionaries({"query": st.text(min_size=1).filter(lambda text: text.strip("\0")), "user": st.just("u")})
)
def test_a_plain_question_always_passes(body: dict[str, object]) -> None:
    assert ask(written(body), "chat")


@given(
    st.binary(max_size=40) | st.text(max_size=40).map(lambda text: b"user=u&conversation_id=&limit=" + text.encode())
)
def test_any_query_string_gives_a_query_or_a_problem(raw: bytes) -> None:
    for parse_one in (queries.parse_messages, queries.parse_conversations, queries.parse_events):
        with suppress(Problem):
            json.encode(parse_one(queries.parse_query(raw)))
