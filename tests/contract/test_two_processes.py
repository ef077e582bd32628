"""A run goes on in one process, and its clients come to another: they find the same, as if there were one."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from anyio import fail_after
from msgspec import structs

from parlour.domain.events import AnswerReplaced, RunFinished, TextDelta
from parlour.domain.ids import Ids
from parlour.domain.message import Owner
from parlour.domain.problems import StoreUnavailable
from parlour.ports.bus import Carried, News
from parlour.stores.memory_bus import MemoryBus
from tests.contract.pausing import approval, paused, submit, token
from tests.contract.requirements import requirement
from tests.front_door import until
from tests.houses import Build, Place, rules

pytestmark = pytest.mark.anyio

HANGS = {"match": "wait", "say": ["One ", "two "], "hang": True}
FAILS = {
    "match": "fail",
    "say": ["One "],
    "error": {"code": "provider_not_initialize", "message": "No key.", "after": 1},
}


async def both(build: Build, bus: MemoryBus | None = None, **more: object) -> tuple[Place, Place]:
    plan: dict[str, object] = {"models": rules(HANGS, FAILS, {"say": ["Yes, ", "{query}"]}), "bus": bus or MemoryBus()}
    plan |= more
    here = await build(**plan)
    return here, await build(beside=here, **plan)


@requirement("processes:read", "run:events:cursor")
@pytest.mark.parametrize("query", ["hi", "fail"])
async def test_a_run_is_read_in_another_process(build: Build, query: str) -> None:
    here, there = await both(build)
    said = (await here.door.streamed(query)).events
    with fail_after(5):
        again = (await (await there.door.attach(said[0]["task_id"])).whole()).events
    assert again == said
    late = await there.door.get(f"/v1/runs/{said[0]['task_id']}/events", user="ann", after=2)
    assert late.events == said[2:]


@requirement("processes:read", "run:events:own")
async def test_it_is_nobody_else_s_there(build: Build) -> None:
    here, there = await both(build)
    task_id = (await here.door.streamed()).events[0]["task_id"]
    await there.door.attach(task_id)
    for reply in (
        await there.door.get(f"/v1/runs/{task_id}/events", user="bob"),
        await there.door.get("/v1/runs/11111111-1111-4111-8111-111111111111/events", user="ann"),
    ):
        assert (reply.status, reply.json()["message"]) == (404, "Run not found")


@requirement("processes:read", "pause:resumed")
@pytest.mark.parametrize("submitted_here", [True, False])
async def test_who_waits_for_a_run_hears_it_go_on_in_another_process(build: Build, *, submitted_here: bool) -> None:
    here, there = await both(build, apps={"first": approval()})
    before = await paused(here)
    run_id = before[0]["workflow_run_id"]
    query = {"user": "ann", "continue_on_pause": "true"}
    places = [here, there]
    streams = [place.door.open("GET", f"/v1/workflow/{run_id}/events", query=query) for place in places]
    for stream in streams:
        await stream.opened.wait()
    submitter = places[0 if submitted_here else 1]
    assert (await submit(submitter.door, token(before))).status == 200
    with fail_after(5):
        heard = [since_resumption(await stream.rest()) for stream in streams]
    assert heard[0] == heard[1]
    assert heard[0][-1]["event"] == "workflow_finished"
    for place in places:
        late = await place.door.get(f"/v1/workflow/{run_id}/events", user="ann")
        assert late.events[-1]["data"]["outputs"] == heard[0][-1]["data"]["outputs"]


@requirement("later:told", "pause:resumed")
@pytest.mark.parametrize("mode", ["advanced-chat", "workflow"])
async def test_of_a_run_that_went_on_in_another_process_its_end_is_told(build: Build, mode: str) -> None:
    here, there = await both(build, apps={"first": approval(mode)})
    path = "/v1/chat-messages" if mode == "advanced-chat" else "/v1/workflows/run"
    body: dict[str, object] = {"query": "it", "inputs": {}, "user": "ann", "response_mode": "async"}
    begun = (await here.door.request("POST", path, json_body=body)).json()

    async def status(place: Place, name: str) -> str:
        return (await place.door.get(f"/v1/runs/{begun[name]}", user="ann")).json()["status"]

    async def waits() -> bool:
        return await status(here, "run_id") == "paused"

    await until(waits)
    [app] = there.house.catalogue.all()
    laid = await there.house.pauses.get(app.card.id, begun["workflow_run_id"])
    assert laid is not None
    assert (await submit(there.door, laid.forms[0].asked.form_token or "")).status == 200

    async def over() -> bool:
        return await status(there, "run_id") == "succeeded"

    await until(over)
    assert [await status(here, name) for name in ("run_id", "task_id")] == ["succeeded"] * 2


def since_resumption(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Who came before others had been told of the pause hears the end of what was before it."""
    began = [event["event"] == "workflow_started" and event["data"]["reason"] == "resumption" for event in events]
    return events[began.index(True) :]


@requirement("processes:pauses")
async def test_a_form_whose_time_is_over_in_two_processes_ends_once(build: Build) -> None:
    clock = Clock()
    here, there = await both(build, apps={"first": approval()}, clock=clock)
    run_id = (await paused(here))[0]["workflow_run_id"]
    clock.at += 365 * 86400
    with fail_after(5):
        await asyncio.gather(*(place.house.resumptions.begin() for place in (here, there)))
    [app] = here.house.catalogue.all()

    async def over() -> bool:
        row = await here.house.workflows.get(app.card.id, run_id)
        return row is not None and row.status == "succeeded"

    await until(over)
    for place in (here, there):
        await place.house.runs.close(5)  # what it runs may end, and is written down
    nodes = [outcome.node_id for outcome in await here.house.executions.of_run(run_id)]
    assert sorted(nodes) == sorted(set(nodes))
    assert nodes.count("late") == 1


