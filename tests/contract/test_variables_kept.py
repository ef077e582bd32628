"""Variables of a chatflow's conversation: written by its runs, listed, updated, kept (contract 5.5, check 36)."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from tests.contract.flow_samples import start
from tests.contract.requirements import requirement
from tests.contract.test_variables import page, refused, update
from tests.dsl.graph_samples import Written, chain, flow_file, node
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build, Plan, key_of, open_house

pytestmark = pytest.mark.anyio

SPACE = UUID(NOBODY)
DECLARED: dict[str, tuple[str, object]] = {
    "count": ("number", 0),
    "topic": ("string", "none yet"),
    "profile": ("object", {"name": "Ann", "ages": [1, 2]}),
    "heard": ("array[string]", []),
    "polite": ("boolean", True),
    "token": ("secret", "s3cret"),
    "ratios": ("array[number]", [0.5]),
    "facts": ("array[object]", []),
    "flags": ("array[boolean]", []),
    "mixed": ("array[any]", []),
}


def id_of(name: str) -> str:
    return str(uuid5(SPACE, name))


def variable(name: str, kind: str, value: object) -> Written:
    return {"id": id_of(name), "name": name, "value_type": kind, "value": value, "description": f"The {name}."}


def counting(declared: dict[str, tuple[str, object]] = DECLARED, says: str = "{{#conversation.count#}}") -> str:
    """Each turn counts one up, keeps what was asked, and says the count."""
    items = [
        {"variable_selector": ["conversation", "count"], "operation": "+=", "input_type": "constant", "value": 1},
        {
            "variable_selector": ["conversation", "heard"],
            "operation": "append",
            "input_type": "variable",
            "value": ["sys", "query"],
        },
    ]
    nodes = [start(), node("note", "assigner", version="2", items=items), node("say", "answer", answer=says)]
    graph = {"nodes": nodes, "edges": chain("start", "note", "say")}
    kept = [variable(name, *rest) for name, rest in declared.items()]
    return flow_file(graph=graph, conversation_variables=kept)


async def values(door: FrontDoor, conversation: str, user: str = "ann") -> dict[str, Any]:
    found = await page(door, conversation, user=user)
    assert found.status == 200, found.body
    return {one["name"]: one["value"] for one in found.json()["data"]}


@requirement("variables:list", "check:36", "check:36:values")
async def test_a_conversations_variables_are_listed_as_text_in_the_order_of_their_creation(build: Build) -> None:
    place = await build(apps={"first": counting()}, fixed=True)
    conversation = (await place.door.send("owls")).json()["conversation_id"]
    found = (await page(place.door, conversation, user="ann")).json()
    assert (found["limit"], found["has_more"], len(found["data"])) == (20, False, len(DECLARED))
    first = found["data"][0]
    assert first == {
        "id": id_of("count"),
        "name": "count",
        "value_type": "number",
        "value": "1",
        "description": "The count.",
        "created_at": 1767000000,
        "updated_at": 1767000000,
    }
    assert [one["name"] for one in found["data"]] == list(DECLARED)
    assert [one["value_type"] for one in found["data"]] == [kind for kind, _ in DECLARED.values()]
    shown = {one["name"]: one["value"] for one in found["data"]}
    assert (shown["topic"], shown["polite"], shown["heard"]) == ("none yet", "true", '["owls"]')
    assert json.loads(shown["profile"]) == {"name": "Ann", "ages": [1, 2]}


@requirement("variables:list", "variables:query", "variables:cursor", "check:36")
async def test_they_come_a_page_at_a_time_and_by_their_name(build: Build) -> None:
    place = await build(apps={"first": counting()})
    conversation = (await place.door.send("owls")).json()["conversation_id"]
    told, last = list[str](), ""
    for more in (True, True, True, False):
        query = {"user": "ann", "limit": 3, **({"last_id": last} if last else {})}
        found = (await page(place.door, conversation, **query)).json()
        told += [one["name"] for one in found["data"]]
        assert (found["has_more"], found["limit"]) == (more, 3)
        last = found["data"][-1]["id"]
    assert told == list(DECLARED)
    beyond = (await page(place.door, conversation, user="ann", last_id=last)).json()
    assert (beyond["data"], beyond["has_more"]) == ([], False)
    for name, names in (("TOPIC", ["topic"]), ("fi", ["profile"]), ("zzz", []), ("o", ["count", "topic", "profile"])):
        found = (await page(place.door, conversation, user="ann", variable_name=name)).json()
        assert [one["name"] for one in found["data"]][:3] == names, name
    assert refused(await page(place.door, conversation, user="ann", last_id=NOBODY), 400, "invalid_param")
    assert refused(await page(place.door, conversation, user="bob", last_id=last), 404, "conversation_not_exists")


@requirement("variables:written")
async def test_what_a_run_writes_is_there_in_the_next_turn_and_nowhere_else(build: Build) -> None:
    place = await build(apps={"first": counting()})
    first, other = [(await place.door.send("a")).json() for _ in range(2)]
    conversation = first["conversation_id"]
    assert [first["answer"], other["answer"]] == ["1", "1"]
    for number in ("2", "3"):
        assert (await place.door.send("b", conversation_id=conversation)).json()["answer"] == number
    assert (await values(place.door, conversation))["heard"] == '["a","b","b"]'
    assert (await values(place.door, other["conversation_id"]))["heard"] == '["a"]'


@requirement("variables:written")
async def test_a_run_that_fails_keeps_what_it_wrote_before(build: Build) -> None:
    place = await build(apps={"first": counting()})
    conversation = (await place.door.send("a")).json()["conversation_id"]
    up = {"variable_selector": ["conversation", "count"], "operation": "+=", "input_type": "constant", "value": 1}
    nodes = [
        start(),
        node("note", "assigner", version="2", items=[up]),
        node("bad", "template-transform", template="{{ x.", variables=[]),
        node("say", "answer", answer="x"),
    ]
    graph = {"nodes": nodes, "edges": chain("start", "note", "bad", "say")}
    kept = [variable(name, *rest) for name, rest in DECLARED.items()]
    await place.house.catalogue.publish(flow_file(graph=graph, conversation_variables=kept), "first")
    assert refused(await place.door.send("b", conversation_id=conversation), 400, "invalid_param")
    assert (await values(place.door, conversation))["count"] == "2"


@requirement("variables:change", "check:36:values")
@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("count", 7, "7"),
        ("count", 2.5, "2.5"),
        ("topic", "ünï", "ünï"),
        ("topic", "", ""),
        ("token", "other", "other"),
        ("polite", False, "false"),
        ("profile", {"a": [1, None, {"b": True}]}, '{"a":[1,null,{"b":true}]}'),
        ("heard", ["x", "y"], '["x","y"]'),
        ("heard", [], "[]"),
        ("ratios", [1, 2.5], "[1,2.5]"),
        ("facts", [{"a": 1}], '[{"a":1}]'),
        ("flags", [True], "[true]"),
        ("mixed", [1, "a", {"b": 2}], '[1,"a",{"b":2}]'),
    ],
)
async def test_a_value_of_the_right_type_is_taken_and_shown(build: Build, name: str, value: object, shown: str) -> None:
    place = await build(apps={"first": counting()})
    conversation = (await place.door.send("a")).json()["conversation_id"]
    before = (await page(place.door, conversation, user="ann", variable_name=name)).json()["data"][0]
    reply = await update(place.door, conversation.upper(), id_of(name).upper(), value=value, user="ann")
    assert reply.status == 200, reply.body
    changed = reply.json()
    assert {**changed, "updated_at": 0} == {**before, "value": shown, "updated_at": 0}
    assert changed["updated_at"] >= before["updated_at"]
    assert (await values(place.door, conversation))[name] == shown


@requirement("variables:change", "check:36:values")
@pytest.mark.parametrize(
    ("name", "value", "got"),
    [
        ("topic", 5, "number"),
        ("topic", None, "none"),
        ("count", "5", "string"),
        ("count", True, "boolean"),
        ("polite", 1, "number"),
        ("polite", "true", "string"),
        ("profile", [], "array[any]"),
        ("profile", '{"a": 1}', "string"),
        ("heard", ["a", 1], "array[any]"),
        ("heard", "a", "string"),
        ("ratios", ["a"], "array[string]"),
        ("ratios", [True], "array[boolean]"),
        ("facts", {"a": 1}, "object"),
        ("flags", [1], "array[number]"),
        ("mixed", "a", "string"),
    ],
)
async def test_a_value_of_another_type_is_refused_and_changes_nothing(
    build: Build, name: str, value: object, got: str
) -> None:
    place = await build(apps={"first": counting()})
    conversation = (await place.door.send("a")).json()["conversation_id"]
    before = await values(place.door, conversation)
    reply = await update(place.door, conversation, id_of(name), value=value, user="ann")
    assert refused(reply, 400, "bad_request")
    expected = DECLARED[name][0]
    assert reply.json()["message"] == f"Type mismatch: variable '{name}' expects {expected}, but got {got} type"
    assert await values(place.door, conversation) == before


@requirement("variables:change")
async def test_an_update_is_what_the_next_turn_finds(build: Build) -> None:
    place = await build(apps={"first": counting()})
    conversation = (await place.door.send("a")).json()["conversation_id"]
    assert (await update(place.door, conversation, id_of("count"), value=41, user="ann")).status == 200
    assert (await place.door.send("b", conversation_id=conversation)).json()["answer"] == "42"


@requirement("variables:change", "variables:update", "variables:conversation", "check:36")
async def test_only_the_owner_changes_a_variable_and_only_one_that_is_there(build: Build) -> None:
    place = await build(apps={"first": counting(), "second": counting()})
    conversation = (await place.door.send("a")).json()["conversation_id"]
    before = await values(place.door, conversation)
    count = id_of("count")
    elsewhere = FrontDoor(place.app, key_of("second"))
    for reply in (
        await update(place.door, conversation, count, value=9, user="bob"),
        await update(elsewhere, conversation, count, value=9, user="ann"),
        await update(place.door, NOBODY, count, value=9, user="ann"),
    ):
        assert refused(reply, 404, "conversation_not_exists")
    unknown = await update(place.door, conversation, NOBODY, value=9, user="ann")
    assert refused(unknown, 404, "not_found")
    large = await update(place.door, conversation, id_of("topic"), value="x" * 300_000, user="ann")
    assert refused(large, 400, "bad_request")
    assert refused(await update(place.door, conversation, count, user="ann"), 400, "invalid_param")
    assert await values(place.door, conversation) == before


@requirement("variables:written")
async def test_a_variable_that_a_new_version_declares_is_there_from_the_next_turn_on(build: Build) -> None:
    few = {name: DECLARED[name] for name in ("count", "heard")}
    place = await build(apps={"first": counting(few)})
    conversation = (await place.door.send("a")).json()["conversation_id"]
    await place.house.catalogue.publish(counting({**few, "topic": ("string", "new")}), "first")
    assert list(await values(place.door, conversation)) == ["count", "heard"]
    await place.door.send("b", conversation_id=conversation)
    assert await values(place.door, conversation) == {"count": "2", "heard": '["a","b"]', "topic": "new"}


@requirement("variables:written")
async def test_they_outlive_the_server(tmp_path: Path) -> None:
    plan = Plan(apps={"first": counting()})
    async with open_house(plan, "sqlite", tmp_path) as place:
        conversation = (await place.door.send("a")).json()["conversation_id"]
        await update(place.door, conversation, id_of("topic"), value="kept", user="ann")
    async with open_house(plan, "sqlite", tmp_path) as place:
        found = await values(place.door, conversation)
        assert (found["count"], found["topic"], found["heard"]) == ("1", "kept", '["a"]')
        assert (await place.door.send("b", conversation_id=conversation)).json()["answer"] == "2"


@requirement("variables:written")
async def test_they_go_with_their_conversation(build: Build) -> None:
    place = await build(apps={"first": counting()})
    conversation = (await place.door.send("a")).json()["conversation_id"]
    gone = await place.door.request("DELETE", f"/v1/conversations/{conversation}", json_body={"user": "ann"})
    assert gone.status == 204
    assert refused(await page(place.door, conversation, user="ann"), 404, "conversation_not_exists")
