"""What surrounds every reply: headers, the error envelope, paths and methods (contract 1.2-1.4)."""

import gzip
import json
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from parlour.stores.memory import Memory
from tests.contract.requirements import requirement
from tests.contract.uploading import BOUNDARY
from tests.front_door import Reply
from tests.houses import NOBODY, Build, Store

pytestmark = pytest.mark.anyio


def assert_envelope(reply: Reply, status: int, code: str) -> None:
    assert reply.headers["content-type"].startswith("application/json")
    body = reply.json()
    assert {"code", "message", "status"} <= body.keys()
    assert (reply.status, body["status"], body["code"]) == (status, status, code)
    assert body["message"]


@requirement("http:trailing-slash")
@pytest.mark.parametrize("path", ["/v1/conversations/", "/v1/messages/", "/v1/chat-messages/"])
async def test_a_slash_at_the_end_is_another_path(build: Build, path: str) -> None:
    place = await build()
    assert_envelope(await place.door.get(path, user="ann"), 404, "not_found")


@requirement("http:double-slash")
async def test_a_base_address_with_a_slash_at_its_end_works(build: Build) -> None:
    place = await build()
    assert (await place.door.get("/v1//conversations", user="ann")).status == 200


@requirement("http:welcome")
async def test_the_root_says_who_answers_without_a_key(build: Build) -> None:
    place = await build()
    reply = await place.door.request("GET", "/v1/", key="")
    assert reply.status == 200
    assert reply.json().keys() == {"welcome", "api_version", "server_version"}
    assert reply.json()["api_version"] == "v1"
    assert reply.json()["server_version"] == reply.headers["x-version"]


@requirement("http:encoded")
@pytest.mark.parametrize("path", ["/v1/chat-messages", "/v1/files/upload"])
async def test_a_compressed_body_is_415_and_says_what_to_do(build: Build, path: str) -> None:
    place = await build()
    sent = gzip.compress(b'{"query": "hi", "user": "ann"}')
    kind = {"content-type": "application/json" if "chat" in path else f"multipart/form-data; boundary={BOUNDARY}"}
    refused = await place.door.request("POST", path, body=sent, headers=kind | {"content-encoding": "gzip"})
    assert (refused.status, refused.json()["code"]) == (415, "unsupported_media_type")
    assert "Content-Encoding" in refused.json()["message"]
    plain = kind | {"content-encoding": "Identity"}
    assert (await place.door.request("POST", path, body=b"{}", headers=plain)).status == 400


@requirement("http:content-type", "error:unsupported-media-type", "check:10")
@pytest.mark.parametrize("declared", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
async def test_a_body_that_is_not_declared_as_json_is_415(build: Build, declared: str | None) -> None:
    place = await build()
    headers = {} if declared is None else {"content-type": declared}
    reply = await place.door.request("POST", "/v1/chat-messages", body=b'{"query":"hi","user":"ann"}', headers=headers)
    assert_envelope(reply, 415, "unsupported_media_type")


@requirement("http:content-type")
@pytest.mark.parametrize("declared", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"])
async def test_json_may_be_declared_in_its_ways(build: Build, declared: str) -> None:
    place = await build()
    reply = await place.door.request(
        "POST", "/v1/chat-messages", body=b'{"query":"hi","user":"ann"}', headers={"content-type": declared}
    )
    assert reply.status == 200


@requirement("http:json-reply")
async def test_a_blocking_reply_is_json_in_utf8(build: Build) -> None:
    place = await build()
    reply = await place.door.send("héllo 🌧")
    assert reply.headers["content-type"].startswith("application/json")
    assert json.loads(reply.body.decode())["answer"] == "héllo 🌧"
    assert int(reply.headers["content-length"]) == len(reply.body)


@requirement("http:cors:reply", "http:x-version", "http:x-request-id")
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/chat-messages"), ("GET", "/v1/nothing"), ("PUT", "/v1/messages")]
)
async def test_every_reply_has_the_headers_of_the_house(build: Build, method: str, path: str) -> None:
    place = await build()
    reply = await place.door.request(method, path, json_body={"query": "hi", "user": "ann"})
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in reply.headers
    exposed = {name.strip() for name in reply.headers["access-control-expose-headers"].split(",")}
    assert {"X-Version", "X-Env", "X-Trace-Id"} <= exposed
    assert reply.headers["x-version"]
    assert reply.headers["x-env"]
    assert uuid.UUID(reply.headers["x-request-id"])


@requirement("http:x-version", "http:cors:reply")
async def test_a_stream_has_the_headers_of_the_house(build: Build) -> None:
    place = await build()
    reply = await place.door.streamed()
    assert {"x-version", "x-env", "x-request-id", "access-control-allow-origin"} <= reply.headers.keys()


@requirement("http:cors:preflight")
@pytest.mark.parametrize("path", ["/v1/chat-messages", f"/v1/conversations/{NOBODY}", "/v1/nothing"])
async def test_a_browser_may_ask_first(build: Build, path: str) -> None:
    place = await build()
    headers = {"origin": "https://app.example", "access-control-request-method": "POST"}
    reply = await place.door.request("OPTIONS", path, headers=headers, key="")
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "*"
    methods = {name.strip() for name in reply.headers["access-control-allow-methods"].split(",")}
    assert {"GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"} <= methods
    allowed = {name.strip() for name in reply.headers["access-control-allow-headers"].split(",")}
    assert {"Content-Type", "Authorization", "X-App-Code"} <= allowed


@requirement("error:envelope", "error:never-html", "error:404-text", "check:02")
@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/chat-messages/x", "/nothing", "/v2/", "/v1/%00", "*"])
@pytest.mark.parametrize("key", [None, ""])
async def test_an_unknown_path_is_an_envelope(build: Build, path: str, key: str | None) -> None:
    place = await build()
    reply = await place.door.request("GET", path, key=key)
    assert_envelope(reply, 404, "not_found")
    assert "did you mean" not in reply.json()["message"]


@requirement("error:method", "error:never-html", "check:02")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/chat-messages"),
        ("DELETE", "/v1/chat-messages"),
        ("PATCH", f"/v1/conversations/{NOBODY}"),
        ("POST", "/v1/messages"),
        ("BREW", "/v1/chat-messages"),
        ("POST", "/v1/"),
    ],
)
async def test_a_wrong_method_is_an_envelope(build: Build, method: str, path: str) -> None:
    place = await build()
    assert_envelope(await place.door.request(method, path), 405, "method_not_allowed")


