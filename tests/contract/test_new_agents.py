"""New agents as clients see them: as agents, but they stream by themselves, and tell the whole answer once more."""

import pytest

from parlour.http.auth import digest
from parlour.ports.catalogue import Key, Version
from tests.contract.requirements import requirement
from tests.contract.test_agents import call, history, kinds, uses
from tests.houses import Build, agent_app, chat_app, rules

pytestmark = pytest.mark.anyio

MODEL = uses(call("say", word="x"), say="Hm."), {"say": ["So ", "it is."]}


@requirement("mode:new-agent")
async def test_a_new_agent_streams_unless_it_is_asked_to_block_which_it_refuses(build: Build) -> None:
    place = await build(apps={"first": agent_app("say", mode="agent")}, models=rules(*MODEL), agent_blocking=True)
    refused = await place.door.send("hi", response_mode="blocking")
    assert (refused.status, refused.json()["code"]) == (400, "bad_request")
    assert (await place.door.get("/v1/info")).json()["mode"] == "agent"
    for mode in ("streaming", None):
        reply = await place.door.send("hi", response_mode=mode)
        assert reply.headers["content-type"].startswith("text/event-stream")


@requirement("mode:new-agent")
async def test_its_whole_answer_is_told_once_more_before_its_end(build: Build) -> None:
    place = await build(apps={"first": agent_app("say", mode="agent")}, models=rules(*MODEL))
    reply = await place.door.streamed("hi")
    assert kinds(reply)[:4] == ["agent_thought", "agent_message", "agent_thought", "agent_thought"]
    message, end = reply.events[-2:]
    assert (message["event"], message["answer"], message["id"]) == ("message", "Hm.\nSo it is.", end["message_id"])
    assert end["event"] == "message_end"
    assert end["metadata"].keys() == {"annotation_reply", "usage"}
    [kept] = await history(place, end["conversation_id"])
    assert kept["answer"] == message["answer"], "it is kept once"
    assert [thought["tool"] for thought in kept["agent_thoughts"]] == ["say", ""]


@requirement("error:agent-not-published")
async def test_a_new_agent_is_published_by_being_served_and_a_draft_of_one_opens_nothing(build: Build) -> None:
    apps = {"first": agent_app("say", mode="agent"), "other": chat_app()}
    place = await build(apps=apps, models=rules(*MODEL))
    assert (await place.door.streamed("hi")).status == 200
    await place.storage.versions.publish(Version("v", "draft", agent_app("say", mode="agent"), 1.0, draft=True))
    await place.storage.keys.add(Key(digest("app-draft"), "app", "draft", "app-…", 1.0))
    await place.house.catalogue.refresh()
    reply = await place.door.request(
        "POST", "/v1/chat-messages", json_body={"query": "hi", "user": "a"}, key="app-draft"
    )
    assert (reply.status, reply.json()["code"]) == (403, "forbidden")
