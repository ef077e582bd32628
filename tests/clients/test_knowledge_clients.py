"""Published clients of knowledge bases, installed from their registry, against a real server that compares words."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.process.conftest import serving

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "clients"
KEY = "dataset-of-a-published-client"
SETTINGS = f'[knowledge]\nkeys = ["{KEY}"]\nembedding = "default/words"\n'
LIBRARIES = {"dify_dataset_sdk": "dify-dataset-sdk==0.6.3", "dify_knowledge_sdk": "dify-knowledge-sdk==0.2.0"}
FILE = "# Owls\n\nOwls hunt at night.\n"


def installed(library: str) -> Path:
    """The folder that the client is installed in, with all that it needs: once, whoever comes first."""
    folder = CACHE / "knowledge" / library
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            given = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
            words = ["pip", "install", "-q", "--no-warn-conflicts", "--target", str(making), LIBRARIES[library]]
            subprocess.run(words, env=given, check=True)
            making.rename(folder)
    return folder


def drive(folder: Path, library: str) -> dict[str, Any]:
    """What the client has read of a server with one knowledge key."""
    file = folder / "owls.md"
    file.write_text(FILE)
    with serving(folder, None, SETTINGS) as served:
        given = os.environ | {"BASE_URL": served.address, "API_KEY": KEY, "PYTHONPATH": str(installed(library))}
        words = [sys.executable, str(HERE / "knowledge_base.py"), library, str(file)]
        done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@requirement("documents:text", "documents:file", "retrieve:found", "datasets:delete")
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("clients")
def test_the_dataset_client_creates_uploads_waits_retrieves_and_deletes(tmp_path: Path) -> None:
    found = drive(tmp_path, "dify_dataset_sdk")
    score = found.pop("score")
    assert 0 < score <= 1
    assert found == {
        "states": ["completed", "completed"],
        "best": "Staff get twenty days of leave a year.\n\nThe office is closed on Sundays.",
        "segments": 1,
        "more": "Owls hunt at night.",
        "field": "author",
        "names": ["leave.txt", "renamed"],
        "left": 1,
        "documents": 1,
        "datasets": 0,
    }


@requirement("documents:text", "documents:file", "documents:update", "datasets:delete")
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("clients")
def test_the_knowledge_client_creates_uploads_waits_changes_and_deletes(tmp_path: Path) -> None:
    assert drive(tmp_path, "dify_knowledge_sdk") == {
        "states": ["completed"] * 3,
        "segments": 1,
        "field": "author",
        "names": ["owl.txt", "owls.md"],
        "datasets": 0,
    }
