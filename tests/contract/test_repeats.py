"""`Idempotency-Key`: a request that is sent again is the same run (ours)."""

import asyncio
from typing import Any

import pytest
from anyio import fail_after

from parlour.runs.start import Limits
from tests.contract.repeating import CHAT, begun_elsewhere
from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import Build, Gate, app_file, chat_app, key_of, rules, scripted

pytestmark = pytest.mark.anyio

SLOW: dict[str, Any] = {"rules": [{"say": ["One ", "two."], "delay_ms": 1}]}
COMPLETION = "/v1/completion-messages"


async def post(door: FrontDoor, key: str = "k", path: str = CHAT, **members: Any) -> Reply:
    body: dict[str, Any] = {"query": "hi", "user": "ann", "inputs": {}, "auto_generate_name": False, **members}
    return await door.request("POST", path, json_body=body, headers={"Idempotency-Key": key})


async def conversations(door: FrontDoor, user: str = "ann") -> int:
    return len((await door.get("/v1/conversations", user=user, limit=100)).json()["data"])


FORGETFUL = Limits(kept_seconds=0)
"""As after a restart: no run of the past is in memory."""


@requirement("repeat:same")
async def test_the_same_request_again_is_answered_by_the_same_run(build: Build) -> None:
    place = await build()
    first = await post(place.door)
    again = await post(place.door)
    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body
    assert await conversations(place.door) == 1
    other = await post(place.door, "another key")
    assert other.json()["message_id"] != first.json()["message_id"]


@requirement("repeat:same")
async def test_a_stream_that_is_asked_for_again_begins_anew_and_ends_with_the_first(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted(SLOW, gate.sleep))
    body = {"query": "hi", "user": "ann", "response_mode": "streaming", "auto_generate_name": False}
    sent: dict[str, Any] = {"json_body": body, "headers": {"Idempotency-Key": "k"}}
    first = place.door.open("POST", CHAT, **sent)
    opening = await first.next()
    first.disconnect()
    again = place.door.open("POST", CHAT, **sent)
    assert await again.next() == opening
    gate.opened.set()
    rest = await again.rest()
    assert [event["event"] for event in rest] == ["message", "message_end"]
    after = await place.door.request("POST", CHAT, **sent)
    assert after.events == [opening, *rest]
    assert await conversations(place.door) == 1


