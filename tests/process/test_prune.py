"""`parlour prune`, beside a running server and without one."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.process.conftest import command, serving, until
from tests.process.test_files import uploads

pytestmark = pytest.mark.slow


def prune(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = command("prune", *words, "--config", str(folder / "parlour.toml"), "--data", str(folder / "data"))
    return subprocess.run(done, capture_output=True, text=True, check=False)


def test_prune_counts_deletes_and_counts_again_beside_a_server(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        for number in range(3):
            assert served.call("POST", "/v1/chat-messages", {"query": f"{number}", "user": "u"})[0] == 200
        nothing = prune(tmp_path, "--older-than", "90d", "--dry-run")
        assert nothing.stdout.startswith("would delete 0 messages, 0 conversations")
        foretold = prune(tmp_path, "--older-than", "0.000001s", "--dry-run")
        assert foretold.stdout.startswith("would delete 3 messages, 3 conversations")
        assert len(served.call("GET", "/v1/conversations?user=u")[1]["data"]) == 3
        done = prune(tmp_path, "--older-than", "0.000001s")
        assert done.stdout.startswith("deleted 3 messages, 3 conversations"), done.stderr
        assert served.call("GET", "/v1/conversations?user=u")[1]["data"] == []
    assert prune(tmp_path, "--older-than", "0.000001s").stdout.startswith("deleted 0 messages")


def test_prune_needs_to_know_what_is_old(tmp_path: Path) -> None:
    (tmp_path / "parlour.toml").write_text("")
    silent = prune(tmp_path)
    assert silent.returncode == 1
    assert "--older-than 90d" in silent.stderr
    wrong = prune(tmp_path, "--older-than", "soon")
    assert wrong.returncode == 1
    assert "90d, 12h" in wrong.stderr


def test_prune_says_what_to_do_when_files_cannot_be_deleted(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        (kept,) = asyncio.run(uploads(served.address, 1, 3))
    files = tmp_path / "data" / "files"
    (files / kept["id"]).unlink()
    (files / kept["id"] / "in the way").mkdir(parents=True)  # a file cannot be deleted where a folder is
    failed = prune(tmp_path, "--older-than", "0.000001s")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert "storage.files" in failed.stderr
    assert "run it again" in failed.stderr
    shutil.rmtree(files / kept["id"])
    assert ", 1 files," in prune(tmp_path, "--older-than", "0.000001s").stdout, "what was left goes the next time"


def test_a_server_deletes_what_is_older_than_it_is_to_keep(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        _, sent = served.call("POST", "/v1/chat-messages", {"query": "hi", "user": "u"})
        assert len(served.call("GET", "/v1/conversations?user=u")[1]["data"]) == 1
        served.end()
    with serving(tmp_path, None, '[storage]\nkeep = "0.000001s"') as served:
        until(lambda: served.call("GET", "/v1/conversations?user=u")[1]["data"] == [])
        path = f"/v1/messages?user=u&conversation_id={sent['conversation_id']}"
        assert served.call("GET", path)[0] == 404
        until(lambda: "deleted what is old: 1 messages" in (tmp_path / "log").read_text())
