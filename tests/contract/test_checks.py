"""The forty checks of contract 7: which of them tests show, and what they say of every route alike.

What a check says of one route is shown beside that route's other tests; `test_manifest.py` finds them by their ids.
"""

import json

import pytest

from parlour.wire.openapi import document
from tests.contract.requirements import REQUIREMENTS, requirement
from tests.contract.test_manifest import shown
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, app_file, chat_app, key_of

pytestmark = pytest.mark.anyio

SPEC = json.loads(document("1.0.0"))
SECURED = [
    (method.upper(), path)
    for path, methods in SPEC["paths"].items()
    for method, operation in methods.items()
    if operation.get("security") != [] and not path.startswith("/v1/admin/")  # an operator's, and not there by default
]
OF_CHATS_AND_COMPLETIONS = {*range(1, 15), *range(16, 21), 24, 26, 27, 28, 31, *range(33, 40)}
ELSEWHERE = {
    15: "versions of chatflows",
    **dict.fromkeys((21, 22, 23, 25, 40), "chatflows and workflows"),
    29: "moderation",
    30: "answers from annotations",
    32: "voice",
}
USER_NEEDED = [
    ("POST", "/v1/chat-messages", "first"),
    ("POST", f"/v1/chat-messages/{NOBODY}/stop", "first"),
    ("GET", f"/v1/messages/{NOBODY}/suggested", "first"),
    ("GET", f"/v1/conversations/{NOBODY}/variables", "first"),
    ("POST", f"/v1/messages/{NOBODY}/feedbacks", "first"),
    ("GET", f"/v1/runs/{NOBODY}/events", "first"),
    ("POST", "/v1/completion-messages", "write"),
    ("POST", f"/v1/completion-messages/{NOBODY}/stop", "write"),
]
"""Where a missing user is 400 (contract 5; 0.14 for variables; the events are ours)."""
FINE: dict[str, object] = {"query": "hi", "inputs": {}, "rating": "like"}


def test_every_check_of_this_kind_of_app_has_a_test_with_its_number() -> None:
    numbers = {int(name.removeprefix("check:")[:2]) for name, _ in shown() if name.startswith("check:")}
    assert numbers >= OF_CHATS_AND_COMPLETIONS
    assert OF_CHATS_AND_COMPLETIONS | ELSEWHERE.keys() == set(range(1, 41))
    assert not [number for number in OF_CHATS_AND_COMPLETIONS if REQUIREMENTS[f"check:{number:02}"].deferred]


@requirement("check:01", "auth:first")
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "app-first0xxxxxxxxxxxxxxxxxx", "Basic eA==", "Bearer app-no"]
)
async def test_no_route_of_an_app_opens_without_a_key(build: Build, authorization: str | None) -> None:
    place = await build()
    place.door.key = ""
    headers = {} if authorization is None else {"authorization": authorization}
    for method, path in SECURED:
        address = path.replace("{", "").replace("}", "")
        reply = await place.door.request(method, address, body=b"{", headers=headers)
        assert (reply.status, reply.json()["code"]) == (401, "unauthorized"), path
        assert reply.headers["www-authenticate"] == 'Bearer realm="api"', path
        assert reply.json()["status"] == 401


async def asked(door: FrontDoor, method: str, path: str, app: str, given: dict[str, object]) -> Reply:
    if method == "GET":
        return await door.request(method, path, query=given, key=key_of(app))
    return await door.request(method, path, json_body={**FINE, **given}, key=key_of(app))


@requirement("check:03", "chat:user:missing", "stop:user", "suggested:user", "variables:user", "feedback:invalid")
@pytest.mark.parametrize(("method", "path", "app"), USER_NEEDED)
async def test_every_route_that_needs_a_user_says_so_and_takes_a_number(
    build: Build, method: str, path: str, app: str
) -> None:
    features = {"suggested_questions_after_answer": {"enabled": True}}
    place = await build(apps={"first": chat_app(**features), "write": app_file("completion")})
    for given in ({}, {"user": ""}):
        reply = await asked(place.door, method, path, app, dict[str, object](given))
        assert (reply.status, reply.json()["code"]) == (400, "invalid_param")
        assert reply.json()["message"] == "Arg user must be provided."
    assert (await asked(place.door, method, path, app, {"user": 5})).status in {200, 404}


@requirement("check:36", "variables:query", "variables:conversation", "variables:update", "variables:empty")
async def test_variables_of_a_chat_have_their_defaults_bounds_and_failures(build: Build) -> None:
    place = await build()
    conversation = (await place.door.send(auto_generate_name=False)).json()["conversation_id"]
    path = f"/v1/conversations/{conversation}/variables"
    assert (await place.door.get(path, user="ann")).json() == {"limit": 20, "has_more": False, "data": []}
    for limit in (1, 100):
        assert (await place.door.get(path, user="ann", limit=limit)).json()["limit"] == limit
    for wrong in ({"limit": 0}, {"limit": 101}, {"variable_name": ""}, {"variable_name": "a b"}):
        reply = await place.door.get(path, user="ann", **wrong)
        assert (reply.status, reply.json()["code"]) == (400, "invalid_param")
    assert (await place.door.get(path, user="ann", variable_name="a-b_c.9")).status == 200
    assert (await place.door.get(path, user="bob")).json()["code"] == "conversation_not_exists"
    change = {"value": "x", "user": "ann"}
    reply = await place.door.request("PUT", f"{path}/{NOBODY}", json_body=change)
    assert (reply.status, reply.json()["code"]) == (404, "not_found")