class Clock:
    """Stands where a test sets it."""

    def __init__(self) -> None:
        self.at = 1767000000.0

    def __call__(self) -> float:
        return self.at


@requirement("processes:stop", "stop:saves")
async def test_a_run_is_stopped_in_another_process(build: Build) -> None:
    here, there = await both(build)
    async with here.door.chat("wait") as stream:
        first, _ = await stream.take(2)
        path = f"/v1/chat-messages/{first['task_id']}/stop"
        assert (await there.door.post(path, user="bob")).json() == {"result": "success"}
        with fail_after(2):
            assert (await there.door.post(path, user="ann")).json() == {"result": "success"}
            rest = await stream.rest()
    assert [event["event"] for event in rest] == ["message_end"]
    page = await there.door.get("/v1/messages", user="ann", conversation_id=first["conversation_id"])
    assert page.json()["data"][0]["answer"] == "One two "


@requirement("processes:stop")
async def test_a_conversation_that_is_deleted_in_another_process_is_answered_no_longer(build: Build) -> None:
    here, there = await both(build)
    async with here.door.chat("wait") as stream:
        first, _ = await stream.take(2)
        path = f"/v1/conversations/{first['conversation_id']}"
        assert (await there.door.request("DELETE", path, json_body={"user": "ann"})).status == 204
        with fail_after(2):
            await stream.rest()


@requirement("processes:repeat")
async def test_a_request_that_is_sent_again_to_another_process_gets_the_same_run(build: Build) -> None:
    here, there = await both(build)
    sent = {"query": "wait", "user": "ann", "response_mode": "streaming"}
    key = {"Idempotency-Key": "k-1"}
    stream = here.door.open("POST", "/v1/chat-messages", json_body=sent, headers=key)
    first, second = await stream.take(2)
    await there.door.attach(first["task_id"])
    again = there.door.open("POST", "/v1/chat-messages", json_body=sent, headers=key)
    assert await again.take(2) == [first, second]
    await there.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="ann")
    assert await again.rest() == await stream.rest()


class Flaky(MemoryBus):
    """Takes nothing for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0
        self.open = asyncio.Event()

    async def put(self, news: Sequence[News]) -> set[str]:
        if not self.open.is_set():
            self.refused += 1
            raise StoreUnavailable
        return await super().put(news)


@requirement("processes:read")
async def test_runs_go_on_while_processes_cannot_reach_each_other(build: Build) -> None:
    bus = Flaky()
    here, there = await both(build, bus)
    said = (await here.door.streamed()).events
    assert said[-1]["event"] == "message_end"

    async def refused() -> bool:
        return bus.refused > 0

    await until(refused, 5)
    bus.open.set()
    again = await (await there.door.attach(said[0]["task_id"])).whole()
    assert again.events == said


@requirement("processes:dead")
async def test_a_run_whose_process_was_killed_is_told_to_have_failed(build: Build) -> None:
    bus = MemoryBus()
    _, there = await both(build, bus)
    [app] = there.house.catalogue.all()
    ids = Ids("22222222-2222-4222-8222-222222222222", "m", "c", 1767000000)
    await bus.put([News(Carried(ids, Owner(app.card.id, "ann"), "chat"), 0, (TextDelta("One"),))])
    stream = await there.door.attach(ids.task_id)
    [first] = await stream.take(1)
    assert first["answer"] == "One"
    await bus.lose(ids.task_id)
    [last] = await stream.rest()
    assert (last["event"], last["message"]) == ("error", "The server that was answering this was stopped.")


@requirement("processes:pauses", "run:events:cursor")
async def test_positions_in_a_run_go_on_where_it_is_taken_up(build: Build) -> None:
    here, there = await both(build, apps={"first": approval()})
    before = await paused(here)
    assert (await submit(there.door, token(before))).status == 200
    task_id = before[0]["task_id"]
    with fail_after(5):
        whole = (await (await there.door.attach(task_id)).whole()).events
    assert whole[: len(before)] == before
    assert whole[-1]["event"] == "workflow_finished"
    path = f"/v1/runs/{task_id}/events"

    async def told() -> bool:
        return (await here.door.get(path, user="ann", after=0)).events == whole

    await until(told)
    for place in (here, there):
        assert (await place.door.get(path, user="ann", after=len(before))).events == whole[len(before) :]


@requirement("processes:dead")
async def test_who_reads_a_durable_run_whose_process_was_killed_hears_it_go_on_elsewhere(build: Build) -> None:
    bus = MemoryBus()
    _, there = await both(build, bus)
    [app] = there.house.catalogue.all()
    ids = Ids("22222222-2222-4222-8222-222222222222", "m", "c", 1767000000)
    run = Carried(ids, Owner(app.card.id, "ann"), "chat", durable=True)
    await bus.put([News(run, 0, (TextDelta("One"),))])
    stream = await there.door.attach(ids.task_id)
    await stream.take(1)
    await bus.lose(ids.task_id)
    taken_up = structs.replace(run, resumed_at=2)
    await bus.put([News(taken_up, 0, (TextDelta("One"), AnswerReplaced("")))])
    await bus.put([News(taken_up, 2, (TextDelta("Two"), RunFinished("succeeded")))])
    assert [event["answer"] for event in await stream.rest()] == ["", "Two"]
