"""The stream of a chat: framing, envelope, order, and that all ways to read it agree (contract 4)."""

import json

import pytest

from tests.contract.requirements import requirement
from tests.houses import Build, Gate, rules, scripted

pytestmark = pytest.mark.anyio

ANSWER = {"say": ["Sure", ", ", "hi."]}


@requirement("stream:headers", "check:17")
async def test_a_stream_is_declared_as_one_and_asks_proxies_to_let_it_through(build: Build) -> None:
    place = await build(models=rules(ANSWER))
    reply = await place.door.streamed()
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-accel-buffering"] == "no"
    assert "content-length" not in reply.headers


@requirement("stream:framing", "stream:close", "check:17")
async def test_each_event_is_one_data_line_of_compact_json_with_event_first(build: Build) -> None:
    place = await build(models=rules(ANSWER), fixed=True)
    reply = await place.door.streamed()
    assert reply.body.endswith(b"\n\n")
    for frame in reply.body.decode().split("\n\n")[:-1]:
        assert frame.startswith('data: {"event":"')
        assert "\n" not in frame
        assert "\r" not in frame
        text = frame.removeprefix("data: ")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


@requirement("stream:utf8", "stream:line-ends")
async def test_text_is_utf8_but_for_what_some_readers_take_for_the_end_of_a_line(build: Build) -> None:
    text = 'a\nb\r\nc\x85d\u2028e\u2029f é 🌧 \\u0041 \\ " \t\x0b\x0c\x1c\x1d\x1e'
    place = await build(models=rules({"say": [text]}))
    reply = await place.door.streamed()
    assert reply.events[0]["answer"] == text
    assert "é 🌧".encode() in reply.body
    assert len(reply.body.decode().splitlines()) == 2 * len(reply.events), "one line and an empty one, each"


@requirement("stream:envelope", "order:conversation-id-first", "check:19")
async def test_all_events_share_their_ids_and_their_time(build: Build) -> None:
    place = await build(models=rules(ANSWER))
    events = (await place.door.streamed()).events
    for name in ("conversation_id", "message_id", "task_id", "created_at"):
        assert len({event[name] for event in events}) == 1, name
    assert type(events[0]["created_at"]) is int
    assert {event["id"] for event in events} == {events[0]["message_id"]}
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    assert page.json()["data"][0]["id"] == events[0]["message_id"]
    assert page.json()["data"][0]["created_at"] == events[0]["created_at"]


@requirement("order:chat", "stream:message-always", "stream:no-status", "check:20")
async def test_a_chat_is_messages_and_then_one_message_end(build: Build) -> None:
    place = await build(models=rules(ANSWER))
    events = (await place.door.streamed(auto_generate_name=True)).events
    assert [event["event"] for event in events] == ["message", "message", "message", "message_end"]
    assert [event["answer"] for event in events[:-1]] == ["Sure", ", ", "hi."]
    assert all(event["from_variable_selector"] is None for event in events[:-1])
    assert not any("status" in event for event in events)
    end = events[-1]
    assert end["metadata"].keys() == {"annotation_reply", "retriever_resources", "usage"}
    assert end["metadata"]["usage"]["completion_tokens"] > 0
    assert end["files"] is None


@requirement("order:chat", "check:20")
async def test_a_model_that_says_nothing_still_ends_its_message(build: Build) -> None:
    place = await build(models=rules({"say": []}))
    events = (await place.door.streamed()).events
    assert [event["event"] for event in events] == ["message_end"]


@requirement("check:18", "life:saved-before-end")
@pytest.mark.parametrize("pieces", [["Sure", ", hi."], [], ["", "a", ""], ["é🌧", "\n\n", "data: x"], ["x"] * 500])
async def test_streamed_blocking_and_stored_answers_are_equal(build: Build, pieces: list[str]) -> None:
    place = await build(models=rules({"say": pieces}))
    events = (await place.door.streamed()).events
    blocking = (await place.door.send()).json()
    streamed = "".join(event["answer"] for event in events if event["event"] == "message")
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    assert streamed == blocking["answer"] == page.json()["data"][0]["answer"] == "".join(pieces)


@requirement("check:18")
async def test_streaming_and_blocking_tell_the_same_usage(build: Build) -> None:
    place = await build(models=rules(ANSWER), fixed=True)
    end = (await place.door.streamed()).events[-1]
    blocking = (await place.door.send()).json()
    assert end["metadata"] == blocking["metadata"]


@requirement("life:saved-before-end")
async def test_who_reads_message_end_finds_the_answer_at_once(build: Build) -> None:
    place = await build(models=rules(ANSWER))
    async with place.door.chat() as stream:
        while (event := await stream.next()) is not None and event["event"] != "message_end":
            pass
        assert event is not None
        page = await place.door.get("/v1/messages", user="ann", conversation_id=event["conversation_id"])
    message = page.json()["data"][0]
    assert (message["answer"], message["status"]) == ("Sure, hi.", "normal")
    assert message["total_tokens"] == event["metadata"]["usage"]["total_tokens"]


