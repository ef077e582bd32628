"""Variables of conversations: what can be asked of them, where an app declares none (contract 5.5)."""

import pytest

from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, Place, app_file, chat_app, key_of

pytestmark = pytest.mark.anyio


async def begun(place: Place) -> str:
    reply = await place.door.send("hi", "ann", auto_generate_name=False)
    return reply.json()["conversation_id"]


async def page(door: FrontDoor, conversation: str, **query: object) -> Reply:
    return await door.get(f"/v1/conversations/{conversation}/variables", **query)


async def update(door: FrontDoor, conversation: str, variable: str = NOBODY, **members: object) -> Reply:
    path = f"/v1/conversations/{conversation}/variables/{variable}"
    return await door.request("PUT", path, json_body=members)


def refused(reply: Reply, status: int, code: str) -> bool:
    return (reply.status, reply.json()["code"], reply.json()["status"]) == (status, code, status)


@requirement("variables:empty", "variables:query")
async def test_a_chat_has_no_variables(build: Build) -> None:
    place = await build()
    conversation = await begun(place)
    reply = await page(place.door, conversation, user="ann")
    assert (reply.status, reply.json()) == (200, {"limit": 20, "has_more": False, "data": []})
    for limit in (1, 100):
        assert (await page(place.door, conversation.upper(), user="ann", limit=limit)).json()["limit"] == limit
    for name in ("a", "a-B_9.x", "x" * 255):
        assert (await page(place.door, conversation, user="ann", variable_name=name)).status == 200


@requirement("variables:query", "variables:user", "variables:cursor")
@pytest.mark.parametrize(
    ("query", "params"),
    [
        *(({"user": "ann", "limit": limit}, "limit") for limit in (0, 101, -1, "x")),
        *(({"user": "ann", "variable_name": name}, "variable_name") for name in ("", "a b", "é", "a\n", "x" * 256)),
        ({"user": "ann", "last_id": NOBODY}, "last_id"),
        ({"user": "ann", "last_id": "abc"}, "last_id"),
        ({}, "user"),
        ({"user": ""}, "user"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(build: Build, query: dict[str, object], params: str) -> None:
    place = await build()
    reply = await page(place.door, await begun(place), **query)
    assert refused(reply, 400, "invalid_param")
    assert reply.json()["params"] == params


@requirement("variables:conversation")
async def test_an_unknown_or_foreign_conversation_is_not_there(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    conversation = await begun(place)
    elsewhere = FrontDoor(place.app, key_of("second"))
    replies = [
        await page(place.door, NOBODY, user="ann"),
        await page(place.door, conversation, user="bob"),
        await page(place.door, conversation, user="bob", last_id=NOBODY),
        await page(elsewhere, conversation, user="ann"),
        await update(place.door, NOBODY, value=1, user="ann"),
        await update(place.door, conversation, value=1, user="bob"),
        await update(place.door, conversation, value=1),
        await update(elsewhere, conversation, value=1, user="ann"),
    ]
    assert {reply.body for reply in replies} == {replies[0].body}
    assert refused(replies[0], 404, "conversation_not_exists")
    assert refused(await page(place.door, "abc", user="ann"), 404, "not_found")


@requirement("variables:update")
@pytest.mark.parametrize("value", ["text", 5, None, {"a": [1]}, False])
async def test_an_unknown_variable_cannot_be_changed(build: Build, value: object) -> None:
    place = await build()
    conversation = await begun(place)
    reply = await update(place.door, conversation, value=value, user="ann")
    assert refused(reply, 404, "not_found")
    assert reply.json()["message"] == "Conversation Variable Not Exists."
    assert refused(await update(place.door, conversation, "abc", value=value, user="ann"), 404, "not_found")
    assert refused(await update(place.door, conversation, user="ann"), 400, "invalid_param")


@requirement("variables:mode")
async def test_a_completion_app_has_no_conversations(build: Build) -> None:
    place = await build(apps={"first": app_file("completion", prompt_type="simple")})
    assert refused(await page(place.door, NOBODY, user="ann"), 400, "not_chat_app")
    assert refused(await update(place.door, NOBODY, value=1, user="ann"), 400, "not_chat_app")
