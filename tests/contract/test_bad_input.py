"""Bad input of every kind: only 2xx or an enveloped 4xx comes back, never HTML, never a 500."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, app_file, chat_app, key_of

pytestmark = pytest.mark.anyio

FORM = [
    {"text-input": {"variable": "text", "label": "T", "required": False, "max_length": 5}},
    {"select": {"variable": "choice", "label": "C", "required": False, "options": ["a", "b"]}},
    {"number": {"variable": "number", "label": "N", "required": False}},
    {"checkbox": {"variable": "flag", "label": "F", "required": False}},
    {"json_object": {"variable": "object", "label": "O", "required": False}},
]
FILES = {"enabled": True, "allowed_file_types": ["image"], "number_limits": 2}
JSON = {"content-type": "application/json"}
POSTS = ["/v1/chat-messages", "/v1/chat-messages/{id}/stop", "/v1/conversations/{id}/name"]
COMPLETING = ["/v1/completion-messages", "/v1/completion-messages/{id}/stop"]
GETS = ["/v1/messages", "/v1/messages/{id}/suggested", "/v1/conversations", "/v1/runs/{id}/events", "/v1/parameters"]
WORDS = [
    *("query", "user", "inputs", "response_mode", "conversation_id", "files", "auto_generate_name", "trace_id"),
    *("workflow_id", "retriever_from", "name", "auto_generate", "limit", "first_id", "last_id", "sort_by", "after"),
    *("text", "choice", "number", "flag", "object", "type", "transfer_method", "url", "upload_file_id"),
]
TELLING = [
    *("", " ", "\0", "streaming", "blocking", "remote_url", "local_file", "image", "http://[", "nan", "1e999", "-1"),
    *(NOBODY, NOBODY.upper(), "0", "true", "\ud800", "a\ud83cb", "\u2028", "é" * 300, "٣", "1" * 5000),
]

Body = dict[str, object]
Strategy = st.SearchStrategy[object]
leaves: Strategy = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(TELLING)
)
values: Strategy = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner),
    max_leaves=8,
)
objects: st.SearchStrategy[Body] = st.dictionaries(st.sampled_from(WORDS), values, max_size=8)
forms = objects.map(lambda members: dict[str, object]({"inputs": {}, "user": "ann", **members}))
asks = objects.map(lambda members: {"query": "hi", "user": "ann", **members})
many = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def assert_well_spoken(reply: Reply) -> None:
    """2xx, or a 4xx in the envelope; an event stream that failed counts as what its error says."""
    assert reply.status < 500, reply.body
    if reply.status >= 400:
        body = reply.json()
        assert reply.headers["content-type"].startswith("application/json")
        assert body["status"] == reply.status
        assert body["message"]
        assert body["code"]
    elif reply.headers.get("content-type", "").startswith("text/event-stream"):
        assert all(event["event"] != "error" or event["status"] < 500 for event in reply.events)
    else:
        assert reply.status == 204 or reply.json() is not None


async def every_route(door: FrontDoor, method: str, paths: list[str], **sent: Any) -> None:
    for path in paths:
        assert_well_spoken(await door.request(method, path.replace("{id}", NOBODY), **sent))


@pytest.fixture
async def door(build: Build) -> FrontDoor:
    """Of an app that takes everything that an app can take."""
    whole = {"user_input_form": FORM, "file_upload": FILES}
    place = await build(apps={"one": chat_app(**whole), "two": app_file("completion", **whole)})
    return place.door


@requirement("error:invalid-param", "error:never-html", "check:10")
@many
@given(body=asks | objects | values)
async def test_any_json_on_any_route_is_answered_or_refused_in_the_envelope(door: FrontDoor, body: object) -> None:
    await every_route(door, "POST", POSTS, body=json.dumps(body).encode(), headers=JSON)
    await every_route(door, "DELETE", ["/v1/conversations/{id}"], body=json.dumps(body).encode(), headers=JSON)


@requirement("error:invalid-param", "error:never-html")
@many
@given(body=forms | values)
async def test_any_json_to_a_completion_app_is_answered_or_refused_in_the_envelope(
    door: FrontDoor, body: object
) -> None:
    await every_route(door, "POST", COMPLETING, body=json.dumps(body).encode(), headers=JSON, key=key_of("two"))
    await every_route(door, "POST", COMPLETING, body=json.dumps(body).encode(), headers=JSON)


@requirement("error:malformed-json", "error:never-html", "check:10")
@many
@given(body=st.binary(max_size=200), declared=st.sampled_from(["application/json", "text/plain", "", "é", "a/b;;"]))
async def test_any_bytes_on_any_route_are_answered_or_refused_in_the_envelope(
    door: FrontDoor, body: bytes, declared: str
) -> None:
    await every_route(door, "POST", POSTS, body=body, headers={"content-type": declared})


@requirement("error:invalid-param", "error:never-html")
@many
@given(query=st.dictionaries(st.sampled_from(WORDS), st.text(max_size=20) | st.sampled_from(TELLING), max_size=6))
async def test_any_query_string_is_answered_or_refused_in_the_envelope(door: FrontDoor, query: dict[str, str]) -> None:
    sent = {name: value.encode("utf-8", "surrogatepass") for name, value in query.items()}
    await every_route(door, "GET", GETS, query={"user": "ann", **sent})


@requirement("chat:query:nul", "error:never-html")
@pytest.mark.parametrize("member", ["query", "user", "conversation_id", "response_mode", "trace_id", "retriever_from"])
@pytest.mark.parametrize("text", ["\0", "a\0", "\0" * 1000, "\ud800", "a\udfffb"])
async def test_characters_that_no_store_can_hold_break_nothing(build: Build, member: str, text: str) -> None:
    place = await build()
    reply = await place.door.post("/v1/chat-messages", **{"query": "hi", "user": "ann", member: text})
    assert_well_spoken(reply)
    if reply.status == 200:
        conversation = reply.json()["conversation_id"]
        user = "ann" if member != "user" else text
        assert_well_spoken(await place.door.get("/v1/conversations", user=user.encode("utf-8", "replace").decode()))
        assert_well_spoken(await place.door.get("/v1/messages", user="ann", conversation_id=conversation))


@requirement("error:too-large", "error:never-html")
async def test_a_body_of_ten_megabytes_is_refused_in_the_envelope(build: Build) -> None:
    place = await build()
    reply = await place.door.send("x" * 10 * 1024 * 1024)
    assert reply.status == 413
    assert_well_spoken(reply)


@requirement("error:malformed-json")
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"query":' * 100_000, b'{"query":"hi","user":"ann","x":' + b"[" * 99 + b"]" * 99 + b"}"]
)
async def test_deep_nesting_breaks_nothing(build: Build, body: bytes) -> None:
    place = await build()
    reply = await place.door.request("POST", "/v1/chat-messages", body=body, headers=JSON)
    assert_well_spoken(reply)


@requirement("error:invalid-param")
@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 400, "0.1e-999", "9" * 5000])
async def test_numbers_of_any_size_break_nothing(door: FrontDoor, number: str) -> None:
    for body in (f'{{"query":"hi","user":{number}}}', f'{{"query":"hi","user":"ann","inputs":{{"number":{number}}}}}'):
        reply = await door.request("POST", "/v1/chat-messages", body=body.encode(), headers=JSON)
        assert_well_spoken(reply)


@requirement("error:never-html", "check:02")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "CONNECT", "get", "X"])
async def test_every_method_on_every_path_is_well_spoken(door: FrontDoor, method: str) -> None:
    for path in [
        *POSTS,
        *COMPLETING,
        *GETS,
        "/v1/",
        "/health",
        "/v1/conversations/{id}",
        "/v1/x/../y",
        "/v1/%2e%2e",
        "/é",
    ]:
        for body in (None, {"user": "ann"}):
            reply = await door.request(method, path.replace("{id}", NOBODY), json_body=body)
            if method == "HEAD" and reply.status < 300:
                continue
            assert_well_spoken(reply)
