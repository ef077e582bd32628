"""Names of conversations: from the query, from a model, from the caller (contract 4.4.9, 5.4)."""

from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, until
from tests.houses import NOBODY, Build, Gate, rules, scripted

pytestmark = pytest.mark.anyio

TITLE = {"purpose": "title", "say": ['"Rain ', 'Talk"']}


async def name_of(door: FrontDoor) -> str:
    return (await door.get("/v1/conversations", user="ann")).json()["data"][0]["name"]


async def rename(door: FrontDoor, conversation: str, **body: object) -> tuple[int, dict[str, Any]]:
    reply = await door.post(f"/v1/conversations/{conversation}/name", **{"user": "ann", **body})
    return reply.status, reply.json()


@requirement("name:prefix", "check:33")
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("short", "short"),
        ("exactly twenty chars", "exactly twenty chars"),
        ("exactly twenty chars!", "exactly twenty chars…"),
        ("🌧" * 21, "🌧" * 20 + "…"),
    ],
)
async def test_a_conversation_is_named_by_the_beginning_of_its_query(build: Build, query: str, name: str) -> None:
    place = await build(models=rules(TITLE))
    await place.door.send(query, auto_generate_name=False)
    assert await name_of(place.door) == name


@requirement("name:generated", "check:33")
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
async def test_a_model_names_a_new_conversation(build: Build, mode: str) -> None:
    place = await build(models=rules(TITLE))
    reply = await place.door.send("Will it rain?", response_mode=mode)

    async def named() -> bool:
        return await name_of(place.door) == "Rain Talk"

    await until(named)
    if mode == "streaming":
        assert [event["event"] for event in reply.events] == ["message"] * 3 + ["message_end"]


@requirement("name:generated")
async def test_a_slow_name_does_not_hold_the_answer_back(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [{"first_ms": 1, **TITLE}]}, gate.sleep))
    assert (await place.door.send("Will it rain?")).json()["answer"] == "Will it rain?"
    assert await name_of(place.door) == "Will it rain?"
    gate.opened.set()

    async def named() -> bool:
        return await name_of(place.door) == "Rain Talk"

    await until(named)


@requirement("name:generated")
async def test_a_name_that_the_user_gave_meanwhile_stays(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [{"first_ms": 1, **TITLE}]}, gate.sleep))
    conversation = (await place.door.send("Will it rain?")).json()["conversation_id"]
    await rename(place.door, conversation, name="Mine")
    gate.opened.set()
    await place.house.runs.close(1)
    assert await name_of(place.door) == "Mine"


@requirement("name:model-fails")
@pytest.mark.parametrize(
    ("query", "name"), [("A query of more than twenty.", None), ("x" * 51, "x" * 47 + "..."), ("y" * 50, None)]
)
async def test_where_the_model_fails_the_query_is_the_name(build: Build, query: str, name: str | None) -> None:
    place = await build(models=rules({"purpose": "title", "error": {"message": "broken"}}))
    await place.door.send(query)

    async def named() -> bool:
        return await name_of(place.door) == (name or query)

    await until(named)


@requirement("name:first-turn-only")
async def test_later_turns_do_not_name_again(build: Build) -> None:
    place = await build(models=rules(TITLE))
    conversation = (await place.door.send("first", auto_generate_name=False)).json()["conversation_id"]
    await place.door.send("second", conversation_id=conversation, auto_generate_name=True)
    await place.house.runs.close(1)  # whatever goes on has ended
    assert await name_of(place.door) == "first"


@requirement("name:rename", "check:33")
async def test_a_rename_sets_the_name_and_answers_with_the_conversation(build: Build) -> None:
    place = await build()
    conversation = (await place.door.send(auto_generate_name=False)).json()["conversation_id"]
    status, body = await rename(place.door, conversation, name="Plans 🌧")
    assert status == 200
    assert body.keys() == {"id", "name", "inputs", "status", "introduction", "created_at", "updated_at"}
    assert (body["id"], body["name"], body["status"]) == (conversation, "Plans 🌧", "normal")
    assert await name_of(place.door) == "Plans 🌧"


@requirement("name:rename", "check:33")
@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}, {"name": "  "}, {"name": 5}, {"name": ["x"]}])
async def test_a_blank_name_is_refused(build: Build, body: dict[str, object]) -> None:
    place = await build()
    conversation = (await place.door.send(auto_generate_name=False)).json()["conversation_id"]
    status, reply = await rename(place.door, conversation, **body)
    assert (status, reply["code"], reply["params"]) == (400, "invalid_param", "name")
    assert await name_of(place.door) == "hi"


@requirement("name:rename", "check:33")
@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "ignored"}])
async def test_a_rename_may_ask_a_model(build: Build, body: dict[str, object]) -> None:
    place = await build(models=rules(TITLE))
    conversation = (await place.door.send(auto_generate_name=False)).json()["conversation_id"]
    status, renamed = await rename(place.door, conversation, auto_generate=True, **body)
    assert (status, renamed["name"]) == (200, "Rain Talk")


@requirement("name:rename")
async def test_a_model_that_fails_is_no_failure_of_the_rename(build: Build) -> None:
    place = await build(models=rules({"purpose": "title", "error": {"message": "broken"}}))
    conversation = (await place.door.send("hello", auto_generate_name=False)).json()["conversation_id"]
    status, renamed = await rename(place.door, conversation, auto_generate=True)
    assert (status, renamed["name"]) == (200, "hello")
    await rename(place.door, conversation, name="Mine")
    status, renamed = await rename(place.door, conversation, auto_generate=True)
    assert (status, renamed["name"]) == (200, "Mine")


@requirement("name:rename", "error:not-found")
@pytest.mark.parametrize("body", [{"name": "Mine"}, {"auto_generate": True}])
async def test_another_users_conversation_cannot_be_renamed(build: Build, body: dict[str, object]) -> None:
    place = await build(models=rules(TITLE))
    conversation = (await place.door.send(auto_generate_name=False)).json()["conversation_id"]
    foreign = await rename(place.door, conversation, user="bob", **body)
    unknown = await rename(place.door, NOBODY, **body)
    assert foreign == unknown
    assert (foreign[0], foreign[1]["code"]) == (404, "not_found")
    assert await name_of(place.door) == "hi"