@requirement("life:question-first")
async def test_the_question_is_stored_before_the_first_byte(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [{"first_ms": 1, **ANSWER}]}, gate.sleep))
    async with place.door.chat("What now?") as stream:
        assert stream.status == 200
        conversations = (await place.door.get("/v1/conversations", user="ann")).json()["data"]
        page = await place.door.get("/v1/messages", user="ann", conversation_id=conversations[0]["id"])
        message = page.json()["data"][0]
        assert (message["query"], message["answer"], message["status"]) == ("What now?", "", "normal")
        gate.opened.set()
        assert len(await stream.rest()) == 4


@requirement("stream:framing")
async def test_a_piece_goes_out_before_the_next_one_is_there(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [{"delay_ms": 1, **ANSWER}]}, gate.sleep))
    async with place.door.chat() as stream:
        first = await stream.next()
        assert first is not None
        assert first["answer"] == "Sure"
        await gate.waiting.wait()
        gate.opened.set()
        assert [event["event"] for event in await stream.rest()] == ["message", "message", "message_end"]


@requirement("check:09")
async def test_a_second_turn_shows_the_model_the_first(build: Build) -> None:
    place = await build(models=rules({"match": "^second", "say": ["{prompt}"]}, {"say": ["Noted."]}))
    first = (await place.door.send("My name is Ann.")).json()
    second = (await place.door.send("second", conversation_id=first["conversation_id"])).json()
    assert second["conversation_id"] == first["conversation_id"]
    assert second["answer"] == "user: My name is Ann.\nassistant: Noted.\nuser: second"


@requirement("life:failed-turns")
async def test_failed_and_empty_turns_are_no_history(build: Build) -> None:
    script = rules(
        {"match": "fails", "say": ["Half"], "error": {"message": "broken", "after": 1}},
        {"match": "empty", "say": []},
        {"match": "last", "say": ["{prompt}"]},
        {"say": ["Fine."]},
    )
    place = await build(models=script)
    conversation = (await place.door.send("good")).json()["conversation_id"]
    assert (await place.door.send("fails", conversation_id=conversation)).status == 400
    assert (await place.door.send("empty", conversation_id=conversation)).json()["answer"] == ""
    last = (await place.door.send("last", conversation_id=conversation)).json()["answer"]
    assert last == "user: good\nassistant: Fine.\nuser: last"


@requirement("reasoning:tagged")
async def test_thoughts_flow_in_the_answer_between_tags_and_are_stored(build: Build) -> None:
    place = await build(models=rules({"think": ["Hm. ", "Yes."], "say": ["42"]}))
    events = (await place.door.streamed()).events
    answer = "".join(event["answer"] for event in events if event["event"] == "message")
    assert answer == "<think>\nHm. Yes.\n</think>42"
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    assert page.json()["data"][0]["answer"] == answer


@requirement("stream:ping", "check:17")
async def test_silence_is_filled_with_bare_pings_and_none_comes_after_the_end(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [{"first_ms": 1, **ANSWER}]}, gate.sleep), ping_seconds=0.01)
    async with place.door.chat() as stream:
        assert [await stream.write() for _ in range(3)] == [b"event: ping\n\n"] * 3
        gate.opened.set()
        assert [event["event"] for event in await stream.rest()] == ["message", "message", "message", "message_end"]
        assert await stream.frame() is None


@pytest.mark.slow
@pytest.mark.parametrize("store", ["memory"])
@requirement("stream:ping", "check:26")
async def test_25_seconds_of_silence_give_two_pings_ten_seconds_apart(build: Build) -> None:
    place = await build(models=rules({"first_ms": 25_000, **ANSWER}))
    place.door.patience = 40
    async with place.door.chat() as stream:
        times: list[float] = []
        while await stream.frame() == "event: ping":
            times.append(stream.clock())
        await stream.rest()
    assert len(times) == 2
    assert times == [pytest.approx(10, abs=0.5), pytest.approx(20, abs=0.5)]


@requirement("check:26")
async def test_pings_keep_their_distance_whether_or_not_data_flows(build: Build) -> None:
    """The check of 25 s in little."""
    place = await build(models=rules({"say": ["a ", "b ", "c "], "delay_ms": 100}), ping_seconds=0.04)
    async with place.door.chat() as stream:
        frames: list[str] = []
        pings: list[float] = []
        while (frame := await stream.frame()) is not None:
            frames.append(frame)
            if frame == "event: ping":
                pings.append(stream.clock())
    assert len(frames) - len(pings) == 4
    assert len(pings) >= 2
    for number, at in enumerate(pings, start=1):
        assert at >= number * 0.04 - 0.005
