"""Who may ask: keys and the apps that they open (contract 1.1)."""

import pytest

from parlour.http.auth import digest
from parlour.ports.catalogue import Key
from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import Build, chat_app, key_of, rules

pytestmark = pytest.mark.anyio


def assert_unauthorized(reply: Reply) -> None:
    assert reply.status == 401
    assert reply.json()["code"] == "unauthorized"
    assert reply.json()["status"] == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="api"'


async def ask_with(door: FrontDoor, authorization: str | None) -> Reply:
    headers = {} if authorization is None else {"authorization": authorization}
    return await door.request(
        "POST", "/v1/chat-messages", json_body={"query": "hi", "user": "ann"}, headers=headers, key=""
    )


@requirement("auth:bearer")
async def test_a_token_opens_its_own_app(build: Build) -> None:
    apps = {"one": chat_app(pre_prompt="I am one."), "two": chat_app(pre_prompt="I am two.")}
    place = await build(apps=apps, models=rules({"say": ["{system}"]}))
    one = await place.door.post("/v1/chat-messages", query="hi", user="ann")
    two = await ask_with(place.door, f"Bearer {key_of('two')}")
    assert (one.json()["answer"].strip(), two.json()["answer"].strip()) == ("I am one.", "I am two.")


@requirement("auth:scheme:case")
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   ", "Bearer\t"])
async def test_the_scheme_may_be_written_in_any_case_with_any_space_after_it(build: Build, scheme: str) -> None:
    place = await build()
    assert (await ask_with(place.door, scheme + key_of("first"))).status == 200


@requirement("auth:header:missing", "check:01")
async def test_without_a_header_nobody_is_let_in(build: Build) -> None:
    place = await build()
    assert_unauthorized(await ask_with(place.door, None))


@requirement("auth:header:garbled", "check:01")
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", key_of("first"), f"Basic {key_of('first')}", f"Token {key_of('first')}"]
)
async def test_a_garbled_header_lets_nobody_in(build: Build, header: str) -> None:
    place = await build()
    assert_unauthorized(await ask_with(place.door, header))


@requirement("auth:key:unknown", "check:01")
@pytest.mark.parametrize("token", ["app-unknown", "é", "app-first0xxxxxxxxxxxxxxxxx x", "x" * 10_000])
async def test_an_unknown_token_lets_nobody_in(build: Build, token: str) -> None:
    place = await build()
    assert_unauthorized(await ask_with(place.door, f"Bearer {token}"))


@requirement("auth:key:wrong-kind")
async def test_a_knowledge_key_opens_no_app(build: Build) -> None:
    place = await build()
    await place.storage.keys.add(Key(digest("dataset-x"), "knowledge", "first", "data…", 0))
    reply = await ask_with(place.door, "Bearer dataset-x")
    assert_unauthorized(reply)
    assert "invalid" in reply.json()["message"]


@requirement("auth:key:several")
async def test_all_keys_of_an_app_open_the_same_conversations(build: Build) -> None:
    place = await build()
    conversation = (await place.door.send()).json()["conversation_id"]
    place.door.key = key_of("first", 1)
    assert (await place.door.send(conversation_id=conversation)).status == 200


@requirement("auth:key:revoked")
async def test_a_revoked_key_lets_nobody_in(build: Build) -> None:
    place = await build()
    await place.storage.keys.add(Key(digest("app-short-lived"), "app", "first", "app-…", 0))
    assert (await ask_with(place.door, "Bearer app-short-lived")).status == 200
    await place.storage.keys.revoke(digest("app-short-lived"))
    place.house.keyring.forget()
    assert_unauthorized(await ask_with(place.door, "Bearer app-short-lived"))


@requirement("auth:key:in-header-only")
async def test_a_key_elsewhere_than_in_the_header_is_not_seen(build: Build) -> None:
    place = await build()
    key = key_of("first")
    reply = await place.door.request(
        "POST",
        "/v1/chat-messages",
        json_body={"query": "hi", "user": "ann", "api_key": key, "authorization": f"Bearer {key}"},
        query={"api_key": key, "authorization": f"Bearer {key}"},
        headers={"cookie": f"authorization=Bearer {key}"},
        key="",
    )
    assert_unauthorized(reply)


@requirement("auth:app-gone")
async def test_a_key_whose_app_is_gone_is_forbidden(build: Build) -> None:
    place = await build()
    await place.storage.keys.add(Key(digest("app-orphan"), "app", "gone", "app-…", 0))
    reply = await ask_with(place.door, "Bearer app-orphan")
    assert (reply.status, reply.json()["code"]) == (403, "forbidden")


@requirement("auth:first")
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"user": null}'])
async def test_a_bad_body_without_a_key_is_unauthorized(build: Build, body: bytes) -> None:
    place = await build()
    assert_unauthorized(await place.door.request("POST", "/v1/chat-messages", body=body, key="app-nobody"))


@requirement("auth:first")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat-messages"),
        ("POST", "/v1/chat-messages/x/stop"),
        ("GET", "/v1/messages"),
        ("GET", "/v1/runs/x/events"),
        ("GET", "/v1/conversations"),
        ("POST", "/v1/conversations/x/name"),
        ("DELETE", "/v1/conversations/x"),
    ],
)
async def test_every_route_asks_for_the_key_first(build: Build, method: str, path: str) -> None:
    place = await build()
    assert_unauthorized(await place.door.request(method, path, key=""))
