"""Published clients, installed from their registries, against a real server with the scripted model."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.process.conftest import KEY, serving

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "clients"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Whom this machine trusts; npm does not look there by itself."""
SCRIPT = {
    "rules": [
        {"purpose": "title", "say": ["Ada"]},
        {"match": "Who am I", "say": ["You said: ", "{prompt}"]},
        {"say": ["Hello, ", "Ada."]},
    ]
}


@pytest.fixture(scope="module")
def python_client() -> Path:
    """The folder that PyPI's client is installed in."""
    folder = CACHE / "py" / "dify-client-0.1.10"
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        words = ("-m", "pip", "install", "--quiet", "--target", str(making), "dify-client==0.1.10")
        subprocess.run([sys.executable, *words], check=True)
        making.rename(folder)
    return folder


@pytest.fixture(scope="module")
def node_client() -> Path:
    """The entry of npm's client."""
    folder = CACHE / "js" / "dify-client-2.3.2"
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        (making / "package.json").write_text('{"private": true}')
        words = ("install", "--silent", "--no-audit", "--no-fund", "--prefix", str(making), "dify-client@2.3.2")
        trusted = {"NODE_EXTRA_CA_CERTS": str(AUTHORITIES)} if AUTHORITIES.exists() else {}
        subprocess.run([required("npm"), *words], check=True, cwd=making, env=trusted | os.environ)
        making.rename(folder)
    return folder / "node_modules" / "dify-client" / "index.js"


def required(program: str) -> str:
    path = shutil.which(program)
    assert path, f"{program} is not on this machine: the tests of published clients need Node 20 and its npm"
    return path


def hold_two_turns(folder: Path, words: list[str], environment: dict[str, str]) -> None:
    with serving(folder, SCRIPT) as served:
        given = os.environ | environment | {"BASE_URL": f"{served.address}/v1", "API_KEY": KEY}
        done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
    conversation = found["conversations"][0]
    assert set(found["conversations"]) == {conversation}
    assert found["listed"] == [conversation]
    assert found["last"] == "message_end"
    assert found["stored"] == ["Hello, Ada.", found["text"]]
    assert "user: My name is Ada.\nassistant: Hello, Ada.\nuser: Who am I?" in found["text"]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("clients")
def test_the_python_client_holds_a_two_turn_conversation(tmp_path: Path, python_client: Path) -> None:
    hold_two_turns(tmp_path, [sys.executable, str(HERE / "two_turns.py")], {"PYTHONPATH": str(python_client)})


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("clients")
def test_the_node_client_holds_a_two_turn_conversation(tmp_path: Path, node_client: Path) -> None:
    hold_two_turns(tmp_path, [required("node"), str(HERE / "two_turns.mjs")], {"CLIENT": str(node_client)})
