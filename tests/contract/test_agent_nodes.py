"""Agents within chatflows and workflows, as clients see them (dsl.md 6.19, 8.5, contract 4.3, 5.1)."""

from typing import Any

import pytest
from anyio import fail_after

from parlour.dsl.findings import Refused
from parlour.http.reading import report
from parlour.tools.tool import Builtin
from parlour.tools.toolbox import serving
from tests.contract.flow_samples import RUN, end, start, text_field
from tests.contract.requirements import requirement
from tests.dsl.dsl_samples import line_of
from tests.dsl.graph_samples import Written, chain, graph_file, node
from tests.front_door import Reply
from tests.houses import Build, rules
from tests.trial_tools import TRIAL, Slow, alone, dot

pytestmark = pytest.mark.anyio

MODEL: Written = {
    "provider": "langgenius/openai/openai",
    "model": "gpt-4o-mini",
    "mode": "chat",
    "completion_params": {},
}
Rule = dict[str, Any]


def agent(*tools: str, **data: Any) -> Written:
    """A node with an agent that uses these tools of the provider `trial`."""
    named = [{"enabled": True, "type": "builtin", "provider_name": "trial", "tool_name": tool} for tool in tools]
    given = {"model": MODEL, "instruction": "You help.", "query": data.pop("query", "{{#sys.query#}}"), "tools": named}
    parameters = {name: {"type": "constant", "value": value} for name, value in given.items()}
    names = {"agent_strategy_provider_name": "langgenius/agent/agent", "agent_strategy_name": "function_calling"}
    return node("do", "agent", **{**names, **data}, agent_parameters=parameters)


def chatflow(*nodes: Written) -> str:
    made = [start(), *nodes]
    return graph_file("advanced-chat", made, chain(*(one["id"] for one in made)))


def uses(tool: str, say: str = "", **arguments: object) -> Rule:
    """A rule that asks for a tool, once."""
    return {"once": True, "say": [say] if say else [], "tool_calls": [{"name": tool, "arguments": arguments}]}


def kinds(reply: Reply) -> list[str]:
    return [one["event"] for one in reply.events]


def logs(events: list[Rule]) -> list[Rule]:
    return [one["data"] for one in events if one["event"] == "agent_log"]


SAY = node("say", "answer", answer="{{#do.text#}}{{#do.files#}}")


@requirement("node:agent", "node:agent:log")
async def test_an_agents_steps_are_logged_and_its_text_and_files_are_said(build: Build) -> None:
    model = rules(uses("paint", prompt="owl"), {"say": ["Here ", "it is. "]})
    place = await build(apps={"first": chatflow(agent("paint"), SAY)}, models=model)
    reply = await place.door.streamed("Draw an owl")
    told = kinds(reply)
    assert told[:4] == ["workflow_started", "node_started", "node_finished", "node_started"]
    assert told[4:10] == ["agent_log"] * 6
    assert told[-6:] == [
        "message",
        "node_finished",
        "node_started",
        "node_finished",
        "message_end",
        "workflow_finished",
    ]
    finished = {one["data"]["node_id"]: one["data"] for one in reply.events if one["event"] == "node_finished"}
    [file] = finished["do"]["outputs"]["files"]
    assert finished["do"]["outputs"]["text"] == "Here it is. "
    assert finished["do"]["outputs"]["usage"]["total_tokens"] > 0
    assert finished["say"]["outputs"]["answer"] == f"Here it is. ![owl.png]({file['url']})"
    path, _, query = file["url"].removeprefix("http://testserver").partition("?")
    assert (await place.door.request("GET", path, query=query.encode(), key="")).body == dot()
    lines = logs(reply.events)
    assert {line["node_execution_id"] for line in lines} == {finished["do"]["id"]}
    last = {line["id"]: line for line in lines}
    outputs = finished["do"]["outputs"]["json"][:-1]
    assert [line["label"] for line in outputs] == [line["label"] for line in last.values()]
    assert [line["status"] for line in outputs] == ["success"] * 5
    assert finished["do"]["execution_metadata"]["agent_log"] == outputs
    frame = next(one for one in reply.events if one["event"] == "agent_log")
    assert frame.keys() == {"event", "conversation_id", "message_id", "created_at", "task_id", "data"}
    started = next(
        one["data"] for one in reply.events if one["event"] == "node_started" and one["data"]["node_id"] == "do"
    )
    assert started["agent_strategy"] == {"name": "function_calling", "icon": None}


