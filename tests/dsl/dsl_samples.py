"""Files of apps for the tests: made ones, and where the real ones are. Written for these tests, not exported."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from parlour.domain.app import AgentApp, App, ChatApp, CompletionApp, EasyApp
from parlour.dsl.findings import Finding, Refused
from parlour.dsl.load import load
from parlour.flow.nodes import NODES
from parlour.http.reading import report

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
FILES = sorted(path for path in CORPUS.rglob("*") if path.suffix in {".yml", ".yaml"})
EASY_MODES = {"chat", "completion"}
AGENT_MODES = {"agent-chat"}
FLOW_MODES = {"advanced-chat", "workflow"}
OLD_NAMES = {"variable-assigner": "variable-aggregator"}

needs_corpus = pytest.mark.skipif(not FILES, reason="the corpus of real files is not beside this checkout")


@cache
def plain(path: Path) -> dict[str, Any]:
    """A file as the library reads it, without anything of ours."""
    return yaml.load(path.read_text(), yaml.CSafeLoader)


def mode_of(path: Path) -> str:
    return plain(path)["app"]["mode"]


def easy_files() -> list[Path]:
    return [path for path in FILES if mode_of(path) in EASY_MODES]


def agent_files() -> list[Path]:
    return [path for path in FILES if mode_of(path) in AGENT_MODES]


def flow_files() -> list[Path]:
    return [path for path in FILES if mode_of(path) in FLOW_MODES]


def nodes_of(path: Path) -> list[dict[str, Any]]:
    return [node for node in plain(path)["workflow"]["graph"]["nodes"] if node["type"] != "custom-note"]


def not_served(path: Path) -> list[tuple[str, str]]:
    """The nodes that nobody runs, by their types or strategies, with their types: told from the file alone."""
    types = [(str(node["id"]), node["data"].get("type") or node["type"], node["data"]) for node in nodes_of(path)]
    return [
        (id_, type_)
        for id_, type_, data in types
        if OLD_NAMES.get(type_, type_) not in NODES
        or (type_ == "agent" and data["agent_strategy_name"] not in {"function_calling", "ReAct"})
    ]


def sample(mode: str = "chat", /, **config: Any) -> str:
    """A small app with these parts in its `model_config`; a part that is None is left out."""
    body: dict[str, object] = {
        "model": {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}},
        "pre_prompt": "Be brief.",
    }
    parts = {key: value for key, value in (body | config).items() if value is not None}
    document = {"app": {"mode": mode, "name": "Sample"}, "kind": "app", "model_config": parts, "version": "0.3.0"}
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def app(mode: str = "chat", /, **config: Any) -> EasyApp:
    return easy(load(sample(mode, **config), name="sample").app)


def easy(app: App) -> EasyApp:
    """An app of one prompt, as it has to be here."""
    assert isinstance(app, ChatApp | AgentApp | CompletionApp)
    return app


def findings(source: str, level: Literal["supported", "approximated", "refused"]) -> list[Finding]:
    return [finding for finding in report(source, "sample") if finding.level == level]


def refusals(source: str) -> str:
    """The text of the refusal, which there must be."""
    with pytest.raises(Refused) as caught:
        load(source, name="sample")
    return str(caught.value)


def line_of(source: str, beginning: str) -> int:
    """The first line that begins so, its indent and dash apart."""
    lines = source.splitlines()
    return next(at for at, line in enumerate(lines, 1) if line.lstrip(" -").startswith(beginning))
