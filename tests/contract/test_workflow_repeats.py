"""`Idempotency-Key` on runs of workflows: a request that is sent again begins no second run."""

import asyncio

import pytest

from parlour.runs.start import Limits
from tests.contract.flow_samples import RUN, names, saying, workflow_file
from tests.contract.requirements import requirement
from tests.contract.test_repeats import FORGETFUL
from tests.contract.test_workflows import FAILS, refused
from tests.front_door import FrontDoor, Reply
from tests.houses import Build, rules

pytestmark = pytest.mark.anyio


async def post(door: FrontDoor, path: str = RUN, key: str = "k", user: str = "ann", **members: object) -> Reply:
    body = {"inputs": {"word": "noon"}, "user": user, **members}
    return await door.request("POST", path, json_body=body, headers={"Idempotency-Key": key})


async def begun(door: FrontDoor) -> int:
    return (await door.get("/v1/workflows/logs")).json()["total"]


@requirement("repeat:workflow")
@pytest.mark.parametrize("limits", [Limits(), FORGETFUL], ids=["remembered", "forgotten"])
async def test_the_same_request_again_is_the_same_run(build: Build, limits: Limits) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    models = rules({"say": ["It is {query}."], "usage": usage})
    place = await build(apps={"first": workflow_file()}, models=models, limits=limits)
    first, again = await post(place.door), await post(place.door)
    assert first.status == 200
    assert again.json() == first.json()
    assert (await post(place.door, key="other")).json()["task_id"] != first.json()["task_id"]
    assert (await post(place.door, user="bob")).json()["task_id"] != first.json()["task_id"]
    assert await begun(place.door) == 3
    assert refused(await post(place.door, inputs={"word": "one"}), "invalid_param")


@requirement("repeat:workflow")
async def test_many_at_once_are_one_run(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, limits=Limits(active=1))
    replies = await asyncio.gather(*(post(place.door) for _ in range(10)))
    assert len({reply.body for reply in replies}) == 1
    assert await begun(place.door) == 1


@requirement("repeat:workflow")
async def test_a_forgotten_stream_is_told_by_its_beginning_and_its_end(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, limits=FORGETFUL)
    first = (await post(place.door, response_mode="streaming")).events
    again = (await post(place.door, response_mode="streaming")).events
    assert names(again) == ["workflow_started", "workflow_finished"]
    assert again[-1] == first[-1]


@requirement("repeat:workflow")
@pytest.mark.parametrize("limits", [Limits(), FORGETFUL], ids=["remembered", "forgotten"])
async def test_a_failed_run_is_told_again_and_not_tried_again(build: Build, limits: Limits) -> None:
    models = rules({**FAILS, "once": True})
    place = await build(apps={"first": workflow_file()}, models=models, limits=limits)
    for mode in ("blocking", "streaming"):
        first, again = [await post(place.door, key=mode, response_mode=mode) for _ in range(2)]
        assert (first.events[-1] if mode == "streaming" else first.json()) == (
            again.events[-1] if mode == "streaming" else again.json()
        )


@requirement("repeat:workflow")
async def test_another_version_is_another_request(build: Build) -> None:
    place = await build(apps={"first": saying("one")})
    version = (await post(place.door)).json()["data"]["workflow_id"]
    assert refused(await post(place.door, f"/v1/workflows/{version}/run"), "invalid_param")
    assert (await post(place.door, f"/v1/workflows/{version}/run", "other")).status == 200
