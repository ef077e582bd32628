"""What users think of answers (contract 5.6)."""

from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, NOW, Build, Place, app_file, chat_app, key_of

pytestmark = pytest.mark.anyio

COMPLETION = app_file("completion", prompt_type="simple")


async def asked(door: FrontDoor, user: str = "ann", conversation_id: str = "") -> dict[str, Any]:
    reply = await door.send("hi", user, conversation_id=conversation_id, auto_generate_name=False)
    assert reply.status == 200, reply.body
    return reply.json()


async def judge(door: FrontDoor, message_id: str, rating: object, user: object = "ann", **more: object) -> Reply:
    return await door.post(f"/v1/messages/{message_id}/feedbacks", rating=rating, user=user, **more)


async def listed(door: FrontDoor, **query: object) -> list[dict[str, Any]]:
    reply = await door.get("/v1/app/feedbacks", **query)
    assert reply.status == 200, reply.body
    assert reply.json().keys() == {"data"}
    return reply.json()["data"]


async def in_history(door: FrontDoor, conversation_id: str, user: str = "ann") -> list[object]:
    reply = await door.get("/v1/messages", conversation_id=conversation_id, user=user)
    return [message["feedback"] for message in reply.json()["data"]]


def refused(reply: Reply, status: int, code: str) -> bool:
    return (reply.status, reply.json()["code"], reply.json()["status"]) == (status, code, status)


@requirement("check:37", "feedback:rate", "feedback:null")
async def test_a_rating_is_given_changed_taken_back_once_and_seen_in_the_history(build: Build) -> None:
    place = await build()
    sent = await asked(place.door)
    await asked(place.door, conversation_id=sent["conversation_id"])
    for rating in ("like", "dislike"):
        reply = await judge(place.door, sent["id"], rating)
        assert (reply.status, reply.json()) == (200, {"result": "success"})
        assert await in_history(place.door, sent["conversation_id"]) == [{"rating": rating}, None]
    assert (await judge(place.door, sent["id"], None)).status == 200
    assert await in_history(place.door, sent["conversation_id"]) == [None, None]
    again = await judge(place.door, sent["id"], None)
    assert refused(again, 400, "invalid_param")
    assert again.json()["params"] == "rating"


@requirement("feedback:null")
async def test_no_rating_at_all_takes_it_back(build: Build) -> None:
    place = await build()
    sent = await asked(place.door)
    assert (await judge(place.door, sent["id"], "like")).status == 200
    assert (await place.door.post(f"/v1/messages/{sent['id']}/feedbacks", user="ann")).status == 200
    assert await listed(place.door) == []


@requirement("feedback:rate", "feedback:item", "feedback:times")
async def test_a_second_opinion_takes_the_place_of_the_first(build: Build) -> None:
    place = await build(fixed=True)
    sent = await asked(place.door)
    await judge(place.door, sent["id"].upper(), "like", content="naïve 漢字 🙂")
    (first,) = await listed(place.door)
    await judge(place.door, sent["id"], "dislike")
    (second,) = await listed(place.door)
    assert (first["rating"], first["content"]) == ("like", "naïve 漢字 🙂")
    assert second == {**first, "rating": "dislike", "content": None}
    assert first == {
        "id": first["id"],
        "app_id": place.house.catalogue.all()[0].card.id,
        "conversation_id": sent["conversation_id"],
        "message_id": sent["id"],
        "rating": "like",
        "content": "naïve 漢字 🙂",
        "from_source": "user",
        "from_end_user_id": first["from_end_user_id"],
        "from_account_id": None,
        "created_at": "2025-12-29T09:20:00Z",
        "updated_at": "2025-12-29T09:20:00Z",
    }
    assert NOW == 1767000000.0, "the moment above"
    found = await place.door.get(f"/v1/end-users/{first['from_end_user_id']}")
    assert found.json()["session_id"] == "ann"


@requirement("feedback:invalid")
@pytest.mark.parametrize(
    "members",
    [
        {"rating": "great", "user": "ann"},
        {"rating": "", "user": "ann"},
        {"rating": 1, "user": "ann"},
        {"rating": True, "user": "ann"},
        {"rating": ["like"], "user": "ann"},
        {"rating": "LIKE", "user": "ann"},
        {"rating": "like", "content": 5, "user": "ann"},
        {"rating": "like"},
        {"rating": "like", "user": ""},
    ],
)
async def test_what_is_no_opinion_is_refused(build: Build, members: dict[str, object]) -> None:
    place = await build()
    sent = await asked(place.door)
    reply = await place.door.post(f"/v1/messages/{sent['id']}/feedbacks", **members)
    assert refused(reply, 400, "invalid_param")
    assert await listed(place.door) == []


@requirement("check:37", "feedback:own")
async def test_another_users_or_apps_message_is_as_unknown_as_any(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    sent = await asked(place.door)
    elsewhere = FrontDoor(place.app, key_of("second"))
    await judge(place.door, sent["id"], "like")
    for rating in ("dislike", None):
        replies = [
            await judge(place.door, NOBODY, rating),
            await judge(place.door, sent["id"], rating, user="bob"),
            await judge(elsewhere, sent["id"], rating),
        ]
        assert {reply.body for reply in replies} == {replies[0].body}
        assert all(refused(reply, 404, "not_found") for reply in replies)
        assert replies[0].json()["message"] == "Message Not Exists."
    assert refused(await judge(place.door, "abc", "like"), 404, "not_found")
    assert [one["rating"] for one in await listed(place.door)] == ["like"]
    assert await listed(elsewhere) == []


@requirement("feedback:list")
async def test_pages_are_numbered_and_begin_with_the_newest(build: Build) -> None:
    place = await build()
    sent = [await asked(place.door, user) for user in ("ann", "bob", "cat")]
    for message, user in zip(sent, ("ann", "bob", "cat"), strict=True):
        await judge(place.door, message["id"], "like", user)
    await judge(place.door, sent[0]["id"], "dislike")
    newest_first = [message["id"] for message in reversed(sent)]
    assert [one["message_id"] for one in await listed(place.door)] == newest_first
    assert [one["message_id"] for one in await listed(place.door, limit=2)] == newest_first[:2]
    assert [one["message_id"] for one in await listed(place.door, limit=2, page=2)] == newest_first[2:]
    assert await listed(place.door, page=999_999_999, limit=101) == []
    for query in ({"limit": 0}, {"limit": 102}, {"limit": "x"}, {"page": 0}, {"page": -1}, {"page": "9" * 30}):
        assert refused(await place.door.get("/v1/app/feedbacks", **query), 400, "invalid_param")


@requirement("feedback:deleted")
async def test_a_deleted_conversation_takes_its_feedback_with_it(build: Build) -> None:
    place = await build()
    sent = await asked(place.door)
    await judge(place.door, sent["id"], "like")
    gone = await place.door.request("DELETE", f"/v1/conversations/{sent['conversation_id']}", json_body={"user": "ann"})
    assert gone.status == 204
    assert await listed(place.door) == []
    assert refused(await judge(place.door, sent["id"], "like"), 404, "not_found")


@requirement("feedback:modes")
async def test_a_completion_can_be_judged(build: Build) -> None:
    place: Place = await build(apps={"first": COMPLETION})
    reply = await place.door.post("/v1/completion-messages", inputs={}, query="hi", user="ann")
    assert reply.status == 200, reply.body
    message_id = reply.json()["message_id"]
    assert (await judge(place.door, message_id, "dislike")).status == 200
    assert [one["message_id"] for one in await listed(place.door)] == [message_id]
    assert refused(await judge(place.door, message_id, "like", user="bob"), 404, "not_found")
