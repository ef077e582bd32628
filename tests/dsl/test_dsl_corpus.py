"""Real exports: all load; the tools that are not here are told by name and line."""

from pathlib import Path

import pytest

from parlour.domain.app import AgentApp, ChatApp, ChatflowApp, CompletionApp, SimplePrompt, WorkflowApp
from parlour.dsl.load import load
from parlour.http.reading import report, understood
from parlour.wiring import served_tools
from tests.dsl.dsl_samples import FILES, agent_files, easy_files, flow_files, needs_corpus, plain

EASY = easy_files()
FLOWS = flow_files()
AGENTS = agent_files()


@needs_corpus
def test_the_corpus_has_the_files_that_these_tests_are_about() -> None:
    assert len(EASY) >= 9
    assert len(FLOWS) >= 125
    assert len(AGENTS) >= 5
    assert len(FILES) == len(EASY) + len(FLOWS) + len(AGENTS)


@pytest.mark.parametrize("path", EASY, ids=lambda path: path.stem[:12])
def test_a_real_easy_app_loads_with_what_its_file_says(path: Path) -> None:
    source = path.read_text()
    loaded = load(source, name=path.stem)
    written = plain(path)
    config = written["model_config"]

    app = loaded.app
    assert isinstance(app, {"chat": ChatApp, "completion": CompletionApp}[written["app"]["mode"]])
    assert app.card.title == written["app"]["name"]
    assert (app.model.provider, app.model.name) == ("openai", config["model"]["name"])
    assert app.prompt == SimplePrompt(config["pre_prompt"])
    parameters = {key: value for key, value in config["model"]["completion_params"].items() if key != "stop"}
    assert app.model.parameters == parameters
    assert app.features.opening_statement == config["opening_statement"]
    assert app.features.suggested_questions == tuple(config["suggested_questions"])
    assert app.features.citations is config["retriever_resource"]["enabled"] is False
    assert app.features.files.enabled is False
    assert app.features.raw["file_upload"] == config["file_upload"]
    assert [{field.kind: field.raw} for field in app.form] == config["user_input_form"]
    assert {finding.level for finding in loaded.findings} == {"supported"}


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem[:12])
def test_a_real_flow_loads_with_what_its_file_says(path: Path) -> None:
    written = plain(path)
    workflow = written["workflow"]
    loaded = load(path.read_text(), name=path.stem)
    app = loaded.app
    assert isinstance(app, {"advanced-chat": ChatflowApp, "workflow": WorkflowApp}[written["app"]["mode"]])
    nodes = [node for node in workflow["graph"]["nodes"] if node["type"] != "custom-note"]
    if not any(finding.partial for finding in loaded.findings):
        assert [node.id for node in app.graph.nodes] == [str(node["id"]) for node in nodes]
        assert len(app.graph.edges) == len(workflow["graph"]["edges"])
    titles = [node["data"].get("title", "") for node in nodes if str(node["id"]) in loaded.nodes]
    assert set(titles) >= {node.title for node in app.graph.nodes}
    lines = path.read_text().splitlines()
    for node in app.graph.nodes:
        assert lines[loaded.line(node.id, "title") - 1].strip().startswith(("title:", "- data", "data", "- id"))
    start = next(node["data"] for node in nodes if "start" in (node["data"].get("type"), node["type"]))
    assert [field.variable for field in app.form] == [one["variable"] for one in start.get("variables", [])]
    assert app.features.opening_statement == (workflow["features"].get("opening_statement") or "")
    declared: list[dict[str, object]] = workflow.get("environment_variables", [])
    assert [one.name for one in app.environment] == [one["name"] for one in declared]


@pytest.mark.parametrize("path", AGENTS, ids=lambda path: path.stem[:12])
def test_a_real_agent_loads_with_its_tools_and_says_of_each_what_serves_it(path: Path) -> None:
    source = path.read_text()
    written = plain(path)["model_config"]["agent_mode"]
    loaded = load(source, name=path.stem)
    app = loaded.app
    assert isinstance(app, AgentApp)
    assert app.rounds == written["max_iteration"]
    tools = [tool for tool in written["tools"] if tool["enabled"]]
    assert [(use.provider, use.name) for use in app.tools] == [
        (one["provider_name"], one["tool_name"]) for one in tools
    ]
    lines = source.splitlines()
    assert all(lines[line - 1].lstrip().startswith("- ") for line in loaded.tool_lines)
    serves = served_tools()
    told = {finding.what: finding for finding in report(source, path.stem, serves)}
    for use, line in zip(app.tools, loaded.tool_lines, strict=True):
        found = told.get(f"tool {use.title} ({serves(use)})") or told[f"tool {use.title}"]
        assert (found.level, found.line) == ("supported" if serves(use) else "refused", line)
        assert found.partial == (found.level == "refused")
    assert understood(source, path.stem, partial=True, serves=serves) == app
