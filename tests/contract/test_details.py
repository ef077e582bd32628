"""Single sentences of the contract that no larger behaviour shows."""

import pytest

from parlour.providers.pages import Pages
from tests.contract.requirements import requirement
from tests.contract.test_files_chat import REMOTE
from tests.contract.uploading import PNG, Witness, taking, upload
from tests.houses import Build, Gate, rules, scripted

pytestmark = pytest.mark.anyio

NOBODY_NAMED = "DEFAULT-USER"


@requirement("message:created-at")
async def test_a_message_has_one_time_wherever_it_is_told(build: Build) -> None:
    place = await build()
    told = (await place.door.send(auto_generate_name=False)).json()
    streamed = (await place.door.streamed("again", conversation_id=told["conversation_id"])).events
    page = await place.door.get("/v1/messages", user="ann", conversation_id=told["conversation_id"])
    first, second = page.json()["data"]
    assert (first["id"], first["created_at"]) == (told["id"], told["created_at"])
    assert {(event["message_id"], event["created_at"]) for event in streamed} == {(second["id"], second["created_at"])}


@requirement("answer:unaltered")
@pytest.mark.parametrize(
    "answer",
    ["  two spaces \n\n", "{{name}} and {{#sys.query#}}", "![a](https://x.example/a.png)\r\n", "<|end|>\u200b"],
)
async def test_an_answer_is_kept_and_remembered_as_it_was_said(build: Build, answer: str) -> None:
    witness = Witness(answer)
    place = await build(models=witness)
    told = (await place.door.send(auto_generate_name=False)).json()
    await place.door.send(conversation_id=told["conversation_id"])
    page = await place.door.get("/v1/messages", user="ann", conversation_id=told["conversation_id"])
    assert [told["answer"], page.json()["data"][0]["answer"], witness.calls[-1].lines[1].text] == [answer] * 3


@requirement("user:optional")
async def test_who_need_not_name_its_user_is_the_default_one(build: Build) -> None:
    place = await build()
    own = (await place.door.send(user=NOBODY_NAMED, auto_generate_name=False)).json()["conversation_id"]
    anns = (await place.door.send(auto_generate_name=False)).json()["conversation_id"]
    listed = (await place.door.get("/v1/conversations")).json()["data"]
    assert [one["id"] for one in listed] == [own]
    for mine, status in ((own, 200), (anns, 404)):
        assert (await place.door.get("/v1/messages", conversation_id=mine)).status == status
        assert (await place.door.post(f"/v1/conversations/{mine}/name", name="New")).status == status
    for mine, status in ((own, 204), (anns, 404)):
        assert (await place.door.request("DELETE", f"/v1/conversations/{mine}")).status == status


@requirement("conversations:touched")
async def test_a_message_and_a_name_move_the_time_of_a_conversation(build: Build) -> None:
    clock = iter(range(1767000000, 1767900000, 100))
    place = await build(clock=lambda: float(next(clock)))

    async def times() -> tuple[int, int]:
        (found,) = (await place.door.get("/v1/conversations", user="ann")).json()["data"]
        return found["created_at"], found["updated_at"]

    own = (await place.door.send(auto_generate_name=False)).json()["conversation_id"]
    begun = await times()
    await place.door.send(conversation_id=own)
    asked = await times()
    await place.door.post(f"/v1/conversations/{own}/name", name="New", user="ann")
    named = await times()
    assert begun[1] < asked[1] < named[1]
    assert begun[0] == asked[0] == named[0]


@requirement("life:parallel-history")
async def test_each_of_two_turns_at_once_sees_what_was_saved_when_it_began(build: Build) -> None:
    gate = Gate()
    slow = {"match": "slow", "say": ["slow: {prompt}"], "first_ms": 1}
    place = await build(models=scripted({"rules": [slow, {"say": ["{prompt}"]}]}, gate.sleep))
    own = (await place.door.send("one", auto_generate_name=False)).json()["conversation_id"]
    async with place.door.chat("slow two", conversation_id=own) as stream:
        await gate.waiting.wait()
        beside = (await place.door.send("three", conversation_id=own)).json()["answer"]
        assert "slow two" not in beside, "that is not answered yet"
        gate.opened.set()
        said = "".join(event.get("answer", "") for event in await stream.rest())
    assert "three" not in said
    assert "one" in said


@requirement("files:fetched")
async def test_an_upload_in_the_place_of_an_address_is_not_fetched_again(build: Build) -> None:
    witness, web = Witness(), Pages({})
    place = await build(apps={"first": taking("image")}, models=witness, web=web)
    own = await upload(place.door)
    sent = await place.door.send(files=[{**REMOTE, "upload_file_id": own}], auto_generate_name=False)
    assert sent.status == 200, sent.body
    assert witness.shown.images[0].url.startswith("data:image/png;base64,")
    assert web.asked == []
    page = await place.door.get("/v1/messages", user="ann", conversation_id=sent.json()["conversation_id"])
    assert page.json()["data"][0]["message_files"][0]["size"] == len(PNG)


@requirement("run:events:head")
async def test_a_head_of_a_run_that_goes_on_is_answered_at_once(build: Build) -> None:
    place = await build(models=rules({"say": ["One "], "hang": True}))
    async with place.door.chat(auto_generate_name=False) as stream:
        event = await stream.next()
        assert event is not None
        path = f"/v1/runs/{event['task_id']}/events"
        reply = await place.door.request("HEAD", path, query={"user": "ann"})
        assert (reply.status, reply.body) == (200, b"")
        assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"


@requirement("feedback:running", "stop:saves")
async def test_a_message_can_be_judged_while_it_is_answered_and_keeps_that(build: Build) -> None:
    place = await build(models=rules({"say": ["One "], "hang": True}))
    async with place.door.chat(auto_generate_name=False) as stream:
        event = await stream.next()
        assert event is not None
        path = f"/v1/messages/{event['message_id']}/feedbacks"
        assert (await place.door.post(path, rating="like", user="ann")).status == 200
        await place.door.post(f"/v1/chat-messages/{event['task_id']}/stop", user="ann")
        await stream.rest()
    page = await place.door.get("/v1/messages", user="ann", conversation_id=event["conversation_id"])
    (message,) = page.json()["data"]
    assert (message["answer"], message["feedback"]) == ("One ", {"rating": "like"})
