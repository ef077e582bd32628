"""What was said, read again: messages, conversations, deleting (contract 5.3, 5.4)."""

from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build, Place, chat_app, key_of, rules

pytestmark = pytest.mark.anyio

MESSAGE = {
    "id",
    "conversation_id",
    "parent_message_id",
    "inputs",
    "query",
    "answer",
    "status",
    "error",
    "message_files",
    "feedback",
    "retriever_resources",
    "agent_thoughts",
    "created_at",
    "extra_contents",
    "message_tokens",
    "answer_tokens",
    "total_tokens",
    "provider_response_latency",
    "total_price",
    "currency",
}


async def talk(door: FrontDoor, turns: int, user: str = "ann") -> str:
    """A conversation of so many turns."""
    conversation = ""
    for number in range(turns):
        reply = await door.send(f"turn {number}", user, conversation_id=conversation, auto_generate_name=False)
        conversation = reply.json()["conversation_id"]
    return conversation


async def page(door: FrontDoor, path: str = "/v1/conversations", **query: object) -> dict[str, Any]:
    reply = await door.get(path, **{"user": "ann", **query})
    assert reply.status == 200, reply.body
    return reply.json()


async def refusal(door: FrontDoor, path: str, **query: object) -> tuple[int, str]:
    reply = await door.get(path, **{"user": "ann", **query})
    return reply.status, reply.json()["code"]


@requirement("messages:item", "check:34")
async def test_a_message_has_all_its_members(build: Build) -> None:
    place = await build(models=rules({"say": ["Hello"], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}))
    sent = (await place.door.send("hi")).json()
    found = await page(place.door, "/v1/messages", conversation_id=sent["conversation_id"])
    assert found.keys() == {"limit", "has_more", "data"}
    message = found["data"][0]
    assert message.keys() == MESSAGE
    assert (message["id"], message["conversation_id"]) == (sent["id"], sent["conversation_id"])
    assert message["parent_message_id"] == "00000000-0000-0000-0000-000000000000"
    assert (message["query"], message["answer"], message["status"]) == ("hi", "Hello", "normal")
    assert (message["message_tokens"], message["answer_tokens"], message["total_tokens"]) == (9, 3, 12)
    for name in ("message_files", "retriever_resources", "agent_thoughts", "extra_contents"):
        assert message[name] == []
    assert (message["error"], message["feedback"], message["inputs"]) == (None, None, {})
    assert (message["total_price"], message["currency"]) == ("0", "USD")


@requirement("check:34")
@pytest.mark.parametrize("fixed", [False, True])
async def test_pages_go_back_in_time_without_gaps_and_each_is_in_order(
    build: Build,
    fixed: bool,  # noqa: FBT001 -- a case: all messages have one time
) -> None:
    place = await build(fixed=fixed)
    conversation = await talk(place.door, 7)
    seen: list[str] = []
    first_id = ""
    for size, more in ((3, True), (3, True), (1, False)):
        found = await page(
            place.door,
            "/v1/messages",
            conversation_id=conversation,
            limit=3,
            **({"first_id": first_id} if first_id else {}),
        )
        assert (len(found["data"]), found["has_more"], found["limit"]) == (size, more, 3)
        seen = [*(message["query"] for message in found["data"]), *seen]
        first_id = found["data"][0]["id"]
    assert seen == [f"turn {number}" for number in range(7)]


@requirement("check:34", "check:35")
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/conversations"])
async def test_limits_are_1_to_100_and_20_where_none_is_given(build: Build, path: str) -> None:
    place = await build()
    query = {"conversation_id": await talk(place.door, 1)}
    assert (await page(place.door, path, **query))["limit"] == 20
    assert (await page(place.door, path, **query, limit=""))["limit"] == 20
    for good in (1, 100):
        assert (await page(place.door, path, **query, limit=good))["limit"] == good
    for bad in (0, 101, -1, "x", 1.5, "9" * 30):
        assert await refusal(place.door, path, **query, limit=bad) == (400, "invalid_param")


@requirement("error:404-words", "check:34", "messages:query")
async def test_an_unknown_cursor_is_not_found_and_a_malformed_one_refused(build: Build) -> None:
    place = await build()
    conversation, other = await talk(place.door, 1), await talk(place.door, 1)
    elsewhere = (await page(place.door, "/v1/messages", conversation_id=other))["data"][0]["id"]
    for unknown in (NOBODY, elsewhere):
        found = await refusal(place.door, "/v1/messages", conversation_id=conversation, first_id=unknown)
        assert found == (404, "not_found")
        reply = await place.door.get("/v1/messages", user="ann", conversation_id=conversation, first_id=unknown)
        assert reply.json()["message"].startswith("First Message Not Exists.")
    malformed = await refusal(place.door, "/v1/messages", conversation_id=conversation, first_id="abc")
    assert malformed == (400, "invalid_param")


@requirement("messages:query")
async def test_messages_need_a_conversation(build: Build) -> None:
    place = await build()
    assert await refusal(place.door, "/v1/messages") == (400, "invalid_param")
    assert await refusal(place.door, "/v1/messages", conversation_id="abc") == (400, "invalid_param")
    empty = await page(place.door, "/v1/messages", conversation_id="")
    assert (empty["data"], empty["has_more"]) == ([], False)


