"""Real exports: all load but those of agents, which are refused with a reason and a line."""

from pathlib import Path

import pytest

from parlour.domain.app import ChatApp, ChatflowApp, CompletionApp, SimplePrompt, WorkflowApp
from parlour.dsl.findings import Refused
from parlour.dsl.load import load
from parlour.http.reading import report
from tests.dsl.dsl_samples import EASY_MODES, FILES, easy_files, flow_files, mode_of, needs_corpus, plain

EASY = easy_files()
FLOWS = flow_files()
OTHERS = [path for path in FILES if path not in EASY and path not in FLOWS]


@needs_corpus
def test_the_corpus_has_the_files_that_these_tests_are_about() -> None:
    assert len(EASY) >= 9
    assert len(FLOWS) >= 125
    assert len(OTHERS) >= 5


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


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem[:12])
def test_a_real_file_of_another_mode_is_refused_with_mode_and_line(path: Path) -> None:
    source = path.read_text()
    with pytest.raises(Refused) as caught:
        load(source, name=path.stem)
    refused = [finding for finding in caught.value.findings if finding.level == "refused"]
    mode = mode_of(path)
    assert mode not in EASY_MODES
    assert [finding.what for finding in refused] == [f"mode {mode}"]
    assert f"mode: {mode}" in source.splitlines()[refused[0].line - 1]
    assert "not served yet" in str(caught.value)
    assert report(source, path.stem) == caught.value.findings
