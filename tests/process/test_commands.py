"""The commands beside `serve`: what they print, and how they end."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.dsl.graph_samples import chain, graph_file, node
from tests.process.conftest import APP, command

pytestmark = pytest.mark.slow

LOOK = node("look", "tool", provider_name="tavily", tool_name="search")
FLOW = graph_file("workflow", [node("start", "start"), LOOK, node("end", "end")], chain("start", "look", "end"))
"""A flow with a tool that nobody serves."""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, cwd=folder, timeout=30, check=False)


def test_check_passes_a_chat_app_and_names_each_part_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "good.yml").write_text(APP)
    done = run(tmp_path, "check", "good.yml")
    assert done.returncode == 0
    *lines, last = done.stdout.splitlines()
    assert all(re.match(r".*good\.yml:\d+: (supported|approximated): ", line) for line in lines)
    assert re.match(rf".*good\.yml: {len(lines)} supported: it is served$", last)
    assert "supported" in done.stdout


def test_check_of_a_folder_ends_with_1_if_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "good.yml").write_text(APP)
    (tmp_path / "bad.yml").write_text(APP.replace("mode: chat\n  name: Test", "mode: channel\n  name: Test"))
    done = run(tmp_path, "check", ".")
    assert done.returncode == 1
    assert re.search(r"bad\.yml:2: refused: ", done.stdout)


def test_check_of_a_flow_names_each_node_and_forgives_those_that_do_not_run_if_asked_to(tmp_path: Path) -> None:
    (tmp_path / "flow.yml").write_text(FLOW)
    done = run(tmp_path, "check", "flow.yml")
    assert done.returncode == 1
    line = FLOW.splitlines().index("        tool_name: search") + 1
    assert f"flow.yml:{line}: refused: tool `Look` (tavily/search): tool tavily/search — is not here: " in done.stdout
    assert f"flow.yml:{FLOW.splitlines().index('    - id: start') + 1}: supported: start `Start`" in done.stdout
    assert done.stdout.endswith(
        "flow.yml: 4 supported, 1 refused: it is served in part, if you allow it (--allow-partial)\n"
    )
    assert run(tmp_path, "check", "flow.yml", "--allow-partial").returncode == 0
    (tmp_path / "flow.yml").write_text("no: app")
    assert run(tmp_path, "check", "flow.yml", "--allow-partial").returncode == 1


def test_a_flow_that_runs_in_part_is_published_if_asked_to(tmp_path: Path) -> None:
    (tmp_path / "flow.yml").write_text(FLOW)
    done = run(tmp_path, "apps", "publish", "flow.yml")
    assert done.returncode != 0
    assert "tool `Look`" in done.stderr
    assert "--allow-partial" in done.stderr
    assert run(tmp_path, "apps", "list").stdout.splitlines()[1:] == []
    assert run(tmp_path, "apps", "publish", "flow.yml", "--allow-partial").returncode == 0


def test_published_versions_are_listed_newest_first_and_drafts_are_marked(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text(APP)
    first = run(tmp_path, "apps", "publish", "mine.yml").stdout.strip()
    (tmp_path / "mine.yml").write_text(APP.replace("brief", "long"))
    draft = run(tmp_path, "apps", "publish", "mine.yml", "--draft").stdout.strip()
    assert first in run(tmp_path, "apps", "list").stdout
    versions = run(tmp_path, "apps", "versions", "mine").stdout.splitlines()[1:]
    assert [line.split()[0] for line in versions] == [draft, first]
    assert versions[0].endswith("draft")


def test_a_key_for_an_app_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    done = run(tmp_path, "keys", "create", "nobody")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "nobody" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_key_is_printed_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text(APP)
    run(tmp_path, "apps", "publish", "mine.yml")
    assert re.fullmatch(r"app-\w{24}\n", run(tmp_path, "keys", "create", "mine").stdout)
    tenant = ("--tenant", "acme")
    assert re.fullmatch(r"dataset-\w{24}\n", run(tmp_path, "keys", "create", "--knowledge", *tenant).stdout)
    assert "knowledge acme" in run(tmp_path, "keys", "list").stdout


def test_what_is_not_an_app_is_not_published(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("no: app")
    done = run(tmp_path, "apps", "publish", "bad.yml")
    assert done.returncode != 0
    assert "bad.yml" in done.stderr
    assert "Traceback" not in done.stderr
