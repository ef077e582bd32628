"""The life of a run apart from its client: disconnects, parallel turns, limits, re-attaching (contract 6)."""

import asyncio
from typing import Any

import pytest
from anyio import fail_after

from parlour.domain.message import Owner
from parlour.runs.start import Limits
from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, until
from tests.houses import NOBODY, NOW, Build, Gate, chat_app, key_of, rules, scripted

pytestmark = pytest.mark.anyio

SLOW = {"match": "slow", "say": ["One ", "two ", "three."], "delay_ms": 1}
HANGS = {"match": "wait", "say": ["One "], "hang": True}


async def first_message(door: FrontDoor) -> dict[str, Any]:
    conversations = (await door.get("/v1/conversations", user="ann")).json()["data"]
    page = await door.get("/v1/messages", user="ann", conversation_id=conversations[0]["id"])
    return page.json()["data"][0]


async def until_answered(door: FrontDoor, answer: str) -> dict[str, Any]:
    """Read the history until it is there."""

    async def answered() -> bool:
        return (await first_message(door))["answer"] == answer

    await until(answered)
    return await first_message(door)


@requirement("life:disconnect", "check:39")
async def test_an_answer_is_finished_and_saved_when_its_reader_goes_away(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [SLOW]}, gate.sleep))
    async with place.door.chat("slow", auto_generate_name=False) as stream:
        await stream.next()
    assert (await first_message(place.door))["answer"] == ""
    gate.opened.set()
    message = await until_answered(place.door, "One two three.")
    assert message["status"] == "normal"
    assert message["answer_tokens"] == 3


@requirement("life:disconnect")
async def test_an_answer_is_finished_and_saved_when_its_blocking_caller_goes_away(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [SLOW]}, gate.sleep))
    caller = place.door.open(
        "POST", "/v1/chat-messages", json_body={"query": "slow", "user": "ann", "auto_generate_name": False}
    )
    with fail_after(5):
        await gate.waiting.wait()
    caller.disconnect()
    gate.opened.set()
    assert (await until_answered(place.door, "One two three."))["status"] == "normal"


@requirement("life:parallel-turns")
async def test_parallel_turns_of_one_conversation_do_not_wait_for_each_other(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [SLOW, {"say": ["{prompt}"]}]}, gate.sleep))
    conversation = (await place.door.send("begin")).json()["conversation_id"]
    async with place.door.chat("slow", conversation_id=conversation) as stream:
        await stream.next()
        quick = await place.door.send("quick", conversation_id=conversation)
        assert quick.json()["answer"] == "user: begin\nassistant: user: begin\nuser: quick"
        gate.opened.set()
        assert (await stream.rest())[-1]["event"] == "message_end"
    page = await place.door.get("/v1/messages", user="ann", conversation_id=conversation)
    assert [message["query"] for message in page.json()["data"]] == ["begin", "slow", "quick"]
    assert page.json()["data"][1]["answer"] == "One two three."


@requirement("life:parallel-turns")
async def test_many_streams_at_once_keep_their_texts_apart(build: Build) -> None:
    place = await build(models=rules({"say": ["{query}", " ", "{query}"]}))
    replies = await asyncio.gather(*(place.door.streamed(f"q{n}", f"user{n % 7}") for n in range(40)))
    for number, reply in enumerate(replies):
        assert [event["event"] for event in reply.events] == ["message", "message", "message", "message_end"]
        assert "".join(event["answer"] for event in reply.events[:-1]) == f"q{number} q{number}"
    assert len({reply.events[0]["conversation_id"] for reply in replies}) == 40


