"""A server that starts alone with an older file than what was published since: it takes nobody back."""

import subprocess
from pathlib import Path

import pytest

from tests.process.conftest import APP, Served, command, serving, until

pytestmark = pytest.mark.slow


def greeting(text: str) -> str:
    return APP.replace("  pre_prompt", f"  opening_statement: {text}\n  pre_prompt")


def greets(served: Served) -> str:
    return served.call("GET", "/v1/parameters?user=u")[1]["opening_statement"]


def publish(folder: Path, file: str) -> None:
    words = ("apps", "publish", str(folder / file), "--config", str(folder / "parlour.toml"))
    subprocess.run(command(*words, "--data", str(folder / "data")), check=True, capture_output=True)


def test_a_cold_start_with_an_older_file_serves_what_was_published_since(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(greeting("First."))
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "test.yml").write_text(greeting("Second."))
    with serving(tmp_path) as served:
        assert greets(served) == "First."
        publish(tmp_path, "new/test.yml")
        until(lambda: greets(served) == "Second.")
        assert served.end() == 0
    with serving(tmp_path) as served:
        assert greets(served) == "Second."
        publish(tmp_path, "test.yml")
        until(lambda: greets(served) == "First.")
        assert served.end() == 0
    (tmp_path / "test.yml").write_text(greeting("Third."))
    with serving(tmp_path) as served:
        assert greets(served) == "Third.", "a file that nobody has published yet is newer than all"
    said = (tmp_path / "log").read_text()
    assert said.count("its file is older than what was published since") == 1
    assert "parlour apps publish" in said
