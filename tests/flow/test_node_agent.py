"""The node `agent` (dsl.md 6.19, 8.5): what its model is asked, what it may use, what it logs, and how it ends."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from parlour.domain.app import ChatflowApp
from parlour.domain.events import AgentLog, NodeStarted
from parlour.domain.problems import Problem
from parlour.domain.turn import Exchange
from parlour.flow.node import NodeFailed
from parlour.flow.nodes import agent
from parlour.modes.graphs import faults
from parlour.ports.models import Call
from parlour.ports.tools import Caller, Outcome
from parlour.tools.shelf import Place, Told
from parlour.tools.toolbox import Toolbox
from tests.flow.flow_samples import Played, chatflow, graph, node, play, ports_for
from tests.flow.model_samples import Listening
from tests.houses import scripted
from tests.trial_tools import REACH, TRIAL

pytestmark = pytest.mark.anyio

MODEL = {"provider": "openai", "model": "gpt-4o-mini", "mode": "chat", "completion_params": {"temperature": 0.2}}


def constant(value: object) -> dict[str, object]:
    return {"type": "constant", "value": value}


def chosen(name: str, provider: str = "trial", **more: object) -> dict[str, object]:
    return {"enabled": True, "type": "builtin", "provider_name": provider, "tool_name": name, **more}


def agent_of(*tools: dict[str, object], **more: Any) -> ChatflowApp:
    """start → an agent with these tools → its text; members that are no parameters go into its data."""
    names = {"agent_strategy_name", "agent_strategy_provider_name", "memory", "error_strategy", "default_value"}
    data = {"agent_strategy_name": "function_calling", "agent_strategy_provider_name": "langgenius/agent/agent"}
    data |= {name: more.pop(name) for name in names & more.keys()}
    given = {"model": MODEL, "instruction": "You help.", "query": "{{#sys.query#}}", "tools": list(tools), **more}
    parameters = {name: said if named(said) else constant(said) for name, said in given.items()}
    nodes = [node("start", "start"), node("a", "agent", **data, agent_parameters=parameters)]
    return chatflow(graph([*nodes, node("say", "answer", answer="{{#a.text#}}")], "start a", "a say"))


def named(said: object) -> bool:
    return isinstance(said, dict) and said.keys() == {"type", "value"}


def calls(*asked: tuple[str, dict[str, object]], say: str = "") -> dict[str, Any]:
    """A rule that asks for tools, once."""
    said = [{"name": name, "arguments": arguments} for name, arguments in asked]
    return {"once": True, "say": [say] if say else [], "tool_calls": said}


class Went(Struct):
    played: Played
    asked: list[Call]

    @property
    def outputs(self) -> Mapping[str, Any]:
        return self.played.outcomes["a"].outputs or {}

    @property
    def log(self) -> list[AgentLog]:
        return [item for item in self.played.said if isinstance(item, AgentLog)]

    def lines(self, number: int = -1) -> list[str]:
        return [f"{line.role}: {line.text}" for line in self.asked[number].lines]


async def go(app: ChatflowApp, *script: dict[str, Any], native: bool = True, **more: Any) -> Went:
    model = Listening(scripted({"rules": list(script), "tools": native}))
    box = Toolbox({"trial": TRIAL}, REACH, more.pop("places", {}))
    async with ports_for(model, tools=box) as ports:
        return Went(await play(app, "What?", ports=ports, **more), model.calls)


class TestAsking:
    async def test_the_model_is_asked_the_query_and_answers_on_text(self) -> None:
        went = await go(agent_of(), {"say": ["Hel", "lo."]})
        assert went.lines() == ["system: You help.", "user: What?"]
        assert went.asked[0].model.parameters == {"temperature": 0.2}
        assert went.played.text == went.outputs["text"] == "Hello."
        inputs: dict[str, object] = {"instruction": "You help.", "query": "What?", "maximum_iterations": 5, "tools": []}
        assert went.played.outcomes["a"].inputs == inputs | {"model": {"provider": "openai", "name": "gpt-4o-mini"}}

    async def test_a_parameter_may_be_a_variable(self) -> None:
        query = {"type": "variable", "value": ["sys", "query"]}
        assert (await go(agent_of(query=query, instruction=""), {"say": ["x"]})).lines() == ["user: What?"]

    async def test_a_variable_that_is_not_there_fails_the_node(self) -> None:
        query = {"type": "variable", "value": ["start", "gone"]}
        with pytest.raises(NodeFailed, match=r"A: Variable start\.gone not found") as caught:
            await go(agent_of(query=query))
        assert caught.value.kind == "AgentVariableNotFoundError"

    async def test_without_a_model_it_fails(self) -> None:
        with pytest.raises(NodeFailed, match="A: No model is chosen"):
            await go(agent_of(model={}))

    async def test_with_a_memory_it_is_shown_what_was_said_before(self) -> None:
        history = (Exchange("one", "1"), Exchange("two", "2"), Exchange("three", "3"))
        window = {"window": {"enabled": True, "size": 3}}
        went = await go(agent_of(memory=window), {"say": ["x"]}, history=history)
        past = ["user: two", "assistant: 2", "user: three", "assistant: 3"]
        assert went.lines() == ["system: You help.", *past, "user: What?"]
        assert len((await go(agent_of(), {"say": ["x"]}, history=history)).lines()) == 2

    async def test_what_was_looked_up_is_part_of_the_instruction(self) -> None:
        found = [{"content": "Owls see.", "metadata": {"_source": "knowledge", "document_id": "d"}}]
        went = await go(agent_of(context=found), {"say": ["x"]})
        assert "Owls see." in went.lines()[0]
        assert [one.document_id for one in went.played.course.citations] == ["d"]


class TestTools:
    async def test_they_are_used_step_after_step_until_it_answers(self) -> None:
        script = (calls(("say", {"word": "a"}), say="First."), calls(("say", {"word": "b"})), {"say": ["Done."]})
        went = await go(agent_of(chosen("say")), *script)
        assert went.lines()[2:] == ["assistant: First.", "tool: a .", "assistant: ", "tool: b ."]
        assert went.outputs["text"] == went.played.text == "First.\nDone."
        assert (went.outputs["files"], went.outputs["json"][-1]) == ([], {"data": []})

    async def test_what_its_author_has_fixed_is_hidden_from_the_model_and_holds(self) -> None:
        fixed = {"word": {"auto": 0, "value": {"type": "variable", "value": ["sys", "query"]}}}
        went = await go(agent_of(chosen("say", parameters=fixed)), calls(("say", {"word": "mine"})), {"say": ["x"]})
        [tool] = went.asked[0].tools
        assert (tool.parameters["properties"], tool.parameters["required"]) == ({}, [])
        assert went.lines()[-1] == "tool: What? ."

    async def test_what_is_only_set_the_model_may_say_otherwise(self) -> None:
        for parameters, settings in (({"word": "set"}, None), ({}, {"word": {"value": "set"}})):
            tool = chosen("say", parameters=parameters, settings=settings)
            script = (calls(("say", {"word": "own"})), calls(("say", {})), {"say": ["x"]})
            went = await go(agent_of(tool), *script)
            assert [line for line in went.lines() if line.startswith("tool")] == ["tool: own .", "tool: set ."]

    async def test_its_authors_words_for_a_tool_are_told_to_the_model(self) -> None:
        went = await go(agent_of(chosen("say", extra={"description": "Shouts."})), {"say": ["x"]})
        assert [tool.description for tool in went.asked[0].tools] == ["Shouts."]

    async def test_one_that_is_not_enabled_or_not_here_is_none(self) -> None:
        tools = (chosen("say") | {"enabled": False}, chosen("gone"), chosen("fail"))
        went = await go(agent_of(*tools), {"say": ["x"]})
        assert [tool.name for tool in went.asked[0].tools] == ["fail"]

    async def test_the_round_after_the_last_one_has_no_tools(self) -> None:
        script = (calls(("say", {"word": "a"})), {"say": ["Done."]})
        went = await go(agent_of(chosen("say"), maximum_iterations=1), *script)
        assert [len(call.tools) for call in went.asked] == [1, 0]
        with pytest.raises(Problem, match="in 1 rounds"):
            await go(agent_of(chosen("say"), maximum_iterations=1), *script[:1], calls(("say", {"word": "b"})))

    async def test_a_strategy_that_brings_servers_has_all_tools_of_the_one_that_its_operator_names(self) -> None:
        class Server(Struct):
            async def tools(self) -> Mapping[str, Told]:
                return {"north": Told("North.", {}), "south": Told("South.", {})}

            async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
                return Outcome(f"{name} of {caller.user}, given {len(arguments)}")

            async def aclose(self) -> None: ...

        app = agent_of(agent_strategy_provider_name="hjlarry/agent/mcp_agent", mcp_server="https://mcp.example/sse")
        places = {"mcp_agent": Place(Server(), "a server")}
        went = await go(app, calls(("south", {})), {"say": ["x"]}, places=places)
        assert [tool.name for tool in went.asked[0].tools] == ["north", "south"]
        assert went.lines()[-1] == "tool: south of user, given 0"


FINAL = 'Thought: I know.\nAction:\n```json\n{"action": "Final Answer", "action_input": "42"}\n```'
SAY = 'Thought: Ask.\nAction:\n```json\n{"action": "say", "action_input": {"word": "a"}}\n```'


class TestReAct:
    @pytest.mark.parametrize("app", [{"agent_strategy_name": "ReAct"}, {"agent_strategy_name": "mcp_sse_ReAct"}, {}])
    async def test_it_asks_in_plain_text_and_only_its_answer_is_said(self, app: dict[str, Any]) -> None:
        script = ({"once": True, "say": [SAY]}, {"say": [FINAL]})
        went = await go(agent_of(chosen("say"), **app), *script, native="agent_strategy_name" in app)
        assert went.asked[0].tools == ()
        assert "Observation: a ." in went.lines()[-2]
        assert went.outputs["text"] == went.played.text == "42"

    async def test_what_is_no_final_action_is_said_as_it_is(self) -> None:
        went = await go(agent_of(chosen("say"), agent_strategy_name="ReAct"), {"say": ["Just ", "so."]})
        assert went.outputs["text"] == "Just so."


class TestLog:
    async def test_each_round_has_the_models_turn_and_its_tools_within_it(self) -> None:
        script = (calls(("say", {"word": "a"}), ("fail", {})), {"say": ["Done."]})
        went = await go(agent_of(chosen("say"), chosen("fail")), *script)
        last = {line.id: line for line in went.log}
        names = {line.id: line.label for line in last.values()}
        assert [(line.label, names.get(line.parent_id or ""), line.status) for line in last.values()] == [
            ("ROUND 1", None, "success"),
            ("gpt-4o-mini Thought", "ROUND 1", "success"),
            ("CALL say", "ROUND 1", "success"),
            ("CALL fail", "ROUND 1", "error"),
            ("ROUND 2", None, "success"),
            ("gpt-4o-mini Thought", "ROUND 2", "success"),
        ]
        first = {line.id: line for line in reversed(went.log)}
        assert {line.status for line in first.values()} == {"start"}
        assert len(went.log) == 2 * len(last)
        called = next(line for line in last.values() if line.label == "CALL fail")
        assert (called.error, called.node_id) == ("the tool failed: no luck today", "a")

    async def test_it_is_in_the_nodes_json_and_metadata_as_it_ended(self) -> None:
        went = await go(agent_of(chosen("say")), calls(("say", {"word": "a"})), {"say": ["Done."]})
        metadata = went.played.outcomes["a"].execution_metadata or {}
        assert metadata["agent_log"] == went.outputs["json"][:-1]
        assert [one["label"] for one in went.outputs["json"][:3]] == ["ROUND 1", "gpt-4o-mini Thought", "CALL say"]
        assert metadata["total_tokens"] == went.outputs["usage"]["total_tokens"] > 0

    async def test_where_the_model_fails_what_is_open_ends_with_the_reason(self) -> None:
        app = agent_of(error_strategy="default-value", default_value=[{"key": "text", "type": "string", "value": "-"}])
        went = await go(app, {"say": ["Par"], "error": {"message": "too many", "after": 1}})
        assert [(line.label, line.error) for line in went.log[-2:]] == [
            ("gpt-4o-mini Thought", "too many"),
            ("ROUND 1", "too many"),
        ]
        assert went.played.text.endswith("-")

    async def test_the_start_of_the_node_names_its_strategy(self) -> None:
        went = await go(agent_of(), {"say": ["x"]})
        started = [one.agent_strategy for one in went.played.said if isinstance(one, NodeStarted)]
        assert started == [None, {"name": "function_calling", "icon": None}, None]


class TestChecking:
    @pytest.mark.parametrize(
        ("app", "told"),
        [
            (agent_of(agent_strategy_name="TOD"), "strategy `TOD` of langgenius/agent/agent: is not served"),
            (agent_of(agent_strategy_name=""), ": names no strategy"),
            (agent_of(tools=constant([3])), "tools: Expected `object`"),
            (agent_of(chosen("")), "a tool: has no provider_name or no tool_name"),
        ],
    )
    def test_what_cannot_run_is_refused_with_the_reason(self, app: ChatflowApp, told: str) -> None:
        [fault] = [one for one in faults(app) if one.level == "refused"]
        assert f"{fault.what}: {fault.advice}".startswith(told)

    def test_it_tells_which_tools_it_uses_and_where_they_stand(self) -> None:
        app = agent_of(chosen("say") | {"enabled": False}, chosen("fail"), mcp_server="https://mcp.example/sse")
        node_ = next(one for one in app.graph.nodes if one.type == "agent")
        used = list(agent.uses(msgspec.convert(node_.data, agent.Config, strict=False)))
        assert [one.use.title for one in used] == ["trial/fail", "agent/*"]
        assert used[0].keys == ("agent_parameters", "tools", "value", 1, "tool_name")
        assert not any(one.needed for one in used)
