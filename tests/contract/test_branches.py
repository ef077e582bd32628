"""Branches of a conversation: `parent_message_id`, to ask again or to go on from an earlier message (ours)."""

from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build, chat_app, key_of, rules

pytestmark = pytest.mark.anyio

NIL = "00000000-0000-0000-0000-000000000000"
SHOWN = {"say": ["{prompt}"]}
"""The model says what it was shown."""


async def said(door: FrontDoor, query: str, **members: object) -> dict[str, Any]:
    reply = await door.send(query, auto_generate_name=False, **members)
    assert reply.status == 200, reply.body
    return reply.json()


def seen(sent: dict[str, Any]) -> list[str]:
    """The user's lines that the model was shown."""
    lines: list[str] = sent["answer"].splitlines()
    return [line.removeprefix("user: ") for line in lines if line.startswith("user: ")]


@requirement("branch:parent")
async def test_a_message_with_a_parent_sees_what_led_there_and_nothing_else(build: Build) -> None:
    place = await build(models=rules({"match": "^[abc]$", "say": ["Yes."]}, SHOWN))
    a = await said(place.door, "a")
    at = {"conversation_id": a["conversation_id"]}
    b = await said(place.door, "b", **at)
    await said(place.door, "c", **at)
    again = await said(place.door, "b again", **at, parent_message_id=a["id"])
    assert seen(again) == ["a", "b again"]
    beside = await said(place.door, "c again", **at, parent_message_id=b["id"].upper())
    assert seen(beside) == ["a", "b", "c again"]


@requirement("branch:after", "branch:shown")
async def test_a_message_without_a_parent_goes_on_from_the_newest_one_whatever_its_branch(build: Build) -> None:
    place = await build(models=rules({"match": "^[abcde]$", "say": ["Yes."]}, SHOWN))
    a = await said(place.door, "a")
    at = {"conversation_id": a["conversation_id"]}
    await said(place.door, "b", **at)
    branch = await said(place.door, "c", **at, parent_message_id=a["id"])
    await said(place.door, "d", **at)
    await said(place.door, "e", **at, parent_message_id=branch["id"])
    last = await said(place.door, "last", **at)
    assert seen(last) == ["a", "c", "e", "last"], "b and d are on other branches"
    page = (await place.door.get("/v1/messages", user="ann", **at)).json()["data"]
    assert [(one["query"], one["parent_message_id"]) for one in page] == [
        ("a", NIL),
        ("b", NIL),
        ("c", a["id"]),
        ("d", NIL),
        ("e", branch["id"]),
        ("last", NIL),
    ]


@requirement("branch:root")
async def test_the_first_message_is_asked_anew_by_its_conversation_as_the_parent(build: Build) -> None:
    place = await build(models=rules({"match": "^[abc]$", "say": ["Yes."]}, SHOWN))
    a = await said(place.door, "a")
    at = {"conversation_id": a["conversation_id"]}
    await said(place.door, "b", **at)
    anew = await said(place.door, "anew", **at, parent_message_id=a["conversation_id"])
    assert seen(anew) == ["anew"]
    assert seen(await said(place.door, "on", **at)) == ["anew", "on"]
    assert seen(await said(place.door, "on", **at, parent_message_id=anew["id"])) == ["anew", "on"]
    page = (await place.door.get("/v1/messages", user="ann", **at)).json()["data"]
    assert page[2]["parent_message_id"] == a["conversation_id"]


@requirement("branch:linear")
@pytest.mark.parametrize("parent", [None, "", " ", NIL, NIL.replace("-", "")])
async def test_no_parent_in_any_spelling_is_the_linear_history(build: Build, parent: object) -> None:
    place = await build(models=rules({"match": "^[ab]$", "say": ["Yes."]}, SHOWN))
    a = await said(place.door, "a", parent_message_id=parent)
    at = {"conversation_id": a["conversation_id"]}
    await said(place.door, "b", **at)
    assert seen(await said(place.door, "last", **at, parent_message_id=parent)) == ["a", "b", "last"]


@requirement("branch:malformed")
async def test_a_malformed_parent_or_one_without_its_conversation_is_refused(build: Build) -> None:
    place = await build()
    sent = await said(place.door, "a")
    malformed: tuple[object, ...] = ("abc", 5, True, {}, [])
    for parent in malformed:
        reply = await place.door.send("b", conversation_id=sent["conversation_id"], parent_message_id=parent)
        body = reply.json()
        assert (reply.status, body["code"], body["params"]) == (400, "invalid_param", "parent_message_id")
    reply = await place.door.send("b", parent_message_id=sent["id"])
    body = reply.json()
    assert (reply.status, body["code"], body["params"]) == (400, "invalid_param", "parent_message_id")
    assert "conversation_id" in body["message"]


@requirement("branch:own")
async def test_a_parent_from_elsewhere_is_not_there_and_leaves_nothing(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    own = await said(place.door, "a")
    other = await said(place.door, "a")
    foreign = await said(place.door, "a", user="bob")
    door = FrontDoor(place.app, key_of("second"))
    elsewhere = await said(door, "a")
    told = set[str]()
    for parent in (NOBODY, other["id"], foreign["id"], elsewhere["id"]):
        reply = await place.door.send("b", conversation_id=own["conversation_id"], parent_message_id=parent)
        assert (reply.status, reply.json()["code"]) == (404, "not_found")
        told.add(reply.json()["message"])
    assert len(told) == 1, "nothing tells a foreign message from an unknown one"
    page = await place.door.get("/v1/messages", user="ann", conversation_id=own["conversation_id"])
    assert len(page.json()["data"]) == 1


@requirement("branch:parent")
async def test_a_failed_turn_can_be_asked_again_from_its_parent(build: Build) -> None:
    broken = {"match": "^b$", "once": True, "error": {"code": "completion_request_error", "message": "no", "after": 0}}
    place = await build(models=rules({"match": "^a$", "say": ["Yes."]}, broken, SHOWN))
    a = await said(place.door, "a")
    at = {"conversation_id": a["conversation_id"]}
    assert (await place.door.send("b", **at)).status == 400
    assert seen(await said(place.door, "b", **at, parent_message_id=a["id"])) == ["a", "b"]


@requirement("suggested:questions", "branch:parent")
async def test_questions_are_suggested_for_the_branch_that_a_message_is_on(build: Build) -> None:
    suggest = {"purpose": "suggest", "say": ['["After a, c?"]']}
    place = await build(
        apps={"first": chat_app(suggested_questions_after_answer={"enabled": True})},
        models=rules({"match": "b", "purpose": "suggest"}, suggest, {"say": ["Yes."]}),
    )
    a = await said(place.door, "a")
    at = {"conversation_id": a["conversation_id"]}
    b = await said(place.door, "b", **at)
    c = await said(place.door, "c", **at, parent_message_id=a["id"])
    for message, questions in ((b, []), (c, ["After a, c?"])):
        reply = await place.door.get(f"/v1/messages/{message['id']}/suggested", user="ann")
        assert reply.json()["data"] == questions
