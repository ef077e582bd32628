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
UV = ROOT / ".cache" / "uv" / "bin" / "uv"
COMPOSE = ("--builtin-schema", "vendor.compose-spec")
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


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Linters and schemas, in an environment of their own: they are a hundred megabytes that nothing else wants."""
    place = tmp_path_factory.mktemp("tools")
    install = ["pip", "install", "--system-certs", "--require-hashes", "--python", place / "bin" / "python", "-r"]
    for words in (["venv", "--python", sys.executable, place], [*install, ROOT / "requirements" / "lint.lock"]):
        done = subprocess.run([UV, *words], capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == 0, done.stderr
    return place / "bin"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_file_is_what_its_linter_or_schema_wants(tools: Path) -> None:
    kubernetes = [DEPLOY / "kubernetes" / name for name in manifest("kubernetes/kustomization.yaml")["resources"]]
    assert said_of(DEPLOY / "Dockerfile", tools / "hadolint", "--failure-threshold", "info") == (0, "")
    assert said_of(DEPLOY / "compose.yml", tools / "check-jsonschema", *COMPOSE)[0] == 0
    for file in kubernetes:
        code, said = said_of(file, tools / "kubernetes-validate", "--strict")
        assert code == 0
        assert "passed for resource" in said


@pytest.mark.slow
def test_a_mistake_in_each_file_is_seen(tools: Path, tmp_path: Path) -> None:
    for name, right, wrong, words in (
        ("Dockerfile", "WORKDIR /data", "WORKDIR data", ["hadolint"]),
        ("compose.yml", "restart: unless-stopped", "restrat: always", ["check-jsonschema", *COMPOSE]),
        ("kubernetes/deployment.yaml", "replicas:", "replica:", ["kubernetes-validate", "--strict"]),
    ):
        text = (DEPLOY / name).read_text()
        assert right in text
        broken = tmp_path / Path(name).name
        broken.write_text(text.replace(right, wrong))
        program, *more = words
        assert said_of(broken, tools / program, *more)[0] != 0, name


def said_of(file: Path, program: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run([program, *words, file], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


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
