"""Agents as clients see them: thoughts, tools, files, and what is kept of them (contract 2.7, 4.3, 4.4.2, 5.3)."""

import asyncio
import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from anyio import fail_after

from parlour.llm.growth import LEFT_OUT
from parlour.llm.replay import STOPPED
from parlour.ports.tools import Outcome
from parlour.providers.scripted import Scripted, script_of
from parlour.tools.tool import Builtin, Given
from tests.contract.requirements import requirement
from tests.front_door import Reply, until
from tests.houses import Build, Place, agent_app, chat_app, key_of, rules, scripted, tool_use
from tests.trial_tools import Slow, alone, dot

pytestmark = pytest.mark.anyio

Rule = dict[str, Any]


def call(tool: str, **arguments: object) -> Rule:
    return {"name": tool, "arguments": arguments}


def uses(*calls: Rule, say: str = "") -> Rule:
    """A rule that asks for tools, once."""
    return {"once": True, "say": [say] if say else [], "tool_calls": list(calls)}


def kinds(reply: Reply) -> list[str]:
    return [event["event"] for event in reply.events]


def said(reply: Reply) -> str:
    return "".join(event.get("answer", "") for event in reply.events)


def thoughts(events: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Each thought, with all that was told of it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event["event"] == "agent_thought":
            found.setdefault(event["id"], []).append(event)
    return list(found.values())


async def history(place: Place, conversation: str) -> list[dict[str, Any]]:
    page = await place.door.get("/v1/messages", user="ann", conversation_id=conversation)
    return page.json()["data"]


@requirement("mode:agent-chat", "check:28")
async def test_an_agent_refuses_the_blocking_mode_and_nothing_is_begun(build: Build) -> None:
    place = await build(apps={"first": agent_app("say")})
    for mode in ("blocking", None):
        reply = await place.door.send("hi", response_mode=mode)
        assert (reply.status, reply.json()["code"]) == (400, "invalid_param")
        assert "blocking" in reply.json()["message"]
    assert (await place.door.get("/v1/conversations", user="ann")).json()["data"] == []


@requirement("mode:agent-chat:folded")
async def test_where_its_operator_allows_it_an_agent_answers_in_the_blocking_mode_too(build: Build) -> None:
    model = rules(uses(call("say", word="x"), say="First."), {"say": ["Then."]})
    place = await build(apps={"first": agent_app("say")}, models=model, agent_blocking=True)
    reply = await place.door.send("hi")
    assert (reply.status, reply.json()["mode"], reply.json()["answer"]) == (200, "agent-chat", "First.\nThen.")
    [message] = await history(place, reply.json()["conversation_id"])
    assert message["answer"] == "First.\nThen."
    assert [thought["tool"] for thought in message["agent_thoughts"]] == ["say", ""]


@requirement("mode:chat-as-agent")
async def test_a_chat_app_with_an_agents_strategy_behaves_as_one(build: Build) -> None:
    agent = {"enabled": True, "strategy": "react", "max_iteration": 3, "tools": [tool_use("say")]}
    place = await build(apps={"first": chat_app(agent_mode=agent)}, models=rules({"say": ["ok"]}))
    assert (await place.door.send("hi")).status == 400
    assert kinds(await place.door.streamed("hi")) == ["agent_thought", "agent_message", "agent_thought", "message_end"]
    assert (await place.door.get("/v1/info")).json()["mode"] == "agent-chat"


@requirement("order:agent", "agent:thought", "agent:file", "check:28")
async def test_the_steps_of_an_agent_come_in_their_order_and_a_thought_keeps_its_id(build: Build) -> None:
    model = rules(uses(call("paint", prompt="owl"), say="Drawing now. "), {"say": ["Here is ", "your owl."]})
    place = await build(apps={"first": agent_app("paint")}, models=model)
    reply = await place.door.streamed("Draw an owl")
    told = ["agent_thought", "agent_message", "agent_thought", "message_file", "agent_thought"]
    assert kinds(reply) == [*told, "agent_thought", "agent_message", "agent_message", "agent_thought", "message_end"]
    first, last = thoughts(reply.events)
    file = reply.events[3]
    assert [(one["thought"], one["tool"], one["message_files"]) for one in first] == [
        ("", "", []),
        ("Drawing now. ", "paint", []),
        ("Drawing now. ", "paint", [file["id"]]),
    ]
    assert [bool(one["observation"]) for one in first] == [False, False, True]
    assert json.loads(first[1]["tool_input"]) == {"paint": {"prompt": "owl"}}
    assert list(json.loads(first[2]["observation"])) == ["paint"]
    assert first[1]["tool_labels"] == {"paint": {"en_US": "Paint", "zh_Hans": "Paint"}}
    assert [(one["thought"], one["tool"], one["observation"]) for one in last] == [
        ("", "", ""),
        ("Here is your owl.", "", ""),
    ]
    assert [one["position"] for one in (*first, *last)] == [1, 1, 1, 2, 2]
    assert (file["type"], file["belongs_to"]) == ("image", "assistant")


@requirement("agent:file", "agent:history", "files:made")
async def test_a_picture_is_kept_before_it_is_told_and_shown_again_in_the_history(build: Build) -> None:
    model = rules(uses(call("paint", prompt="owl")), {"say": ["Here."]})
    place = await build(apps={"first": agent_app("paint")}, models=model)
    async with place.door.chat("Draw an owl") as stream:
        while (event := await stream.next()) and event["event"] != "message_file":
            pass
        assert event
        path, _, query = event["url"].removeprefix("http://testserver").partition("?")
        shown = await place.door.request("GET", path, query=query.encode(), key="")
        assert (shown.status, shown.body, shown.headers["content-type"]) == (200, dot(), "image/png")
        assert re.fullmatch(r"/files/tools/[0-9a-f-]{36}\.png", path)
        for changed in (query.replace("sign=", "sign=x"), query.replace("timestamp=1", "timestamp=2"), ""):
            refused = await place.door.request("GET", path, query=changed.encode(), key="")
            assert (refused.status, refused.json()["code"]) == (403, "file_access_denied")
        preview = await place.door.request("GET", path[:-4].replace("tools/", "") + "/file-preview", key="")
        assert preview.status == 404
        await stream.rest()
    [message] = await history(place, event["conversation_id"])
    [file] = message["message_files"]
    assert (file["id"], file["belongs_to"], file["transfer_method"]) == (event["id"], "assistant", "tool_file")
    assert (file["filename"], file["mime_type"], file["size"]) == ("owl.png", "image/png", len(dot()))
    assert message["agent_thoughts"][0]["files"] == [event["id"]]
    preview = await place.door.get(f"/v1/files/{file['upload_file_id']}/preview")
    assert (preview.status, preview.body) == (200, dot())
    address = urlsplit(str(file["url"]))
    assert (await place.door.request("GET", address.path, query=address.query.encode(), key="")).body == dot()


@requirement("agent:history")
async def test_the_history_shows_the_thoughts_as_the_stream_told_them(build: Build) -> None:
    model = rules(uses(call("say", word="x"), say="Hm."), {"say": ["So."]})
    place = await build(apps={"first": agent_app("say")}, models=model)
    events = (await place.door.streamed("hi")).events
    [message] = await history(place, events[0]["conversation_id"])
    assert message["answer"] == "Hm.\nSo."
    names = ("id", "position", "thought", "tool", "tool_labels", "tool_input", "observation")
    told = [{name: versions[-1][name] for name in names} for versions in thoughts(events)]
    kept = message["agent_thoughts"]
    assert [{name: thought[name] for name in names} for thought in kept] == told
    assert {thought["message_id"] for thought in kept} == {message["id"]}
    assert all(thought["created_at"] >= message["created_at"] for thought in kept)


@requirement("agent:again")
async def test_in_the_next_turn_the_model_is_shown_what_its_tools_said(build: Build) -> None:
    model = rules(
        uses(call("say", word="x"), call("fail"), say="Hm."), {"match": "first", "say": ["So."]}, {"say": ["{prompt}"]}
    )
    place = await build(apps={"first": agent_app("say", "fail")}, models=model)
    first = (await place.door.streamed("the first")).events[0]
    again = await place.door.streamed("and?", conversation_id=first["conversation_id"])
    assert said(again) == (
        "user: the first\nassistant: Hm.\ntool: x .\ntool: the tool failed: no luck today\nassistant: So.\nuser: and?"
    )


@requirement("agent:parallel")
async def test_all_tools_of_a_step_run_beside_one_another(build: Build) -> None:
    one, other = Slow(), Slow()

    async def meet(mine: Slow, theirs: Slow) -> Outcome:
        mine.begun.set()
        await theirs.begun.wait()
        return Outcome("met")

    table = (
        Builtin("one", "One", "", lambda _: meet(one, other)),
        Builtin("other", "Other", "", lambda _: meet(other, one)),
    )
    place = await build(
        apps={"first": agent_app("one", "other")},
        models=rules(uses(call("one"), call("other")), {"say": ["ok"]}),
        tools=alone(*table),
    )
    with fail_after(5):
        events = (await place.door.streamed("hi")).events
    first, _ = thoughts(events)
    assert first[-1]["tool"] == "one;other"
    assert json.loads(first[-1]["observation"]) == {"one": "met", "other": "met"}


@requirement("agent:parallel")
async def test_a_tool_that_is_asked_for_twice_is_told_twice(build: Build) -> None:
    model = rules(uses(call("say", word="a"), call("say", word="b")), {"say": ["ok"]})
    place = await build(apps={"first": agent_app("say")}, models=model)
    first, _ = thoughts((await place.door.streamed("hi")).events)
    assert first[-1]["tool"] == "say;say"
    assert json.loads(first[-1]["tool_input"]) == {"say": {"word": "a"}, "say (2)": {"word": "b"}}
    assert json.loads(first[-1]["observation"]) == {"say": "a .", "say (2)": "b ."}


@requirement("agent:tool:unknown", "agent:tool:failing", "agent:tool:slow", "agent:tool:large")
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (call("teleport"), "there is not a tool named teleport"),
        (call("fail", what="luck"), "no luck today"),
        (call("say"), "its arguments lack word"),
        (call("never"), "it took longer than 0.05 seconds"),
        (call("big"), "10485760 characters in all, the first 30000 are shown"),
    ],
)
async def test_whatever_goes_wrong_with_a_tool_is_told_to_the_model_and_the_run_goes_on(
    build: Build, asked: Rule, says: str
) -> None:
    place = await build(
        apps={"first": agent_app("fail", "say", "never", "big")}, models=rules(uses(asked), {"say": ["{prompt}"]})
    )
    reply = await place.door.streamed("hi")
    first, _ = thoughts(reply.events)
    [observation] = json.loads(first[-1]["observation"]).values()
    assert says in observation
    assert len(observation) < 31_000
    assert observation in "".join(event.get("answer", "") for event in reply.events)
    assert kinds(reply)[-1] == "message_end"


