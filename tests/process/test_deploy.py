"""The files of `deploy/`, as far as they can be tried without an engine: the steps that build an image are run in an
empty folder, and what one file says of the server is held against the server and the other files."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from parlour.http.server import routes
from parlour.settings import read

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TOML = DEPLOY / "kubernetes" / "parlour.toml"
NAMES = set(re.findall(r'"env:(\w+)"', TOML.read_text()))


def manifest(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def steps() -> list[list[str]]:
    """The instructions of the stage that builds, one list of words each."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    stage = text.split("FROM ")[1]
    return [shlex.split(line, comments=True) for line in stage.splitlines()[1:] if line.strip()]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_steps_of_the_image_make_a_server_in_an_empty_folder(tmp_path: Path) -> None:
    source, place = tmp_path / "src", tmp_path / "opt"
    source.mkdir()
    for kind, *words in steps():
        if kind == "COPY":
            *sent, there = words
            for one in sent:
                target = source / there if len(sent) == 1 and there != "./" else source / one
                target.parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if (ROOT / one).is_dir() else shutil.copy)(ROOT / one, target)
        elif kind == "RUN":
            command = [word.replace("/opt/parlour", str(place)) for word in words]
            command = [sys.executable if word == "python3" else word for word in command]
            done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=280, check=False)
            assert done.returncode == 0, done.stderr
        else:
            assert kind == "WORKDIR"
    extras = "import psycopg, redis, mcp, opentelemetry.sdk"
    subprocess.run([place / "bin" / "python", "-c", extras], check=True, timeout=60)
    said = subprocess.run(
        [place / "bin" / "parlour", "version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout.strip()


def test_the_settings_can_be_read_and_every_name_in_them_is_given_by_each_deployment() -> None:
    settings = read(TOML, dict.fromkeys(NAMES, "x"))
    assert settings.storage.database == "x"
    given = manifest("compose.yml")["services"]["parlour"]["environment"]
    assert given.keys() >= NAMES
    told = (DEPLOY / "README.md").read_text()
    assert all(f"--from-literal={name}=" in told for name in NAMES)


def test_the_probes_ask_for_what_the_server_answers() -> None:
    served = {route.path for route in routes(None)}  # pyright: ignore[reportArgumentType]  only their addresses count
    (container,) = manifest("kubernetes/deployment.yaml")["spec"]["template"]["spec"]["containers"]
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert {probe["path"] for probe in probes} <= served
    assert probes[2]["path"] == "/ready"
    assert "http://127.0.0.1:8000/health" in (DEPLOY / "Dockerfile").read_text()


def test_a_process_has_the_time_to_let_its_streams_finish() -> None:
    grace = tomllib.loads(TOML.read_text())["server"]["grace_seconds"]
    pod = manifest("kubernetes/deployment.yaml")["spec"]["template"]["spec"]
    (before,) = re.findall(r"sleep\((\d+)\)", str(pod["containers"][0]["lifecycle"]))
    assert pod["terminationGracePeriodSeconds"] > float(before) + grace + 5
    waits = manifest("compose.yml")["services"]["parlour"]["stop_grace_period"]
    assert float(waits.removesuffix("s")) > grace + 5


def test_what_kustomize_names_is_there_and_selects_one_another() -> None:
    listed = manifest("kubernetes/kustomization.yaml")
    files = [*listed["resources"], *(file for one in listed["configMapGenerator"] for file in one["files"])]
    assert all((DEPLOY / "kubernetes" / file).is_file() for file in files)
    labels = manifest("kubernetes/deployment.yaml")["spec"]["template"]["metadata"]["labels"]
    assert manifest("kubernetes/service.yaml")["spec"]["selector"] == labels
    assert manifest("kubernetes/disruption.yaml")["spec"]["selector"]["matchLabels"] == labels
    maps = {one["name"] for one in listed["configMapGenerator"]}
    volumes = manifest("kubernetes/deployment.yaml")["spec"]["template"]["spec"]["volumes"]
    assert {one["configMap"]["name"] for one in volumes if "configMap" in one} == maps
