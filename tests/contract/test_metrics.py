"""What the operator is told of a server: its numbers, whether it may be asked, and to whom it tells that."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from parlour.domain.ids import NIL
from parlour.domain.problems import StoreUnavailable
from parlour.stores.memory_bus import MemoryBus
from tests.contract.requirements import requirement
from tests.houses import ADMIN, GPT, Build, Gate, Place, chat_app, knowledge_key, rules, scripted

pytestmark = pytest.mark.anyio


async def numbers(place: Place) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    reply = await place.door.request("GET", "/metrics", key=ADMIN)
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


@requirement("operator:metrics")
async def test_the_numbers_tell_of_requests_and_of_runs(build: Build) -> None:
    place = await build(
        models=rules({"match": "bad", "error": {"message": "down"}}, {"say": ["one two ", "three"]}), price=GPT
    )
    await place.door.send("a question")
    await place.door.streamed("another question")
    await place.door.send("bad")
    await place.door.request("GET", "/v1/runs/x/events", query={"user": "ann"})
    found = await numbers(place)
    assert found["parlour_runs_total", "first", "succeeded"] == 2
    assert found["parlour_runs_total", "first", "failed"] == 1
    assert found["parlour_run_seconds_count", "first"] == 3
    assert found["parlour_run_first_text_seconds_count", "first"] == 2
    assert found["parlour_tokens_total", "first", "completion"] == 6
    assert found["parlour_cost_total", "first", "USD"] > 0
    assert found["parlour_http_requests_total", "POST", "/v1/chat-messages", "200"] == 2
    assert found["parlour_http_requests_total", "GET", "/v1/runs/{task_id}/events", "404"] == 1
    assert found["process_resident_memory_bytes",] > 1e6
    assert not any(name[0] == "parlour_runs_active" for name in found)


@requirement("operator:metrics")
async def test_a_run_that_goes_on_is_one_of_those_that_do(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [{"say": ["one", "two"], "delay_ms": 1}]}, gate.sleep))
    async with place.door.chat() as stream:
        await gate.waiting.wait()
        assert (await numbers(place))["parlour_runs_active", "first"] == 1
        gate.opened.set()
        await stream.rest()
    assert ("parlour_runs_active", "first") not in await numbers(place)


@requirement("operator:key")
@pytest.mark.parametrize("key", ["", "admin-unknown", "app", knowledge_key("acme")])
async def test_only_an_operator_reads_the_numbers(build: Build, key: str) -> None:
    place = await build()
    reply = await place.door.request("GET", "/metrics", key=place.door.key if key == "app" else key)
    assert reply.status == 401
    assert b"parlour_runs" not in reply.body


@requirement("operator:key")
@pytest.mark.parametrize("path", ["/v1/info", "/v1/datasets"])
async def test_an_operators_key_opens_no_app_and_no_dataset(build: Build, path: str) -> None:
    place = await build()
    assert (await place.door.request("GET", path, key=ADMIN)).status == 401


@requirement("operator:ready")
async def test_a_server_that_is_well_says_so(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    reply = await place.door.request("GET", "/ready", key="")
    assert (reply.status, reply.json()) == (200, {"status": "ready", "database": "ok", "bus": "ok", "apps": 2})


class Cut(MemoryBus):
    """A bus that cannot be reached."""

    async def find(self, task_id: str) -> Any:
        assert task_id == NIL
        raise StoreUnavailable


@requirement("operator:ready")
async def test_what_is_amiss_is_said_and_keeps_requests_away(build: Build) -> None:
    place = await build(bus=Cut())
    reply = await place.door.request("GET", "/ready", key="")
    assert (reply.status, reply.json()["status"], reply.json()["bus"]) == (503, "unready", "unavailable")
    empty = await build(apps={})
    reply = await empty.door.request("GET", "/ready", key="")
    assert (reply.status, reply.json()["apps"]) == (503, 0)


@requirement("operator:ready")
async def test_a_server_that_ends_takes_no_requests(build: Build) -> None:
    place = await build()
    await place.house.runs.close(0)
    reply = await place.door.request("GET", "/ready", key="")
    assert (reply.status, reply.json()["status"]) == (503, "closing")