@requirement("repeat:concurrent")
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
async def test_the_same_request_many_times_at_once_begins_one_run(build: Build, mode: str) -> None:
    place = await build()
    replies = await asyncio.gather(*(post(place.door, response_mode=mode) for _ in range(20)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert await conversations(place.door) == 1


@requirement("repeat:other")
@pytest.mark.parametrize(
    "members", [{"query": "other"}, {"inputs": {"a": 1}}, {"response_mode": "streaming"}, {"extra": None}]
)
async def test_the_same_key_for_another_body_is_refused_and_says_so(build: Build, members: dict[str, Any]) -> None:
    place = await build()
    assert (await post(place.door)).status == 200
    refused = await post(place.door, **members)
    body = refused.json()
    assert (refused.status, body["code"], body["params"]) == (400, "invalid_param", "Idempotency-Key")
    assert "another body" in body["message"]
    assert await conversations(place.door) == 1


@requirement("repeat:same")
async def test_neither_spaces_nor_the_order_of_members_make_another_body(build: Build) -> None:
    place = await build()
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    bodies = [b'{"query":"hi","user":"ann"}', b' {"user": "ann",\n "query": "\\u0068i"}']
    replies = [await place.door.request("POST", CHAT, body=body, headers=headers) for body in bodies]
    assert replies[0].body == replies[1].body


@requirement("repeat:own")
async def test_a_key_is_one_users_in_one_app(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    other = FrontDoor(place.app, key_of("second"))
    replies = [await post(place.door), await post(place.door, user="bob"), await post(other)]
    assert [reply.status for reply in replies] == [200] * 3
    assert len({reply.json()["message_id"] for reply in replies}) == 3
    same = await place.door.request(
        "POST",
        CHAT,
        json_body={"query": "hi", "user": "ann", "inputs": {}, "auto_generate_name": False},
        headers={"Idempotency-Key": "k"},
        key=key_of("first", 1),
    )
    assert same.body == replies[0].body, "the keys of one app open the same conversations"


@requirement("repeat:key")
@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb", "naïve", "a\x7f"])
async def test_a_key_that_is_none_is_refused(build: Build, key: str) -> None:
    place = await build()
    reply = await post(place.door, key)
    body = reply.json()
    assert (reply.status, body["code"], body["params"]) == (400, "invalid_param", "Idempotency-Key")
    assert await conversations(place.door) == 0


@requirement("repeat:key")
async def test_a_key_may_have_255_characters(build: Build) -> None:
    place = await build()
    assert (await post(place.door, "~ " + "k" * 253)).status == 200


@requirement("repeat:refused")
async def test_a_request_that_was_refused_leaves_its_key_free(build: Build) -> None:
    form = [{"text-input": {"label": "City", "variable": "city", "required": True}}]
    place = await build(apps={"first": chat_app(user_input_form=form)})
    assert (await post(place.door)).status == 400
    assert (await post(place.door, inputs={"city": "Brno"})).status == 200


@requirement("repeat:refused")
async def test_a_repetition_needs_no_free_place(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted(SLOW, gate.sleep), limits=Limits(active=1))
    first = asyncio.create_task(post(place.door))
    with fail_after(5):
        await gate.waiting.wait()
    assert (await post(place.door, "another")).status == 429
    again = asyncio.create_task(post(place.door))
    gate.opened.set()
    with fail_after(5):
        assert (await first).body == (await again).body


@requirement("repeat:failed")
@pytest.mark.parametrize("limits", [Limits(), FORGETFUL], ids=["remembered", "forgotten"])
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
async def test_a_run_that_failed_is_told_again_and_not_tried_again(build: Build, mode: str, limits: Limits) -> None:
    broken = {"once": True, "say": ["a"], "error": {"code": "completion_request_error", "message": "no", "after": 1}}
    place = await build(models=rules(broken), limits=limits)
    first = await post(place.door, response_mode=mode)
    again = await post(place.door, response_mode=mode)
    assert (first.status, first.body) == (again.status, again.body)


@requirement("repeat:forgotten")
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
async def test_a_run_that_nobody_remembers_is_told_from_its_message(build: Build, mode: str) -> None:
    counted = {"say": ["One ", "two."], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}
    place = await build(models=rules(counted), limits=FORGETFUL)
    first = await post(place.door, response_mode=mode)
    stored = await post(place.door, response_mode=mode)
    assert stored.status == 200
    if mode == "blocking":
        assert stored.json() == first.json()
    else:
        text, end = stored.events
        assert {**text, "answer": ""} == {**first.events[0], "answer": ""}
        assert (text["answer"], end) == ("One two.", first.events[-1])


@requirement("repeat:deleted")
async def test_a_message_that_was_deleted_does_not_come_back(build: Build) -> None:
    place = await build(limits=FORGETFUL)
    sent = (await post(place.door)).json()
    path = f"/v1/conversations/{sent['conversation_id']}"
    assert (await place.door.request("DELETE", path, json_body={"user": "ann"})).status == 204
    again = await post(place.door)
    assert (again.status, again.json()["code"]) == (404, "not_found")
    assert await conversations(place.door) == 0


@requirement("repeat:unknown-end")
async def test_a_message_whose_end_is_not_known_here_is_a_conflict(build: Build) -> None:
    place = await build()
    reply = await begun_elsewhere(place, {"query": "hi", "user": "ann"})
    assert (reply.status, reply.json()["code"]) == (409, "conflict")


@requirement("repeat:completion")
@pytest.mark.parametrize("limits", [Limits(), FORGETFUL], ids=["remembered", "forgotten"])
async def test_completions_take_a_key_as_well(build: Build, limits: Limits) -> None:
    place = await build(apps={"first": app_file("completion")}, limits=limits)
    first, again = await post(place.door, path=COMPLETION), await post(place.door, path=COMPLETION)
    assert first.status == 200
    assert first.body == again.body
    assert (await post(place.door, path=COMPLETION, query="other")).status == 400