@requirement("error:not-found", "check:35")
async def test_one_users_things_are_nobody_elses(build: Build) -> None:
    place = await build(apps={"one": chat_app(), "two": chat_app(pre_prompt="x")})
    own = await talk(place.door, 1)
    assert (await page(place.door, user="bob"))["data"] == []
    foreign = await refusal(place.door, "/v1/messages", conversation_id=own, user="bob")
    unknown = await refusal(place.door, "/v1/messages", conversation_id=NOBODY)
    place.door.key = key_of("two")
    assert (await page(place.door))["data"] == []
    other_app = await refusal(place.door, "/v1/messages", conversation_id=own)
    assert foreign == unknown == other_app == (404, "not_found")


@requirement("conversations:item", "conversations:introduction")
async def test_a_conversation_shows_its_opening_statement_with_the_inputs_in_it(build: Build) -> None:
    form = [{"text-input": {"variable": "name", "label": "Name", "required": True}}]
    app = chat_app(opening_statement="Hello {{name}}, {{nobody}}!", user_input_form=form)
    place = await build(apps={"one": app})
    sent = (await place.door.send(inputs={"name": "Ann"}, auto_generate_name=False)).json()
    found = (await page(place.door))["data"][0]
    assert found.keys() == {"id", "name", "inputs", "status", "introduction", "created_at", "updated_at"}
    assert (found["id"], found["name"], found["status"]) == (sent["conversation_id"], "hi", "normal")
    assert found["introduction"] == "Hello Ann, {{nobody}}!"
    assert found["inputs"] == {"name": "Ann"}
    assert type(found["created_at"]) is type(found["updated_at"]) is int


async def three(place: Place) -> list[str]:
    """Three conversations; the first one is touched last."""
    made = [await talk(place.door, 1) for _ in range(3)]
    await place.door.send("again", conversation_id=made[0])
    return made


@requirement("check:35")
@pytest.mark.parametrize(
    ("sort_by", "order"),
    [
        ("", [0, 2, 1]),
        ("-updated_at", [0, 2, 1]),
        ("updated_at", [1, 2, 0]),
        ("created_at", [0, 1, 2]),
        ("-created_at", [2, 1, 0]),
    ],
)
async def test_conversations_come_in_the_order_that_was_asked_for(build: Build, sort_by: str, order: list[int]) -> None:
    place = await build()
    made = await three(place)
    found = await page(place.door, **({"sort_by": sort_by} if sort_by else {}))
    assert [one["id"] for one in found["data"]] == [made[number] for number in order]


@requirement("check:35")
@pytest.mark.parametrize("sort_by", ["created_at", "-created_at", "updated_at", "-updated_at"])
async def test_paging_loses_none_where_times_are_equal(build: Build, sort_by: str) -> None:
    place = await build(fixed=True)
    made = {await talk(place.door, 1) for _ in range(7)}
    seen: list[str] = []
    more = True
    while more:
        cursor = {"last_id": seen[-1]} if seen else {}
        found = await page(place.door, sort_by=sort_by, limit=2, **cursor)
        seen += [one["id"] for one in found["data"]]
        more = found["has_more"]
    assert len(seen) == 7
    assert set(seen) == made


@requirement("check:35")
async def test_what_is_no_order_or_no_cursor_is_refused(build: Build) -> None:
    place = await build()
    await talk(place.door, 1)
    foreign = await talk(place.door, 1, "bob")
    assert await refusal(place.door, "/v1/conversations", sort_by="name") == (400, "invalid_param")
    assert await refusal(place.door, "/v1/conversations", last_id="abc") == (400, "invalid_param")
    for unknown in (NOBODY, foreign):
        assert await refusal(place.door, "/v1/conversations", last_id=unknown) == (404, "not_found")
        reply = await place.door.get("/v1/conversations", user="ann", last_id=unknown)
        assert reply.json()["message"].startswith("Last Conversation Not Exists.")
    assert len((await page(place.door, pinned="true"))["data"]) == 1


@requirement("check:35", "delete:body")
@pytest.mark.parametrize("body", [{"user": "DEFAULT-USER"}, None])
async def test_a_deleted_conversation_is_gone_everywhere(build: Build, body: object) -> None:
    place = await build()
    own = await talk(place.door, 2, "DEFAULT-USER")
    deleted = await place.door.request("DELETE", f"/v1/conversations/{own}", json_body=body)
    assert (deleted.status, deleted.body) == (204, b"")
    assert (await page(place.door, user="DEFAULT-USER"))["data"] == []
    again = await place.door.request("DELETE", f"/v1/conversations/{own}", json_body=body)
    named = await place.door.post(f"/v1/conversations/{own}/name", name="x", user="DEFAULT-USER")
    asked = await place.door.send(user="DEFAULT-USER", conversation_id=own)
    read = await place.door.get("/v1/messages", user="DEFAULT-USER", conversation_id=own)
    assert {reply.status for reply in (again, named, asked, read)} == {404}


@requirement("check:35")
async def test_a_foreign_delete_is_not_found_and_loses_nothing(build: Build) -> None:
    place = await build()
    own = await talk(place.door, 1)
    foreign = await place.door.request("DELETE", f"/v1/conversations/{own}", json_body={"user": "bob"})
    assert (foreign.status, foreign.json()["code"]) == (404, "not_found")
    assert len((await page(place.door, "/v1/messages", conversation_id=own))["data"]) == 1
