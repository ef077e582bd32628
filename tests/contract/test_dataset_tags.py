"""Tags of datasets as clients see them."""

import pytest

from tests.contract.requirements import requirement
from tests.contract.shelving import desk, shelf
from tests.contract.test_dataset_routes import refused
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build

pytestmark = pytest.mark.anyio

TAGS = "/v1/datasets/tags"


async def made(door: FrontDoor, name: str) -> str:
    reply = await door.post(TAGS, name=name)
    assert reply.status == 200, reply.body
    assert {**reply.json(), "id": ""} == {"id": "", "name": name, "type": "knowledge", "binding_count": "0"}
    return reply.json()["id"]


async def listed(door: FrontDoor) -> list[tuple[str, str]]:
    return [(tag["name"], tag["binding_count"]) for tag in (await door.get(TAGS)).json()]


@requirement("tags:kept", "tags:bound")
async def test_tags_are_made_bound_renamed_unbound_and_deleted(build: Build) -> None:
    door = desk(await build())
    red, blue = await made(door, "red"), await made(door, "blue")
    dataset = (await shelf(door))["id"]
    bind = await door.post(f"{TAGS}/binding", tag_ids=[red, blue, NOBODY, "abc"], target_id=dataset)
    assert (bind.status, bind.body) == (204, b"")
    assert await listed(door) == [("blue", "1"), ("red", "1")]
    of_it = (await door.get(f"/v1/datasets/{dataset}/tags")).json()
    assert of_it == {"data": [{"id": blue, "name": "blue"}, {"id": red, "name": "red"}], "total": 2}
    renamed = await door.request("PATCH", TAGS, json_body={"tag_id": red, "name": "green"})
    assert renamed.json() == {"id": red, "name": "green", "type": "knowledge", "binding_count": "1"}
    assert (await door.post(f"{TAGS}/unbinding", tag_id=blue, target_id=dataset)).status == 204
    assert await listed(door) == [("blue", "0"), ("green", "1")]
    assert (await door.post(f"{TAGS}/unbinding", tag_ids=[red, blue], target_id=dataset)).status == 204
    assert (await door.get(f"/v1/datasets/{dataset}/tags")).json() == {"data": [], "total": 0}
    assert (await door.request("DELETE", TAGS, json_body={"tag_id": red})).status == 204
    assert refused(await door.request("DELETE", TAGS, json_body={"tag_id": red}), 404, "not_found")
    assert await listed(door) == [("blue", "0")]


@requirement("tags:name")
async def test_the_name_of_a_tag_is_free_once(build: Build) -> None:
    door = desk(await build())
    await made(door, "red")
    blue = await made(door, "blue")
    assert refused(await door.post(TAGS, name="red"), 400, "invalid_param", "name")
    again = await door.request("PATCH", TAGS, json_body={"tag_id": blue, "name": "red"})
    assert refused(again, 400, "invalid_param", "name")


@requirement("tags:bound", "datasets:invalid")
async def test_what_is_not_there_or_not_said_is_refused(build: Build) -> None:
    door = desk(await build())
    red = await made(door, "red")
    for action in ("binding", "unbinding"):
        for unknown in (NOBODY, "abc"):
            reply = await door.post(f"{TAGS}/{action}", tag_ids=[red], target_id=unknown)
            assert refused(reply, 404, "not_found")
        reply = await door.post(f"{TAGS}/{action}", tag_ids=[], target_id=NOBODY)
        assert refused(reply, 400, "invalid_param", "tag_ids")
    assert refused(await door.post(f"{TAGS}/unbinding", target_id=NOBODY), 400, "invalid_param", "tag_ids")
    for unknown in (NOBODY, "abc"):
        reply = await door.request("PATCH", TAGS, json_body={"tag_id": unknown, "name": "x"})
        assert refused(reply, 404, "not_found")
    assert refused(await door.post(TAGS, name="x" * 51), 400, "invalid_param", "name")
    assert refused(await door.get(f"/v1/datasets/{NOBODY}/tags"), 404, "not_found")
