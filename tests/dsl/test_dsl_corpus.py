"""Real exports: every chat and completion app loads, every other file is refused with a reason and a line."""

from pathlib import Path

import pytest

from parlour.domain.app import ChatApp, CompletionApp, SimplePrompt
from parlour.dsl.check import report
from parlour.dsl.findings import Refused
from parlour.dsl.load import load
from tests.dsl.dsl_samples import EASY_MODES, FILES, easy_files, mode_of, needs_corpus, plain

EASY = easy_files()
OTHERS = [path for path in FILES if path not in EASY]


@needs_corpus
def test_the_corpus_has_the_files_that_these_tests_are_about() -> None:
    assert len(EASY) >= 9
    assert len(OTHERS) >= 100


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