@requirement("agent:rounds")
async def test_the_round_after_the_last_runs_without_tools(build: Build) -> None:
    model = rules(*[uses(call("say", word=str(n))) for n in range(2)], {"say": ["Enough."]})
    place = await build(apps={"first": agent_app("say", rounds=2)}, models=model)
    reply = await place.door.streamed("hi")
    assert [versions[-1]["tool"] for versions in thoughts(reply.events)] == ["say", "say", ""]
    assert kinds(reply)[-1] == "message_end"


@requirement("agent:rounds")
async def test_a_model_that_asks_for_a_tool_in_the_last_round_all_the_same_is_an_error(build: Build) -> None:
    place = await build(
        apps={"first": agent_app("say", rounds=1)},
        models=rules({"match": "hi", "tool_calls": [call("say", word="x")]}, {"say": ["{prompt}"]}),
    )
    reply = await place.door.streamed("hi")
    assert kinds(reply)[-1] == "error"
    assert reply.events[-1]["code"] == "invalid_param"
    assert "max_iteration" in reply.events[-1]["message"]
    conversation = reply.events[0]["conversation_id"]
    [message] = await history(place, conversation)
    assert (message["status"], len(message["agent_thoughts"])) == ("error", 2)
    again = await place.door.streamed("and?", conversation_id=conversation)
    assert said(again) == "user: and?", "a turn that failed is none that a model is shown"