@requirement("error:malformed-json", "check:10")
@pytest.mark.parametrize(
    "body", [b"", b"   ", b"{", b'{"query": "hi",}', b"hello", b'{"query": NaN}', b"\xff\xfe{}", b'{"query": "\xff"}']
)
async def test_malformed_json_is_a_bad_request(build: Build, body: bytes) -> None:
    place = await build()
    reply = await place.door.request(
        "POST", "/v1/chat-messages", body=body, headers={"content-type": "application/json"}
    )
    assert_envelope(reply, 400, "bad_request")


@requirement("error:json-not-object", "check:10")
@pytest.mark.parametrize("body", [b"null", b"[]", b'["query"]', b'"hi"', b"5", b"true"])
async def test_json_that_is_no_object_is_a_bad_request(build: Build, body: bytes) -> None:
    place = await build()
    reply = await place.door.request(
        "POST", "/v1/chat-messages", body=body, headers={"content-type": "application/json"}
    )
    assert_envelope(reply, 400, "bad_request")


@requirement("error:path-uuid")
@pytest.mark.parametrize("given", ["abc", "1", f"{NOBODY}x", "%00", "..", "a/b"])
async def test_a_path_that_should_hold_a_uuid_and_does_not_is_404(build: Build, given: str) -> None:
    place = await build()
    renamed = await place.door.post(f"/v1/conversations/{given}/name", name="x", user="ann")
    deleted = await place.door.request("DELETE", f"/v1/conversations/{given}", json_body={"user": "ann"})
    assert_envelope(renamed, 404, "not_found")
    assert_envelope(deleted, 404, "not_found")


@requirement("error:params", "error:invalid-param")
@pytest.mark.parametrize(
    ("member", "value"),
    [("query", 5), ("inputs", "x"), ("response_mode", "stream"), ("conversation_id", "abc"), ("files", "x")],
)
async def test_the_failure_of_a_field_is_one_line_and_names_it(build: Build, member: str, value: object) -> None:
    place = await build()
    reply = await place.door.post("/v1/chat-messages", **{"query": "hi", "user": "ann", member: value})
    assert_envelope(reply, 400, "invalid_param")
    assert reply.json()["params"] == member
    assert "\n" not in reply.json()["message"]
    assert reply.json()["message"].startswith(member)


@requirement("error:too-large", "error:never-html")
async def test_a_body_beyond_the_limit_is_413(build: Build) -> None:
    place = await build(max_body=1000)
    fits = await place.door.send("x" * 500)
    refused = await place.door.send("x" * 1000)
    assert fits.status == 200
    assert_envelope(refused, 413, "request_entity_too_large")
    assert "1000" in refused.json()["message"]


async def test_a_server_is_well_as_long_as_its_stores_are(
    build: Build, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await build()
    assert (await place.door.request("GET", "/health", key="")).json() == {"status": "ok"}
    if isinstance(place.storage, Memory):
        return
    if store == "sqlite":
        monkeypatch.setattr("parlour.http.server.PATIENCE", 0.01)
        with closing(sqlite3.connect(tmp_path / "0" / "parlour.db", isolation_level=None)) as command:
            command.execute("BEGIN IMMEDIATE")
            assert_envelope(await place.door.request("GET", "/health", key=""), 503, "service_unavailable")
        monkeypatch.undo()
        assert (await place.door.request("GET", "/health", key="")).status == 200
    await place.storage.close()
    assert_envelope(await place.door.request("GET", "/health", key=""), 503, "service_unavailable")
