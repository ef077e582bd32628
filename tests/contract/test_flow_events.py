"""GET /workflow/{run_id}/events: a run of a graph is read on, across its pauses and after its end (contract 5.10)."""

from typing import Any

import pytest
from anyio import fail_after

from parlour.runs.start import Limits
from tests.contract.flow_samples import branching, names, running, workflow_file
from tests.contract.pausing import ECHO, approval, both, followed, paused, submit, token
from tests.contract.requirements import requirement
from tests.front_door import PING, Stream, until
from tests.houses import NOBODY, Build, Gate, Place, chat_app, key_of, rules, scripted

pytestmark = pytest.mark.anyio


FORGETFUL = Limits(kept_bytes=1)
"""Of the runs that have ended only the last one is remembered."""


def reading(place: Place, run_id: str, user: str = "ann", **switches: str) -> Stream:
    return place.door.open("GET", f"/v1/workflow/{run_id}/events", query={"user": user, **switches})


async def whole(place: Place, query: str = "please") -> list[dict[str, Any]]:
    return (await place.door.streamed(query)).events


@requirement("flow-events:finished", "check:39")
async def test_of_a_finished_run_there_is_its_end_alone(build: Build) -> None:
    place = await build(apps={"first": branching()})
    events = await whole(place)
    (finished,) = (event for event in events if event["event"] == "workflow_finished")
    run_id = finished["workflow_run_id"]
    for switches in ({}, {"include_state_snapshot": "true"}, {"continue_on_pause": "true"}):
        reply = await followed(place.door, run_id, **switches)
        assert reply.headers["cache-control"] == "no-cache"
        assert reply.events == [{**finished, "task_id": run_id}]


@requirement("flow-events:finished")
async def test_the_end_of_a_run_is_told_from_what_is_kept_when_the_run_is_forgotten(build: Build) -> None:
    place = await build(apps={"first": branching()}, limits=FORGETFUL)
    events = await whole(place)
    (finished,) = (event for event in events if event["event"] == "workflow_finished")
    run_id = finished["workflow_run_id"]
    await place.door.send("another")
    assert (await followed(place.door, run_id)).events == [{**finished, "task_id": run_id}]


@requirement("flow-events:live", "check:39")
async def test_of_a_run_that_goes_on_there_is_what_it_says_from_now_on(build: Build) -> None:
    gate = Gate()
    place = await build(
        apps={"first": workflow_file()}, models=scripted({"rules": [{"say": ["a", "b"], "delay_ms": 1}]}, gate.sleep)
    )
    first = running(place.door, word="x")
    begun = await first.take(1)
    with fail_after(5):
        await gate.waiting.wait()
    stream = reading(place, begun[0]["workflow_run_id"])
    await stream.opened.wait()
    first.disconnect()
    gate.opened.set()
    events = await stream.rest()
    assert [event["data"]["text"] for event in events if event["event"] == "text_chunk"] == ["b", ""]
    assert names(events)[0] == "text_chunk"
    assert names(events)[-1] == "workflow_finished"
    assert {event["task_id"] for event in events} == {begun[0]["task_id"]}


@requirement("flow-events:snapshot")
async def test_a_snapshot_tells_what_has_run_before_what_is_said_from_now_on(build: Build) -> None:
    gate = Gate()
    place = await build(
        apps={"first": workflow_file()}, models=scripted({"rules": [{"say": ["a", "b"], "delay_ms": 1}]}, gate.sleep)
    )
    first = running(place.door, word="x")
    begun = await first.take(1)
    with fail_after(5):
        await gate.waiting.wait()
    stream = reading(place, begun[0]["workflow_run_id"], include_state_snapshot="true")
    told = await stream.take(4)
    assert told[0] == begun[0]
    assert [(event["event"], event["data"]["node_id"]) for event in told[1:]] == [
        ("node_started", "start"),
        ("node_finished", "start"),
        ("node_started", "ask"),
    ]
    gate.opened.set()
    rest = await stream.rest()
    assert names(rest)[-1] == "workflow_finished"
    assert [event["data"]["node_id"] for event in rest if event["event"] == "node_finished"] == ["ask", "end"]
    await first.rest()