@requirement("agent:long")
async def test_results_that_no_longer_fit_the_model_give_way_from_the_oldest_on(build: Build) -> None:
    words = [" ".join([letter] * 150) for letter in "ab"]
    script = {"rules": [*(uses(call("say", word=one)) for one in words), {"say": ["{prompt}"]}]}
    model = Scripted(script_of(json.dumps(script).encode()), context=700)
    place = await build(apps={"first": agent_app("say")}, models=model)
    reply = await place.door.streamed("hi")
    told = [json.loads(versions[-1]["observation"])["say"] for versions in thoughts(reply.events)[:2]]
    assert told == [f"{one} ." for one in words], "clients see all of it"
    asked = said(reply)
    assert LEFT_OUT in asked
    assert f"tool: {words[1]} ." in asked


@requirement("agent:react")
async def test_a_model_that_knows_no_tools_is_told_of_them_in_plain_text(build: Build) -> None:
    script = {
        "tools": False,
        "rules": [
            {
                "once": True,
                "say": ['Thought: ask.\nAction:\n```json\n{"action": "say", "action_input": {"word": "x"}}\n```'],
            },
            {"say": ['Action: {"action": "Final Answer", "action_input": "{prompt}"}']},
        ],
    }
    place = await build(apps={"first": agent_app("say", pre_prompt="Be kind.")}, models=scripted(script))
    reply = await place.door.streamed("hi")
    first, last = thoughts(reply.events)
    assert (first[1]["thought"], first[1]["tool"]) == ("ask.\n", "say")
    assert json.loads(first[1]["tool_input"]) == {"say": {"word": "x"}}
    assert json.loads(first[2]["observation"]) == {"say": "x ."}
    assert kinds(reply)[:3] == ["agent_thought", "agent_message", "agent_thought"]
    assert last[-1]["tool"] == ""