@requirement("life:clock")
async def test_a_clock_that_is_set_back_does_not_change_the_order_of_a_conversation(build: Build) -> None:
    hours = iter(range(100, 0, -1))
    place = await build(models=rules({"say": ["{prompt}"]}), clock=lambda: NOW + 3600 * next(hours))
    sent = await place.door.send("one", auto_generate_name=False)
    told = sent.json()
    for query in ("two", "three"):
        said = await place.door.send(query, conversation_id=told["conversation_id"])
        assert said.json()["metadata"]["usage"]["latency"] == 0
    assert said.json()["answer"].index("one") < said.json()["answer"].index("two")
    page = await place.door.get("/v1/messages", user="ann", conversation_id=told["conversation_id"])
    assert [message["query"] for message in page.json()["data"]] == ["one", "two", "three"]
    assert {message["created_at"] for message in page.json()["data"]} == {told["created_at"]}


@requirement("error:too-many", "check:38")
async def test_beyond_the_limit_of_an_app_a_request_is_refused_at_once(build: Build) -> None:
    place = await build(models=rules(HANGS), limits=Limits(active=2))
    async with place.door.chat("wait") as one, place.door.chat("wait", user="bob") as two:
        events = [await one.next(), await two.next()]
        for mode in ("blocking", "streaming"):
            refused = await place.door.send("more", response_mode=mode)
            assert (refused.status, refused.json()["code"]) == (429, "too_many_requests")
            assert int(refused.headers["retry-after"]) > 0
        assert events[0] is not None
        await place.door.post(f"/v1/chat-messages/{events[0]['task_id']}/stop", user="ann")
        await one.rest()
        assert (await place.door.send("more")).status == 200, "the place is free after the stream's end"


@requirement("order:too-many", "error:too-many")
async def test_a_full_app_is_told_of_before_what_the_request_says_is_looked_at(build: Build) -> None:
    place = await build(models=rules(HANGS), limits=Limits(active=1))
    async with place.door.chat("wait") as stream:
        await stream.next()
        assert (await place.door.send(inputs=[])).json()["params"] == "inputs"
        assert (await place.door.send("")).status == 429
        assert (await place.door.send(conversation_id=NOBODY)).status == 429


@requirement("error:too-many", "check:38")
async def test_the_limit_of_an_app_is_its_own(build: Build) -> None:
    apps = {"one": chat_app(), "two": chat_app(pre_prompt="x")}
    place = await build(apps=apps, models=rules(HANGS), limits=Limits(active=5, active_of={"one": 1}))
    async with place.door.chat("wait") as stream:
        await stream.next()
        assert (await place.door.send()).status == 429
        place.door.key = key_of("two")
        assert (await place.door.send()).status == 200
    listed = (await place.door.get("/v1/conversations", user="ann")).json()["data"]
    assert len(listed) == 1, "the refused one left nothing"


@requirement("check:38")
@pytest.mark.parametrize("mode", ["streaming", "blocking"])
async def test_a_place_is_free_again_when_the_run_of_a_client_that_left_has_ended(build: Build, mode: str) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [SLOW]}, gate.sleep), limits=Limits(active=1))
    body = {"query": "slow", "user": "ann", "response_mode": mode, "auto_generate_name": False}
    client = place.door.open("POST", "/v1/chat-messages", json_body=body)
    with fail_after(5):
        await gate.waiting.wait()
    client.disconnect()
    assert (await place.door.send("more")).status == 429, "the run goes on, and holds its place"
    gate.opened.set()
    await until_answered(place.door, "One two three.")

    async def served() -> bool:
        return (await place.door.send("more")).status == 200

    await until(served)


@requirement("check:38")
async def test_a_refused_or_failed_request_holds_no_place(build: Build) -> None:
    place = await build(models=rules({"match": "fail", "error": {"message": "x"}}), limits=Limits(active=1))
    for _ in range(3):
        assert (await place.door.send("")).status == 400
        assert (await place.door.send(conversation_id=NOBODY)).status == 404
        assert (await place.door.send("fail")).status == 400
    assert (await place.door.send()).status == 200