@requirement("node:agent")
async def test_a_workflow_gives_what_its_agent_says_and_what_it_took_counts(build: Build) -> None:
    nodes = [start(text_field("word")), agent("say", query="{{#start.word#}}"), end(("out", ["do", "text"]))]
    file = graph_file("workflow", nodes, chain("start", "do", "end"))
    usage = {"prompt_tokens": 20, "completion_tokens": 5}
    model = rules(uses("say", "Hm.", word="x") | {"usage": usage}, {"say": ["So."], "usage": usage})
    place = await build(apps={"first": file}, models=model)
    reply = await place.door.post(RUN, inputs={"word": "ho"}, user="ann", response_mode="blocking")
    assert (reply.json()["data"]["outputs"], reply.json()["data"]["total_tokens"]) == ({"out": "Hm.\nSo."}, 50)


@requirement("node:agent:strategy")
async def test_a_strategy_that_is_not_known_is_refused_by_name(build: Build) -> None:
    place = await build()
    with pytest.raises(Refused, match="strategy `TOD` of langgenius/agent/agent: is not served"):
        await place.house.catalogue.publish(chatflow(agent(agent_strategy_name="TOD"), SAY), "first")


@requirement("node:agent:strategy")
async def test_a_react_agent_says_its_answer_and_logs_its_thoughts(build: Build) -> None:
    ask = 'Thought: I ask.\nAction:\n```json\n{"action": "say", "action_input": {"word": "a"}}\n```'
    answer = 'Thought: I know.\nAction:\n```json\n{"action": "Final Answer", "action_input": "42"}\n```'
    file = chatflow(agent("say", agent_strategy_name="ReAct"), SAY)
    place = await build(apps={"first": file}, models=rules({"once": True, "say": [ask]}, {"say": [answer]}))
    reply = await place.door.streamed("What?")
    assert "".join(one["answer"] for one in reply.events if one["event"] == "message") == "42"
    assert [line["data"]["output"] for line in logs(reply.events) if "tool_name" in line["data"]] == [
        "I ask.\n",
        "I know.\n42",
    ]


@requirement("node:agent:stop")
async def test_a_stop_in_the_middle_of_an_agents_tool_ends_the_tool(build: Build) -> None:
    slow = Slow()
    file, box = chatflow(agent("wait"), SAY), alone(Builtin("wait", "Wait", "Waits.", slow.run))
    place = await build(apps={"first": file}, models=rules(uses("wait", "Wait. ")), tools=box)
    async with place.door.chat("hi") as stream:
        with fail_after(5):
            first = await stream.next()
            assert first
            await slow.begun.wait()
            stop = f"/v1/chat-messages/{first['task_id']}/stop"
            assert (await place.door.post(stop, user="ann")).status == 200
            await slow.ended.wait()
            rest = await stream.rest()
    assert [one["data"]["status"] for one in rest if one["event"] == "workflow_finished"] == ["stopped"]
    page = await place.door.get("/v1/messages", user="ann", conversation_id=first["conversation_id"])
    assert page.json()["data"][0]["answer"] == "Wait. "


def test_a_check_says_of_each_tool_of_an_agent_what_serves_it() -> None:
    source = chatflow(agent("say", "gone"), SAY)
    found = {one.what: one for one in report(source, "sample", serving({"trial": TRIAL}, {}))}
    here, lacking = found["agent `Do`: tool trial/say (built in)"], found["agent `Do`: tool trial/gone"]
    assert (here.level, here.line) == ("supported", line_of(source, "tool_name: say"))
    assert (lacking.level, lacking.line, lacking.partial) == ("refused", line_of(source, "tool_name: gone"), True)
    assert found["agent `Do`"].level == "supported"
