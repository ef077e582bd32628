"""Runs that nobody waits for: begun with a 202, and asked about afterwards, also where no process knows them."""

from typing import Any

import pytest

from parlour.runs.start import Limits
from tests.contract.flow_samples import saying
from tests.contract.pausing import approval
from tests.contract.requirements import requirement
from tests.front_door import Reply, until
from tests.houses import NOBODY, Build, Gate, Place, agent_app, app_file, chat_app, key_of, rules, scripted

pytestmark = pytest.mark.anyio


async def later(place: Place, **members: object) -> dict[str, Any]:
    reply = await place.door.send("hi", response_mode="async", **members)
    assert reply.status == 202, reply.body
    assert reply.headers["location"] == f"/v1/runs/{reply.json()['run_id']}"
    return reply.json()


async def asked(place: Place, run_id: str, user: str = "ann", key: str | None = None) -> Reply:
    return await place.door.request("GET", f"/v1/runs/{run_id}", query={"user": user}, key=key)


async def ended(place: Place, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def over() -> bool:
        found.update((await asked(place, run_id)).json())
        return found["status"] != "running"

    await until(over)
    return found


@requirement("later:begun", "later:told")
async def test_a_question_is_accepted_at_once_and_its_answer_asked_for(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [{"say": ["Sure", "."], "delay_ms": 1}]}, gate.sleep))
    begun = await later(place, auto_generate_name=False)
    await gate.waiting.wait()
    for name in (begun["run_id"], begun["task_id"], begun["message_id"]):
        assert (await asked(place, name)).json() == {
            "run_id": begun["run_id"],
            "status": "running",
            "result": None,
            "error": None,
        }
    gate.opened.set()
    told = await ended(place, begun["run_id"])
    assert (told["status"], told["error"]) == ("succeeded", None)
    waited = (await place.door.send("hi", auto_generate_name=False)).json()
    assert told["result"].keys() == waited.keys()
    assert told["result"]["answer"] == "Sure."
    assert {name: told["result"][name] for name in ("task_id", "message_id", "conversation_id")} == {
        name: begun[name] for name in ("task_id", "message_id", "conversation_id")
    }


@requirement("later:told")
async def test_a_run_that_its_process_has_forgotten_is_told_from_what_is_kept(build: Build) -> None:
    place = await build(models=rules({"match": "bad", "error": {"message": "down"}}), limits=Limits(kept_bytes=0))
    good = await later(place)
    bad = (await place.door.send("bad", response_mode="async")).json()
    await ended(place, bad["run_id"])
    await place.door.send("another")  # the last one that ended stays, whatever it weighs
    told = await ended(place, good["run_id"])
    assert (told["status"], told["result"]["answer"], told["result"]["task_id"]) == ("succeeded", "hi", "")
    told = await ended(place, bad["run_id"])
    assert (told["status"], told["result"]) == ("failed", None)
    assert "down" in told["error"]["message"]


@requirement("later:begun", "later:told")
@pytest.mark.parametrize("kept", [4 * 1024 * 1024, 0])
async def test_a_workflow_is_run_while_nobody_waits(build: Build, kept: int) -> None:
    place = await build(apps={"run": saying("hi")}, limits=Limits(kept_bytes=kept))
    body: dict[str, object] = {"inputs": {}, "user": "ann", "response_mode": "async"}
    reply = await place.door.request("POST", "/v1/workflows/run", json_body=body)
    assert reply.status == 202, reply.body
    begun = reply.json()
    assert begun["run_id"] == begun["workflow_run_id"]
    assert "message_id" not in begun
    await ended(place, begun["run_id"])
    await place.door.request("POST", "/v1/workflows/run", json_body={"inputs": {}, "user": "ann"})
    told = await ended(place, begun["run_id"])
    assert told["status"] == told["result"]["data"]["status"] == "succeeded"
    assert told["result"]["workflow_run_id"] == begun["run_id"]


@requirement("later:told")
@pytest.mark.parametrize("kept", [4 * 1024 * 1024, 0])
async def test_of_a_workflow_that_waits_is_told_what_a_blocking_caller_is_told(build: Build, kept: int) -> None:
    place = await build(apps={"first": approval("workflow")}, limits=Limits(kept_bytes=kept))
    body: dict[str, object] = {"inputs": {}, "user": "ann"}
    waited = (await place.door.request("POST", "/v1/workflows/run", json_body=body)).json()
    await place.door.request("POST", "/v1/workflows/run", json_body=body)  # of the first one nothing is known but rows
    told = (await asked(place, waited["workflow_run_id"])).json()
    assert (told["status"], told["error"]) == ("paused", None)
    assert told["result"] == waited


@requirement("later:begun")
async def test_agents_that_only_stream_answer_later_as_well(build: Build) -> None:
    place = await build(apps={"agent": agent_app()}, models=rules({"say": ["Done."]}))
    assert (await ended(place, (await later(place))["run_id"]))["result"]["answer"] == "Done."


@requirement("later:begun")
async def test_a_repeated_request_begins_no_second_run(build: Build) -> None:
    place = await build()
    body = {"query": "hi", "user": "ann", "response_mode": "async"}
    sent = [
        await place.door.request("POST", "/v1/chat-messages", json_body=body, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert sent[0].json() == sent[1].json()


@requirement("later:own")
async def test_a_run_is_its_users_and_its_apps_alone(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    begun = await later(place)
    await ended(place, begun["run_id"])
    for name in (begun["run_id"], begun["task_id"]):
        assert (await asked(place, name, user="bob")).status == 404
        assert (await asked(place, name, key=key_of("second"))).status == 404
    assert (await asked(place, NOBODY)).status == 404
    assert (await place.door.request("GET", f"/v1/runs/{begun['run_id']}")).status == 400


@requirement("later:begun")
async def test_a_completion_cannot_be_asked_for_later(build: Build) -> None:
    place = await build(apps={"write": app_file("completion")})
    body = {"inputs": {"query": "x"}, "user": "ann", "response_mode": "async"}
    assert (await place.door.request("POST", "/v1/completion-messages", json_body=body)).status == 400
