"""`parlour runs show`: how a run went, node by node, also once its server is gone."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.contract.flow_samples import workflow_file
from tests.process.conftest import command, serving, until

pytestmark = pytest.mark.slow

RECORDING = '[storage]\nrecord = "full"'


def show(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = command("runs", "show", *words, "--config", str(folder / "parlour.toml"), "--data", str(folder / "data"))
    return subprocess.run(done, capture_output=True, text=True, timeout=30, check=False)


def test_a_run_is_shown_node_by_node_beside_its_server_and_without_it(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(workflow_file())
    script = {"rules": [{"say": ["It is {query}."], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}]}
    with serving(tmp_path, script, RECORDING) as served:
        asked = {"inputs": {"word": "noon"}, "user": "ann"}
        run_id = served.call("POST", "/v1/workflows/run", asked)[1]["workflow_run_id"]
        until(lambda: "Ask" in show(tmp_path, run_id).stdout)
        assert served.end() == 0
    told = show(tmp_path, run_id)
    first, second, empty, head, *rows = told.stdout.splitlines()
    assert first.startswith(f"{run_id}  succeeded  began ")
    assert "12 tokens  3 steps" in second
    assert empty == ""
    assert head.split() == ["NODE", "TYPE", "STATUS", "SECONDS", "TOKENS", "ERROR"]
    assert [row.split()[:3] for row in rows] == [
        ["Start", "start", "succeeded"],
        ["Ask", "llm", "succeeded"],
        ["End", "end", "succeeded"],
    ]
    whole = json.loads(show(tmp_path, run_id, "--json").stdout)
    assert whole["run"]["inputs"] == {"word": "noon"}
    assert whole["nodes"][1]["outputs"]["text"] == "It is noon."


def test_a_run_that_is_not_there_is_said_to_be_gone(tmp_path: Path) -> None:
    (tmp_path / "parlour.toml").write_text("")
    told = show(tmp_path, "r1")
    assert told.returncode == 1
    assert "there is no run 'r1'" in told.stderr
