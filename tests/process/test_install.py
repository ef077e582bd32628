"""What a newcomer gets: the wheel in an empty environment, and the demo with its real model."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.process.conftest import APP, Served

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".cache" / "uv" / "bin" / "uv"
DATA = ROOT / ".cache" / "demo"
"""Keeps the weights between runs, as a user's data folder does."""


@contextlib.contextmanager
def started(words: list[str], folder: Path) -> Generator[Served]:
    """A server of the outside world: only a PATH and a HOME in its environment."""
    environment = {"PATH": os.defpath, "HOME": str(folder)}
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment)
    assert child.stdout is not None
    try:
        said: list[str] = []
        for line in child.stdout:
            said.append(line)
            if line.startswith("Listening"):
                break
        yield Served(folder, child, said)
    finally:
        child.terminate()
        child.stdout.close()
        child.wait(20)


def key_of(served: Served) -> str:
    return next(found[0] for line in served.said if (found := re.search(r"app-\w{24}", line)))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `parlour` of an environment that holds the wheel, what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT))
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("parlour-*.whl")
    subprocess.run([str(UV), "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", str(wheel)], check=True)
    return python.with_name("parlour")


@pytest.mark.timeout(300)
def test_the_wheel_serves_in_an_empty_environment(installed: Path, tmp_path: Path) -> None:
    with started([str(installed), "serve", "--port", "0"], tmp_path) as served:
        status, body = served.call("POST", "/v1/chat-messages", {"query": "hi", "user": "u"}, key=key_of(served))
        assert (status, body["code"]) == (400, "provider_not_initialize")
        assert "parlour[local]" in body["message"]


@pytest.mark.timeout(300)
def test_the_wheel_serves_an_app_of_ones_own(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text(APP)
    (tmp_path / "parlour.toml").write_text('[providers.default]\nkind = "scripted"\n')
    with started([str(installed), "serve", "mine.yml", "--port", "0"], tmp_path) as served:
        _, body = served.call("POST", "/v1/chat-messages", {"query": "hi there", "user": "u"}, key=key_of(served))
        assert body["answer"] == "hi there"


@pytest.mark.timeout(300)
def test_the_demo_knows_the_capital_of_france(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("parlour")), "serve", "--port", "0"]
    DATA.mkdir(parents=True, exist_ok=True)
    (tmp_path / "parlour.toml").write_text(f'data = "{DATA}"\n[storage]\ndatabase = "memory:"\n')
    with started(command, tmp_path) as served:
        served.key = key_of(served)
        events = list(served.events("What is the capital of France?"))
    assert "Paris" in "".join(event["answer"] for event in events if event["event"] == "message")
    assert events[-1]["event"] == "message_end"
