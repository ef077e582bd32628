"""Stopping: who may, what it ends, and what is kept (contract 5.1, 4.5 l, 6.3)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from anyio import fail_after

from parlour.domain.message import Message
from parlour.ports.models import Call, Said
from parlour.providers.scripted import Scripted
from parlour.runs.start import Limits
from tests.contract.requirements import requirement
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build, Gate, chat_app, counting_ids, key_of, rules, scripted

pytestmark = pytest.mark.anyio

FIRST_TASK = counting_ids()()
"""With fixed ids."""
HANGS = {"match": "wait", "say": ["One ", "two "], "hang": True}


class Telling:
    """A model that tells when its call has ended, however it did."""

    def __init__(self, script: Scripted) -> None:
        self.ended = asyncio.Event()
        self.check = script.check
        self.context = script.context
        self.uses_tools = script.uses_tools
        self._script = script

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        try:
            async with aclosing(self._script.stream(call)) as stream:
                async for said in stream:
                    yield said
        finally:
            self.ended.set()


async def stop(door: FrontDoor, task_id: str, user: str = "ann") -> None:
    reply = await door.post(f"/v1/chat-messages/{task_id}/stop", user=user)
    assert (reply.status, reply.json()) == (200, {"result": "success"})


@requirement("stop:saves", "stop:cancels", "check:27")
async def test_a_stop_ends_the_stream_and_the_call_and_keeps_what_was_said(build: Build) -> None:
    model = Telling(rules(HANGS))
    place = await build(models=model)
    async with place.door.chat("wait", auto_generate_name=False) as stream:
        first, second = await stream.take(2)
        assert not model.ended.is_set()
        with fail_after(2):
            await stop(place.door, first["task_id"])
            rest = await stream.rest()
            await model.ended.wait()
    assert [event["event"] for event in rest] == ["message_end"]
    assert rest[0]["metadata"]["usage"]["completion_tokens"] == 2
    page = await place.door.get("/v1/messages", user="ann", conversation_id=second["conversation_id"])
    message = page.json()["data"][0]
    assert (message["answer"], message["status"], message["error"]) == ("One two ", "normal", None)
    assert message["answer_tokens"] == 2


@requirement("stop:saves")
async def test_a_stopped_turn_is_history_like_any_other(build: Build) -> None:
    place = await build(models=rules(HANGS, {"say": ["{prompt}"]}))
    async with place.door.chat("wait") as stream:
        first, _ = await stream.take(2)
        await stop(place.door, first["task_id"])
        await stream.rest()
    answer = (await place.door.send("next", conversation_id=first["conversation_id"])).json()["answer"]
    assert answer == "user: wait\nassistant: One two \nuser: next"


@requirement("stop:always-success", "check:27")
async def test_a_stop_by_another_user_or_app_does_nothing(build: Build) -> None:
    gate = Gate()
    model = scripted({"rules": [{"say": ["One ", "two ", "three."], "delay_ms": 1}]}, gate.sleep)
    place = await build(apps={"one": chat_app(), "two": chat_app(pre_prompt="x")}, models=model)
    async with place.door.chat("wait", auto_generate_name=False) as stream:
        (first,) = await stream.take(1)
        await stop(place.door, first["task_id"], user="bob")
        place.door.key = key_of("two")
        await stop(place.door, first["task_id"])
        gate.opened.set()
        assert [event["event"] for event in await stream.rest()] == ["message", "message", "message_end"]


@requirement("stop:always-success", "check:27")
@pytest.mark.parametrize("task_id", [NOBODY, "abc", "..", "%00"])
async def test_a_stop_of_an_unknown_task_is_a_success(build: Build, task_id: str) -> None:
    place = await build()
    await stop(place.door, task_id)


@requirement("stop:always-success")
async def test_a_stop_of_a_finished_task_is_a_success_and_changes_nothing(build: Build) -> None:
    place = await build(models=rules({"say": ["All of it."]}))
    events = (await place.door.streamed()).events
    await stop(place.door, events[0]["task_id"])
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    assert page.json()["data"][0]["answer"] == "All of it."


@requirement("stop:user")
@pytest.mark.parametrize("body", [{}, {"user": None}, {"user": ""}])
async def test_a_stop_needs_a_user(build: Build, body: dict[str, object]) -> None:
    place = await build()
    reply = await place.door.request("POST", f"/v1/chat-messages/{NOBODY}/stop", json_body=body)
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "invalid_param", "user")


@requirement("stop:saves")
async def test_a_stop_before_the_first_word_saves_an_empty_answer(build: Build) -> None:
    place = await build(models=rules({"hang": True}), fixed=True)
    async with place.door.chat("wait", auto_generate_name=False) as stream:
        await stop(place.door, FIRST_TASK)
        events = await stream.rest()
    assert [event["event"] for event in events] == ["message_end"]
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    assert (page.json()["data"][0]["answer"], page.json()["data"][0]["status"]) == ("", "normal")


@requirement("stop:saves")
async def test_a_blocking_caller_gets_what_was_said_when_it_is_stopped(build: Build) -> None:
    place = await build(models=rules(HANGS), fixed=True)
    waiting = place.door.open("POST", "/v1/chat-messages", json_body={"query": "wait", "user": "ann"})
    beside = await place.door.attach(FIRST_TASK)
    await beside.take(2)
    await stop(place.door, FIRST_TASK)
    reply = await waiting.whole()
    assert (reply.status, reply.json()["answer"]) == (200, "One two ")


@requirement("life:timeout")
async def test_a_run_beyond_its_time_ends_as_by_a_stop(build: Build) -> None:
    place = await build(models=rules(HANGS), limits=Limits(run_seconds=0.05))
    events = (await place.door.streamed("wait", auto_generate_name=False)).events
    assert [event["event"] for event in events] == ["message", "message", "message_end"]
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    message = page.json()["data"][0]
    assert (message["answer"], message["status"]) == ("One two ", "normal")
    assert message["error"] == "The answer was stopped: it took longer than 0.05 seconds."
    assert ["too long" in entry.getMessage() for entry in place.logs] == [True]


@requirement("stop:race")
@pytest.mark.parametrize("seen", range(4))
async def test_wherever_a_stop_comes_there_is_one_end_and_what_was_sent_is_what_is_kept(
    build: Build, seen: int
) -> None:
    place = await build(models=scripted({"rules": [{"say": ["One ", "two ", "three."]}]}))
    async with place.door.chat(auto_generate_name=False) as stream:
        events = await stream.take(1)
        events += await stream.take(seen)
        await stop(place.door, events[0]["task_id"])
        events += await stream.rest()
    names = [event["event"] for event in events]
    assert names == ["message"] * (len(events) - 1) + ["message_end"]
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    message = page.json()["data"][0]
    assert message["answer"] == "".join(event["answer"] for event in events[:-1])
    assert (message["status"], message["error"]) == ("normal", None)


@requirement("stop:race")
async def test_a_stop_while_the_answer_is_being_saved_changes_nothing(build: Build) -> None:
    place = await build(models=rules({"say": ["One."]}))
    saving, saved, close = asyncio.Event(), asyncio.Event(), place.storage.messages.close

    async def slowly(message: Message) -> None:
        saving.set()
        await saved.wait()
        await close(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place.storage.messages, "close", slowly)
        async with place.door.chat(auto_generate_name=False) as stream:
            first, *_ = await stream.take(1)
            with fail_after(5):
                await saving.wait()
            await stop(place.door, first["task_id"])
            saved.set()
            assert [event["event"] for event in await stream.rest()] == ["message_end"]
    page = await place.door.get("/v1/messages", user="ann", conversation_id=first["conversation_id"])
    assert [(one["answer"], one["status"]) for one in page.json()["data"]] == [("One.", "normal")]


@requirement("stop:saves")
async def test_two_stops_at_once_are_one(build: Build) -> None:
    place = await build(models=scripted({"rules": [HANGS]}))
    async with place.door.chat("wait", auto_generate_name=False) as stream:
        first, _ = await stream.take(2)
        await asyncio.gather(stop(place.door, first["task_id"]), stop(place.door, first["task_id"]))
        assert [event["event"] for event in await stream.rest()] == ["message_end"]