@requirement("flow-events:pause")
async def test_a_run_that_waits_is_waited_for_with_pings(build: Build) -> None:
    place = await build(apps={"first": approval()}, models=rules(ECHO), ping_seconds=0.01)
    events = await paused(place)
    stream = reading(place, events[0]["workflow_run_id"])
    assert await stream.frame() == PING
    await submit(place.door, token(events))
    assert names(await stream.rest())[-2:] == ["message_end", "workflow_finished"]


@requirement("flow-events:pause", "check:40")
async def test_a_stream_ends_at_the_next_pause_unless_it_is_to_go_on(build: Build) -> None:
    place = await build(apps={"first": both()})
    events = await paused(place)
    run_id = events[0]["workflow_run_id"]
    short, long = reading(place, run_id), reading(place, run_id, continue_on_pause="true")
    await short.opened.wait()
    await long.opened.wait()
    await submit(place.door, token(events, "one"), note="A")
    assert names(await short.rest())[-1] == "workflow_paused"
    await submit(place.door, token(events, "two"), note="B")
    heard = names(await long.rest())
    assert heard.count("workflow_paused") == 1
    assert heard.count("human_input_form_filled") == 2
    assert heard[-1] == "workflow_finished"


@requirement("flow-events:resumed")
async def test_who_has_sent_a_form_hears_all_that_comes_of_it_once_and_then_the_end_alone(build: Build) -> None:
    place = await build(apps={"first": approval()}, models=rules(ECHO))
    events = await paused(place)
    run_id = events[0]["workflow_run_id"]
    await submit(place.door, token(events))
    first = (await followed(place.door, run_id)).events
    again = (await followed(place.door, run_id)).events
    assert names(first)[0] == "workflow_started"
    assert again == [{**first[-1], "task_id": run_id}]


@requirement("flow-events:snapshot")
@pytest.mark.parametrize("forgotten", [False, True])
async def test_the_snapshot_of_a_run_that_waits_tells_what_it_waits_for(build: Build, forgotten: object) -> None:
    place = await build(apps={"first": approval()}, limits=FORGETFUL)
    events = await paused(place)
    if forgotten:
        await place.door.send("another")

        async def kept() -> bool:
            return len(await place.storage.executions.of_run(events[0]["workflow_run_id"])) == 2

        await until(kept)  # nodes are written down a moment later
    told = (await followed(place.door, events[0]["workflow_run_id"], include_state_snapshot="true")).events
    assert [(event["event"], event["data"].get("node_id")) for event in told] == [
        ("workflow_started", None),
        ("node_started", "start"),
        ("node_finished", "start"),
        ("node_started", "first"),
        ("node_finished", "first"),
        *([] if forgotten else [("node_started", "ask")]),
        ("human_input_required", "ask"),
        ("workflow_paused", None),
    ]
    assert told[-2] == events[-2]
    still = told[-1]["data"]
    assert still["created_at"] - events[-1]["data"]["created_at"] in (-1, 0, 1)
    assert still | {"created_at": 0} == events[-1]["data"] | {"created_at": 0}


@requirement("flow-events:own", "check:39")
async def test_the_events_of_a_run_are_for_its_own_user_in_its_own_app(build: Build) -> None:
    place = await build(apps={"first": approval(), "second": approval(), "third": chat_app()})
    run_id = (await paused(place))[0]["workflow_run_id"]
    path = f"/v1/workflow/{run_id}/events"
    for asked, key, status, code in (
        ({"user": "bob"}, "first", 404, "not_found"),
        ({"user": "ann"}, "second", 404, "not_found"),
        ({"user": "ann"}, "third", 400, "not_workflow_app"),
        ({}, "first", 400, "invalid_param"),
        ({"user": "ann", "continue_on_pause": "maybe"}, "first", 400, "invalid_param"),
    ):
        reply = await place.door.request("GET", path, query=asked, key=key_of(key))
        assert (reply.status, reply.json()["code"]) == (status, code)
    for unknown in (NOBODY, "abc"):
        assert (await followed(place.door, unknown)).json()["message"] == "Workflow run not found"


async def test_streams_that_wait_end_with_the_server(build: Build) -> None:
    place = await build(apps={"first": approval()})
    run_id = (await paused(place))[0]["workflow_run_id"]
    stream = reading(place, run_id)
    await stream.opened.wait()
    await place.house.runs.close(0)
    assert await stream.rest() == []
    assert (await followed(place.door, run_id)).events == []