@requirement("life:shut-down")
async def test_a_server_that_is_to_end_saves_what_was_said_and_takes_no_more(build: Build) -> None:
    place = await build(models=rules(HANGS, {"purpose": "title", "hang": True}))
    async with place.door.chat("wait") as stream:
        (first,) = await stream.take(1)
        app = place.house.catalogue.all()[0]
        run = place.house.runs.find(first["task_id"], Owner(app.card.id, "ann"))
        assert run is not None
        with fail_after(5):
            await place.house.runs.close(0)
        assert run.log.finished
        message = await first_message(place.door)
        assert (message["answer"], message["status"], message["answer_tokens"]) == ("One ", "normal", 1)
        assert [event["event"] for event in await stream.rest()] == ["message_end"]
    for mode in ("blocking", "streaming"):
        refused = await place.door.send(response_mode=mode)
        assert (refused.status, refused.json()["code"]) == (503, "service_unavailable")


@requirement("run:events")
async def test_a_finished_run_can_be_read_again_from_any_position(build: Build) -> None:
    place = await build(models=rules({"say": ["One ", "two ", "three."]}))
    whole = await place.door.streamed()
    path = f"/v1/runs/{whole.events[0]['task_id']}/events"
    for after in range(len(whole.frames) + 1):
        again = await place.door.get(path, user="ann", after=after)
        assert again.status == 200
        assert again.headers["content-type"] == whole.headers["content-type"]
        assert again.frames == whole.frames[after:]
    assert (await place.door.get(path, user="ann")).body == whole.body


@requirement("run:events")
async def test_a_running_one_is_joined_where_the_reader_left_it(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [SLOW]}, gate.sleep))
    async with place.door.chat("slow", auto_generate_name=False) as stream:
        first = await stream.next()
        assert first is not None
    path = f"/v1/runs/{first['task_id']}/events"
    joined = place.door.open("GET", path, query={"user": "ann", "after": 1})
    beside = place.door.open("GET", path, query={"user": "ann", "after": 0})
    gate.opened.set()
    rest, whole = await joined.rest(), await beside.rest()
    assert [event["event"] for event in rest] == ["message", "message", "message_end"]
    assert [first, *rest] == whole


@requirement("run:events")
@pytest.mark.parametrize(("after", "status"), [("-1", 400), ("x", 400), ("", 200), ("1000", 200), ("1.5", 400)])
async def test_a_position_is_a_number_from_zero_and_none_is_too_far(build: Build, after: str, status: int) -> None:
    place = await build()
    task_id = (await place.door.streamed()).events[0]["task_id"]
    reply = await place.door.get(f"/v1/runs/{task_id}/events", user="ann", after=after)
    assert reply.status == status
    if after == "1000":
        assert reply.body == b""


@requirement("run:events:own")
async def test_a_run_is_its_own_users_and_apps_alone(build: Build) -> None:
    place = await build(apps={"one": chat_app(), "two": chat_app(pre_prompt="x")})
    task_id = (await place.door.streamed()).events[0]["task_id"]
    foreign = [
        await place.door.get(f"/v1/runs/{task_id}/events", user="bob"),
        await place.door.get(f"/v1/runs/{NOBODY}/events", user="ann"),
        await place.door.get("/v1/runs/abc/events", user="ann"),
    ]
    place.door.key = key_of("two")
    foreign.append(await place.door.get(f"/v1/runs/{task_id}/events", user="ann"))
    assert {reply.status for reply in foreign} == {404}
    assert len({reply.body for reply in foreign}) == 1


@requirement("error:conversation-completed")
async def test_a_conversation_goes_on_after_failures_and_stops(build: Build) -> None:
    place = await build(models=rules({"match": "bad", "error": {"message": "down"}}))
    first = (await place.door.send(auto_generate_name=False)).json()["conversation_id"]
    for query in ("bad", "hi", "bad", "hi"):
        reply = await place.door.send(query, conversation_id=first)
        assert reply.status == (200 if query == "hi" else 400)
        assert reply.json().get("code") != "conversation_completed"
    [known] = (await place.door.get("/v1/conversations", user="ann")).json()["data"]
    assert (known["id"], known["status"]) == (first, "normal")
