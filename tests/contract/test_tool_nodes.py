"""Tools in chatflows and workflows, as clients see them (dsl.md 6.11, contract 4.3, 5.1)."""

from typing import Any

import pytest
from anyio import fail_after

from parlour.tools.tool import Builtin
from tests.contract.flow_samples import RUN, end, start, text_field
from tests.contract.requirements import requirement
from tests.dsl.graph_samples import Written, chain, edge, graph_file, node
from tests.front_door import Reply
from tests.houses import Build
from tests.trial_tools import Slow, alone, dot

pytestmark = pytest.mark.anyio


def tool(name: str, /, **data: Any) -> Written:
    """A node that uses a tool of the provider `trial`."""
    parameters = {key: {"type": "mixed", "value": value} for key, value in data.pop("given", {}).items()}
    named = {"provider_id": "trial", "provider_name": "trial", "provider_type": "builtin", "tool_name": name}
    return node("use", "tool", **named, tool_parameters=parameters, tool_configurations={}, **data)


def chatflow(*nodes: Written) -> str:
    made = [start(), *nodes]
    return graph_file("advanced-chat", made, chain(*(one["id"] for one in made)))


def told(reply: Reply, kind: str = "node_finished") -> dict[str, dict[str, Any]]:
    return {one["data"]["node_id"]: one["data"] for one in reply.events if one["event"] == kind}


@requirement("node:tool")
async def test_what_a_tool_says_and_makes_is_said_by_the_answer_and_can_be_read(build: Build) -> None:
    say = node("say", "answer", answer="{{#use.text#}}: {{#use.files#}}")
    place = await build(apps={"first": chatflow(tool("paint", given={"prompt": "{{#sys.query#}}"}), say)})
    reply = await place.door.send("owl", response_mode="streaming")
    begun, ended = told(reply, "node_started")["use"], told(reply)["use"]
    assert begun["extras"].keys() == ended["extras"].keys() == {"icon"}
    assert ended["execution_metadata"]["tool_info"]["provider_id"] == "trial"
    assert ended["inputs"] == {"prompt": "owl"}
    assert (ended["outputs"]["text"], ended["outputs"]["json"]) == ("image created", [{"data": []}])
    [file] = ended["outputs"]["files"]
    assert (file["filename"], file["transfer_method"], file["size"]) == ("owl.png", "tool_file", len(dot()))
    end = reply.events[-2]
    assert end["event"] == "message_end"
    assert [one["related_id"] for one in (*ended["files"], *end["files"])] == [file["related_id"]] * 2
    answer = "".join(one["answer"] for one in reply.events if one["event"] == "message")
    assert answer == f"image created: ![owl.png]({file['url']})"
    path, _, query = file["url"].removeprefix("http://testserver").partition("?")
    shown = await place.door.request("GET", path, query=query.encode(), key="")
    assert (shown.status, shown.body) == (200, dot())


@requirement("node:tool")
async def test_each_tool_of_a_flow_has_an_icon(build: Build) -> None:
    place = await build(apps={"first": chatflow(tool("say"), node("say", "answer", answer="ok"))})
    assert (await place.door.get("/v1/meta")).json()["tool_icons"].keys() == {"say"}


@requirement("node:tool")
async def test_a_workflow_gives_what_its_tool_gives(build: Build) -> None:
    nodes = [start(text_field("word")), tool("say", given={"word": "{{#start.word#}}"}), end(("out", ["use", "text"]))]
    place = await build(apps={"first": graph_file("workflow", nodes, chain("start", "use", "end"))})
    reply = await place.door.post(RUN, inputs={"word": "ho"}, user="ann", response_mode="blocking")
    assert reply.json()["data"]["outputs"] == {"out": "ho ."}


@requirement("node:tool:failing")
async def test_a_tool_that_fails_ends_the_run_with_its_reason(build: Build) -> None:
    place = await build(apps={"first": chatflow(tool("fail", title="Try"), node("say", "answer", answer="ok"))})
    events = (await place.door.send(response_mode="streaming")).events
    assert [one["event"] for one in events[-3:]] == ["node_finished", "workflow_finished", "error"]
    assert events[-3]["data"]["error"] == "Try: no luck today"
    assert (events[-1]["code"], events[-1]["message"]) == ("invalid_param", "Run failed: Try: no luck today")
    assert "cause" not in events[-1], "the node itself has failed"


@requirement("node:tool:failing")
async def test_what_its_author_laid_down_for_a_failure_holds_for_a_tool_too(build: Build) -> None:
    retry = {"retry_enabled": True, "max_retries": 2, "retry_interval": 0}
    use = tool("never", error_strategy="fail-branch", retry_config=retry)
    nodes = [start(), use, node("good", "answer", answer="good"), node("bad", "answer", answer="{{#use.error_type#}}")]
    ways = [edge("start", "use"), edge("use", "good", sourceHandle="source")]
    ways.append(edge("use", "bad", sourceHandle="fail-branch"))
    place = await build(apps={"first": graph_file("advanced-chat", nodes, ways)})
    reply = await place.door.send(response_mode="streaming")
    assert [one["event"] for one in reply.events].count("node_retry") == 2
    assert told(reply)["use"]["status"] == "exception"
    assert "".join(one["answer"] for one in reply.events if one["event"] == "message") == "ToolInvokeError"
    assert reply.events[-1]["data"]["status"] == "partial-succeeded"


@requirement("node:tool:stop")
async def test_a_stop_in_the_middle_of_a_tool_ends_the_tool(build: Build) -> None:
    slow = Slow()
    box = alone(Builtin("wait", "Wait", "Waits.", slow.run))
    place = await build(apps={"first": chatflow(tool("wait"), node("say", "answer", answer="ok"))}, tools=box)
    async with place.door.chat("hi") as stream:
        with fail_after(5):
            first = await stream.next()
            assert first
            await slow.begun.wait()
            stop = f"/v1/chat-messages/{first['task_id']}/stop"
            assert (await place.door.post(stop, user="ann")).status == 200
            await slow.ended.wait()
            rest = await stream.rest()
    ended = [one["data"] for one in rest if one["event"] == "workflow_finished"]
    assert [one["status"] for one in ended] == ["stopped"]
