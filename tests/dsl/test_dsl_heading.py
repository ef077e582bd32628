"""The head of a file: versions of every age, kinds, modes, and who the app is."""

import uuid

import pytest

from parlour.domain.app import ChatApp, CompletionApp
from parlour.dsl.findings import Refused
from parlour.dsl.load import load
from tests.dsl.dsl_samples import app, findings, line_of, refusals, sample

OLDEST = """\
app:
  mode: chat
  name: Before versions
model_config:
  model:
    provider: openai
    name: gpt-3.5-turbo
    completion_params:
      max_tokens: 512
  pre_prompt: You are kind.
  user_input_form: []
"""


def versioned(version: str) -> str:
    return OLDEST + f"kind: app\nversion: {version}\n"


@pytest.mark.parametrize(
    "version",
    [
        "0.1.0",
        "0.1.1",
        "0.1.2",
        "0.1.3",
        "0.1.4",
        "0.1.5",
        "0.2.0",
        "0.3.0",
        "0.3.1",
        "0.4.0",
        "0.5.0",
        "0.6.0",
        "'0.3'",
        '"0.6"',
        "v0.3.0",
        "0.6.0-rc1",
        "0.1.0b2",
        "'0'",
    ],
)
def test_every_known_version_loads(version: str) -> None:
    loaded = load(versioned(version), name="a")
    assert isinstance(loaded.app, ChatApp)
    assert {finding.level for finding in loaded.findings} == {"supported"}


@pytest.mark.parametrize("source", [OLDEST, OLDEST + "version:\nkind:\n", OLDEST + "version: ''\nkind: ''\n"])
def test_a_file_from_before_versions_loads(source: str) -> None:
    loaded = load(source, name="a")
    assert loaded.app.model is not None
    assert loaded.app.model.parameters == {"max_tokens": 512}
    assert "version 0.1.0" in [finding.what for finding in loaded.findings]
    assert {finding.level for finding in loaded.findings} == {"supported"}


@pytest.mark.parametrize("version", ["0.6.1", "0.7.0", "1.0.0", "99.0.0"])
def test_a_newer_file_loads_with_a_warning(version: str) -> None:
    source = versioned(version)
    warned = findings(source, "approximated")
    assert [finding.line for finding in warned] == [13]
    assert "newer than this server knows" in warned[0].advice
    assert load(source, name="a").app


@pytest.mark.parametrize(("version", "cure"), [("0.3", '"0.3"'), ("0.10", '"0.10"'), ("1", '"1"')])
def test_a_version_that_yaml_takes_for_a_number_is_refused_with_the_cure(version: str, cure: str) -> None:
    assert refusals(versioned(version)) == f"line 13: version: must be text: write `version: {cure}`, with the quotes"


@pytest.mark.parametrize("version", ["latest", "2024-01-01", "0..1", "'0.1.0 beta'", "0.1.x.y z", "१.२.३", '"1\\n2"'])
def test_what_is_no_version_is_refused(version: str) -> None:
    assert refusals(versioned(version)).startswith("line 13: version ")


@pytest.mark.parametrize("version", ["{a: 1}", "[1]", "true"])
def test_a_version_of_another_shape_is_refused(version: str) -> None:
    assert refusals(versioned(version)).startswith("line 13: version: must be text")


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("rag-pipeline", "knowledge pipelines are not served"),
        ("rag_pipeline", "knowledge pipelines are not served"),
        ("チャット", "is no mode of an app (chat, agent-chat, agent, completion, advanced-chat, workflow"),
        ("Chat", "is no mode"),
    ],
)
def test_a_mode_that_is_not_served_is_refused_by_name_and_line(mode: str, says: str) -> None:
    text = refusals(sample(mode))
    assert text.startswith(f"line 2: mode {mode}: ")
    assert says in text


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("kind: app\n", "line 1: app: is missing"),
        ("kind: app\napp: chat\n", "line 2: app: is missing"),
        ("app: {name: x}\n", "line 1: app.mode: is missing"),
        ("app:\n  name: x\n  mode: ~\n", "line 3: app.mode: is missing"),
        ("app:\n  mode: [chat]\n", "line 2: app.mode: must be text"),
        ("kind: x\napp: {mode: chat}\n", "line 1: model_config: is missing"),
        ("app: {mode: completion}\nmodel_config: []\n", "line 2: model_config: is missing"),
        ("kind: rag_pipeline\nversion: 0.1.0\n", "line 1: kind rag_pipeline: knowledge pipelines are not served"),
    ],
)
def test_what_makes_no_app_is_refused_with_what_is_missing(source: str, says: str) -> None:
    assert says in refusals(source)


def test_every_reason_is_told_at_once_and_by_line() -> None:
    source = sample(pre_prompt=["no text"], user_input_form="none", model={"name": "gpt"}, opening_statement=True)
    lines = refusals(source).splitlines()
    assert len(lines) == 4
    numbers = [int(line.split()[1].rstrip(":")) for line in lines]
    assert numbers == sorted(numbers)
    assert numbers[1] == line_of(source, "pre_prompt")


def test_another_kind_is_read_as_an_app_and_said_so() -> None:
    source = sample().replace("kind: app", "kind: application")
    assert [finding.what for finding in findings(source, "approximated")] == ["kind application"]


def test_the_card_says_who_the_app_is() -> None:
    source = OLDEST.replace("  name: Before versions\n", "").replace(
        "app:\n",
        "app:\n  name: 日本語のアプリ\n  description: 説明\n  icon: 🤖\n  icon_background: '#FFEAD5'\n"
        "  icon_type: image\n  use_icon_as_answer_icon: true\n",
    )
    card = load(source, name="support").app.card
    assert (card.name, card.title, card.description) == ("support", "日本語のアプリ", "説明")
    assert (card.icon, card.icon_type, card.icon_background) == ("🤖", "image", "#FFEAD5")


def test_an_app_without_a_name_is_called_by_its_short_one() -> None:
    card = load(OLDEST.replace("  name: Before versions\n", ""), name="support").app.card
    assert (card.title, card.icon_type) == ("support", "emoji")


def test_the_id_follows_the_name_and_the_version_follows_the_content() -> None:
    first, again = (load(OLDEST, name="a").app.card for _ in range(2))
    other, changed = load(OLDEST, name="b").app.card, load(OLDEST + "\n", name="a").app.card
    assert first == again
    assert (other.id == first.id, other.version == first.version) == (False, True)
    assert (changed.id == first.id, changed.version == first.version) == (True, False)
    assert {uuid.UUID(value).version for value in (first.id, first.version)} == {5}
    # written down, because a change of the namespace would orphan every stored conversation
    assert first.id == "8f0d9040-a35b-5e68-9c83-24754f95f9ff"


def test_a_name_that_is_no_utf8_still_has_an_id() -> None:
    assert uuid.UUID(load(OLDEST, name="caf\udce9").app.card.id)


def test_both_modes_give_their_own_app() -> None:
    assert isinstance(app("chat"), ChatApp)
    assert isinstance(app("completion"), CompletionApp)


def test_a_refusal_stays_one_readable_line_whatever_it_quotes() -> None:
    source = sample().replace("mode: chat\n  name", f'mode: "x{"y" * 500}\\nline 9: z"\n  name', 1)
    assert len(refusals(source).splitlines()) == 1
    with pytest.raises(Refused) as caught:
        load(source, name="a")
    assert all(len(finding.what) < 200 for finding in caught.value.findings)