@requirement("agent:stop")
async def test_a_stop_in_the_middle_of_a_tool_ends_it_and_keeps_what_was_said_and_thought(build: Build) -> None:
    slow = Slow()
    place = await build(
        apps={"first": agent_app("wait")},
        models=rules(uses(call("wait"), say="One moment."), {"say": ["{prompt}"]}),
        tools=alone(Builtin("wait", "Wait", "", slow.run)),
    )
    async with place.door.chat("hi", auto_generate_name=False) as stream:
        first, *_ = await stream.take(3)
        with fail_after(2):
            await slow.begun.wait()
            await place.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="ann")
            rest = await stream.rest()
            await slow.ended.wait()
    assert [event["event"] for event in rest] == ["message_end"]
    [message] = await history(place, first["conversation_id"])
    assert (message["answer"], message["status"]) == ("One moment.", "normal")
    [thought] = message["agent_thoughts"]
    assert (thought["tool"], thought["thought"], thought["observation"]) == ("wait", "One moment.", "")
    again = await place.door.streamed("and?", conversation_id=first["conversation_id"])
    assert said(again) == f"user: hi\nassistant: One moment.\ntool: {STOPPED}\nuser: and?"


@requirement("agent:gone")
async def test_a_client_that_goes_away_in_the_middle_of_a_tool_changes_nothing_for_the_run(build: Build) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def wait(given: Given) -> Outcome:
        del given
        begun.set()
        await may_end.wait()
        return Outcome("waited")

    place = await build(
        apps={"first": agent_app("wait")},
        models=rules(uses(call("wait"), say="One moment."), {"match": "hi", "say": ["Here."]}, {"say": ["{prompt}"]}),
        tools=alone(Builtin("wait", "Wait", "", wait)),
    )
    async with place.door.chat("hi", auto_generate_name=False) as stream:
        first, *_ = await stream.take(3)
        with fail_after(5):
            await begun.wait()
    may_end.set()

    async def ended() -> bool:
        return (await history(place, first["conversation_id"]))[0]["answer"].endswith("Here.")

    await until(ended)
    [message] = await history(place, first["conversation_id"])
    assert (message["answer"], message["status"]) == ("One moment.\nHere.", "normal")
    assert [thought["observation"] for thought in message["agent_thoughts"]] == ['{"wait": "waited"}', ""]
    again = await place.door.streamed("and?", conversation_id=first["conversation_id"])
    assert said(again) == "user: hi\nassistant: One moment.\ntool: waited\nassistant: Here.\nuser: and?"


