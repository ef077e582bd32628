"""A client that leaves a chatflow in the middle of a tool, its node's own or one of an agent's (contract 6.4)."""

import asyncio
from typing import Any

import pytest
from anyio import fail_after

from parlour.ports.tools import Outcome
from parlour.tools.tool import Builtin, Given
from tests.contract import test_agent_nodes, test_tool_nodes
from tests.contract.flow_samples import llm
from tests.contract.requirements import requirement
from tests.contract.test_agents import history, said
from tests.dsl.graph_samples import Written, node
from tests.front_door import until
from tests.houses import Build, rules
from tests.trial_tools import alone

pytestmark = pytest.mark.anyio

MEMORY: Written = {"window": {"enabled": False, "size": 10}}
ANSWER = node("say", "answer", answer="{{#ask.text#}}")
ASK = llm("ask", "{{#use.text#}}", memory={**MEMORY, "query_prompt_template": "{{#sys.query#}}"})
TOOL = test_tool_nodes.chatflow(test_tool_nodes.tool("wait"), ASK, ANSWER)
AGENT = test_agent_nodes.chatflow(test_agent_nodes.agent("wait", memory=MEMORY), test_agent_nodes.SAY)
ANSWERS: tuple[dict[str, Any], ...] = {"match": "hi", "say": ["Here."]}, {"say": ["{prompt}"]}


@requirement("node:tool:gone", "node:agent:gone")
@pytest.mark.parametrize(
    ("app", "model", "kept", "shown"),
    [
        (TOOL, ANSWERS, "Here.", "user: waited\nuser: hi\nassistant: Here.\nuser: and?"),
        (
            AGENT,
            (test_agent_nodes.uses("wait", "One moment."), *ANSWERS),
            "One moment.\nHere.",
            "system: You help.\nuser: hi\nassistant: One moment.\nHere.\nuser: and?",
        ),
    ],
    ids=["tool node", "agent node"],
)
async def test_the_run_ends_without_its_client_and_the_next_turn_is_shown_what_it_said(
    build: Build, app: str, model: tuple[dict[str, Any], ...], kept: str, shown: str
) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def wait(given: Given) -> Outcome:
        del given
        begun.set()
        await may_end.wait()
        return Outcome("waited")

    box = alone(Builtin("wait", "Wait", "Waits.", wait))
    place = await build(apps={"first": app}, models=rules(*model), tools=box)
    async with place.door.chat("hi", auto_generate_name=False) as stream:
        [first] = await stream.take(1)
        with fail_after(5):
            await begun.wait()
    assert (await history(place, first["conversation_id"]))[0]["answer"] in {"", "One moment."}
    may_end.set()

    async def ended() -> bool:
        return (await history(place, first["conversation_id"]))[0]["answer"] == kept

    await until(ended)
    [message] = await history(place, first["conversation_id"])
    assert message["status"] == "normal"
    told = await place.door.get(f"/v1/workflow/{first['workflow_run_id']}/events", user="ann")
    assert [(one["event"], one["data"]["status"]) for one in told.events] == [("workflow_finished", "succeeded")]
    again = await place.door.streamed("and?", conversation_id=first["conversation_id"])
    assert said(again) == shown
