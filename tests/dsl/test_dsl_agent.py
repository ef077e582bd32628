"""What makes an agent of an app: its mode or its strategy, its tools, and how often it may use them."""

from typing import Any

import pytest

from parlour.domain.app import AgentApp, ChatApp, CompletionApp, ToolUse
from parlour.http.reading import report
from tests.dsl.dsl_samples import app, findings, line_of, refusals, sample

TOOL: dict[str, Any] = {
    "enabled": True,
    "provider_id": "time",
    "provider_type": "builtin",
    "tool_name": "now",
    "tool_parameters": {},
}


def agent_of(mode: str = "agent-chat", /, **agent: Any) -> AgentApp:
    found = app(mode, agent_mode=agent)
    assert isinstance(found, AgentApp)
    return found


def test_a_tool_is_named_by_its_provider_and_keeps_what_its_author_set() -> None:
    written = TOOL | {
        "provider_id": "0d9a",
        "provider_name": "langgenius/tavily/tavily",
        "provider_type": "api",
        "tool_label": "Suche",
        "tool_parameters": {"depth": 3, "query": "", "site": None, "raw": False},
    }
    assert agent_of(tools=[written, TOOL]).tools == (
        ToolUse("tavily", "now", "api", "Suche", {"depth": 3, "raw": False}, provider_id="0d9a"),
        ToolUse("time", "now"),
    )


@pytest.mark.parametrize("strategy", ["function_call", "react", "cot", "router", "", None])
def test_an_agent_is_one_by_its_mode_whatever_its_strategy_says(strategy: str | None) -> None:
    for enabled in (True, False, None):
        assert agent_of(enabled=enabled, strategy=strategy, tools=[TOOL]).tools
    assert isinstance(app("agent-chat"), AgentApp)


def test_a_new_agent_is_read_as_an_agent_and_that_is_said() -> None:
    found = agent_of("agent", tools=[TOOL], max_iteration=3)
    assert (found.mode, found.rounds, found.tools) == ("agent", 3, agent_of(tools=[TOOL]).tools)
    assert "read as an agent-chat's" in str(findings(sample("agent"), "approximated"))


@pytest.mark.parametrize("strategy", ["function_call", "react", "cot"])
def test_a_chat_app_with_an_agents_strategy_is_an_agent(strategy: str) -> None:
    agent: dict[str, Any] = {"enabled": True, "strategy": strategy, "tools": [TOOL]}
    assert agent_of("chat", **agent).mode == "agent-chat"
    assert agent_of("chat", **agent | {"tools": []}).tools == ()
    assert isinstance(app("completion", agent_mode=agent), CompletionApp)


@pytest.mark.parametrize(
    "agent",
    [
        {"enabled": False, "strategy": "function_call", "tools": [TOOL], "max_iteration": 5},
        {"enabled": True, "tools": []},
        {"enabled": True},
        {"enabled": True, "strategy": "router", "tools": []},
        {"enabled": None, "strategy": "react", "tools": [TOOL]},
        {},
        None,
    ],
)
def test_an_agent_mode_that_makes_no_agent_is_a_plain_chat(agent: object) -> None:
    source = sample(agent_mode=agent)
    assert isinstance(app(agent_mode=agent), ChatApp)
    assert not findings(source, "approximated")
    assert not findings(source, "refused")


def test_a_chat_that_routes_to_datasets_says_that_its_tools_are_not_used() -> None:
    source = sample(agent_mode={"enabled": True, "strategy": "router", "tools": [TOOL]})
    assert "no agent strategy" in findings(source, "approximated")[0].advice


def test_tools_that_are_off_or_of_an_older_shape_are_left_out_and_the_latter_told_of() -> None:
    tools = [TOOL | {"enabled": False}, {"google_search": {"enabled": True}}, {"enabled": True, "tool_name": "now"}]
    assert agent_of(tools=tools).tools == ()
    found = findings(sample("agent-chat", agent_mode={"tools": tools}), "approximated")
    assert [finding.what for finding in found] == ["tool google_search", "tool enabled, tool_name"]


@pytest.mark.parametrize(("written", "rounds"), [(None, 10), (5, 5), (99, 99), (100, 99), (0, 1), (-3, 1), ("7", 7)])
def test_an_agent_may_use_its_tools_so_often(written: object, rounds: int) -> None:
    assert agent_of(max_iteration=written).rounds == rounds
    told = findings(sample("agent-chat", agent_mode={"max_iteration": written}), "approximated")
    assert bool(told) == (written in (100, 0, -3))


def test_an_agent_may_bring_its_own_instruction_for_tools_in_plain_text() -> None:
    assert agent_of(prompt={"first_prompt": "{{instruction}} {{tools}}"}).scaffold == "{{instruction}} {{tools}}"
    assert agent_of(prompt=None).scaffold == ""


@pytest.mark.parametrize(
    ("tools", "says"),
    [
        ([TOOL | {"tool_name": ""}], "tool_name: is missing"),
        (["now"], "agent_mode.tools.1: must be a mapping"),
        ([TOOL | {"tool_parameters": "x"}], "tool_parameters: must be a mapping"),
    ],
)
def test_a_tool_that_is_not_understood_is_refused(tools: object, says: str) -> None:
    assert says in refusals(sample("agent-chat", agent_mode={"tools": tools}))


def test_a_tool_that_is_not_here_is_refused_by_name_with_its_line_and_the_cure() -> None:
    source = sample("agent-chat", agent_mode={"tools": [TOOL, TOOL | {"tool_name": "later"}]})

    def serves(use: ToolUse) -> str:
        return "built in" if use.name == "now" else ""

    told = {finding.what: finding for finding in report(source, "sample", serves)}
    assert told["tool time/now (built in)"].level == "supported"
    refused = told["tool time/later"]
    assert (refused.level, refused.partial) == ("refused", True)
    assert "`enabled` to false" in refused.advice
    lines = source.splitlines()
    assert "later" in "\n".join(lines[refused.line - 1 : refused.line + 5])
    assert told["tool time/now (built in)"].line == line_of(source, "tools") + 1