@requirement("agent:stop")
async def test_a_stop_in_the_middle_of_a_text_keeps_it_as_the_thought_that_it_was(build: Build) -> None:
    place = await build(apps={"first": agent_app("say")}, models=rules({"say": ["One ", "two "], "hang": True}))
    async with place.door.chat("hi", auto_generate_name=False) as stream:
        first, *_ = await stream.take(3)
        await place.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="ann")
        [end] = await stream.rest()
    assert end["metadata"]["usage"]["completion_tokens"] == 2
    [message] = await history(place, first["conversation_id"])
    assert (message["answer"], message["agent_thoughts"][0]["thought"]) == ("One two ", "One two ")


@requirement("agent:failure")
async def test_a_model_that_fails_between_two_steps_leaves_the_thoughts_so_far(build: Build) -> None:
    model = rules(uses(call("say", word="x"), say="First."), {"error": {"message": "[x] gone"}})
    place = await build(apps={"first": agent_app("say")}, models=model)
    reply = await place.door.streamed("hi")
    assert (reply.events[-1]["event"], reply.events[-1]["code"]) == ("error", "completion_request_error")
    [message] = await history(place, reply.events[0]["conversation_id"])
    assert (message["status"], message["answer"], len(message["agent_thoughts"])) == ("error", "First.", 1)


@requirement("agent:meta")
async def test_each_tool_of_an_agent_has_an_icon(build: Build) -> None:
    place = await build(apps={"first": agent_app("say", "time/current_time"), "second": chat_app()})
    icons = (await place.door.get("/v1/meta")).json()["tool_icons"]
    assert icons.keys() == {"say", "current_time"}
    assert all(icon.keys() == {"background", "content"} for icon in icons.values())
    plain = await place.door.request("GET", "/v1/meta", key=key_of("second"))
    assert plain.json() == {"tool_icons": {}}


async def test_the_routes_of_conversations_serve_agents_as_they_do_chats(build: Build) -> None:
    model = rules({"purpose": "title", "say": ["A name"]}, {"say": ["ok"]})
    place = await build(
        apps={"first": agent_app("say", suggested_questions_after_answer={"enabled": True})}, models=model
    )
    events = (await place.door.streamed("hi")).events
    conversation = events[0]["conversation_id"]
    assert (await place.door.get(f"/v1/messages/{events[0]['message_id']}/suggested", user="ann")).status == 200
    renamed = await place.door.post(f"/v1/conversations/{conversation}/name", user="ann", auto_generate=True)
    assert renamed.json()["name"] == "A name"
    assert (await place.door.get(f"/v1/conversations/{conversation}/variables", user="ann")).json()["data"] == []
    gone = await place.door.request("DELETE", f"/v1/conversations/{conversation}", json_body={"user": "ann"})
    assert gone.status == 204
