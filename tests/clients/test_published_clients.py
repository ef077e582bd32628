"""Published clients, installed from their registries, against a real server with the scripted model."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.flow_samples import chatflow_file, workflow_file
from tests.process.conftest import APP, KEY, serving

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".cache" / "clients"
SMOKES = ROOT.parent / "shared" / "clients"
"""Scripts that lie beside the repository: each drives one client, and asserts on what the client itself has read."""
FIVE = {
    "dify-api-client 0.0.23": 14,
    "dify-client 0.1.10": 58,
    "dify-client-python 1.0.3": 20,
    "npm dify-ai-provider 1.1.1": 9,
    "npm dify-client 2.3.2": 15,
}
"""How many checks each holds when nothing is left out."""
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Whom this machine trusts; npm does not look there by itself."""
SCRIPT = {
    "rules": [
        {"purpose": "title", "say": ["Ada"]},
        {"match": "Who am I", "say": ["You said: ", "{prompt}"]},
        {"say": ["Hello, ", "Ada."]},
    ]
}

SLOW = "Take your time."
WHOLE_SCRIPT = {
    "rules": [
        {"purpose": "title", "say": ["A name"]},
        {"match": SLOW, "say": ["more "], "repeat": 100, "delay_ms": 50},
    ]
}
WHOLE_APP = APP.replace(
    "  prompt_type: simple\n",
    "  prompt_type: simple\n"
    "  suggested_questions_after_answer: {enabled: true}\n"
    "  file_upload: {enabled: true, allowed_file_types: [image], number_limits: 3}\n",
)

WORKFLOW_SCRIPT = {
    "rules": [
        {"match": "slow", "say": ["more "], "repeat": 100, "delay_ms": 50},
        {"say": ["It is ", "{query}."]},
    ]
}
SAID = {"text": "It is noon."}
FLOW_FEATURES = {
    "suggested_questions_after_answer": {"enabled": True},
    "file_upload": {
        "enabled": True,
        "allowed_file_types": ["image"],
        "allowed_file_upload_methods": ["local_file", "remote_url"],
        "number_limits": 3,
    },
}
FLOW = chatflow_file(features=FLOW_FEATURES)
WITH_FLOWS = FIVE | {"dify-client-python 1.0.3": 28}
"""That one holds each workflow event against its own models."""
LAST = ("ev.at(-1)", "ev.findLast(e => e.event === 'message_end')")
"""A script takes the message's end for a stream's; a chatflow's run ends after its message (contract 4.4.3)."""
AGENT_APP = WHOLE_APP.replace("  mode: chat\n", "  mode: agent-chat\n", 1).replace(
    "  prompt_type: simple\n",
    "  agent_mode:\n"
    "    {enabled: true, strategy: function_call, max_iteration: 3, tools: ["
    "{enabled: true, provider_type: builtin, provider_name: chart, tool_name: bar_chart, tool_parameters: {}}]}\n"
    "  prompt_type: simple\n",
)
DRAWING = {"say": ["One moment. "], "tool_calls": [{"name": "bar_chart", "arguments": {"data": "1;2"}}], "once": True}
AGENT_SCRIPT = {"rules": [{"purpose": "title", "say": ["A name"]}, *[DRAWING] * 3, {"say": ["Here ", "it is."]}]}
"""In the first messages a chart is drawn."""
THREE = {
    "dify_client_0_1_10": ("dify-client 0.1.10", 34),
    "node_dify_ai_provider": ("npm dify-ai-provider 1.1.1", 5),
    "node_dify_client": ("npm dify-client 2.3.2", 12),
}
"""By folder: which client it drives, and how many checks it holds with an agent."""


@pytest.fixture(scope="module")
def clients() -> Path:
    """The folder that the five clients are installed in, as the scripts want it: once, whoever comes first."""
    folder = CACHE / "five"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            install(folder.with_suffix(".making"))
            folder.with_suffix(".making").rename(folder)
    return folder


def install(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    trusted = {"NODE_EXTRA_CA_CERTS": str(AUTHORITIES)} if AUTHORITIES.exists() else {}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = trusted | os.environ | {"CLIENTS_DIR": str(folder), "PATH": path}
    subprocess.run([required("bash"), str(SMOKES / "install.sh")], env=given, check=True)
    assert len([*folder.glob("lib/*"), *folder.glob("node/*/node_modules")]) == len(FIVE), "not all are installed"


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
def test_the_python_client_holds_a_two_turn_conversation(tmp_path: Path, clients: Path) -> None:
    hold_two_turns(
        tmp_path,
        [sys.executable, str(HERE / "two_turns.py")],
        {"PYTHONPATH": str(clients / "lib" / "dify_client_0_1_10")},
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("clients")
def test_the_node_client_holds_a_two_turn_conversation(tmp_path: Path, clients: Path) -> None:
    entry = clients / "node" / "dify-client" / "node_modules" / "dify-client" / "index.js"
    hold_two_turns(tmp_path, [required("node"), str(HERE / "two_turns.mjs")], {"CLIENT": str(entry)})


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("clients")
@pytest.mark.parametrize(("app", "held"), [(WHOLE_APP, FIVE), (FLOW, WITH_FLOWS)], ids=["chat", "chatflow"])
def test_all_five_published_clients_pass_completely_and_none_is_left_out(
    tmp_path: Path, clients: Path, app: str, held: dict[str, int]
) -> None:
    scripts = tmp_path / "scripts"
    shutil.copytree(SMOKES, scripts)  # they write their logs beside themselves
    if app is FLOW:
        script = scripts / "node_dify_client" / "smoke.mjs"
        script.write_text(script.read_text().replace(*LAST).replace("ev2.at(-1)", LAST[1].replace("ev.", "ev2.")))
    (tmp_path / "test.yml").write_text(app)
    with serving(tmp_path, WHOLE_SCRIPT) as served:
        given = os.environ | {
            "BASE_URL": f"{served.address}/v1",
            "API_KEY": KEY,
            "CLIENTS_DIR": str(clients),
            "SLOW_QUERY": SLOW,
            "CHECK_AUTH": "1",
            "HAS_SUGGESTED": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        words = [required("bash"), str(scripts / "run_all.sh")]
        done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=700, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(done.stdout.splitlines()) == [f"PASS {name}: {checks} checks" for name, checks in held.items()]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("clients")
@pytest.mark.parametrize("library", ["dify_client_python", "dify_api_client", "node"])
def test_clients_run_workflows_both_ways_and_stop_them(tmp_path: Path, clients: Path, library: str) -> None:
    (tmp_path / "test.yml").write_text(workflow_file())
    words = [sys.executable, str(HERE / "workflow_run.py")]
    where = {"PYTHONPATH": str(clients / "lib" / library)}
    if library == "node":
        entry = clients / "node" / "dify-client" / "node_modules" / "dify-client" / "index.js"
        words, where = [required("node"), str(HERE / "workflow_run.mjs")], {"CLIENT": str(entry)}
    with serving(tmp_path, WORKFLOW_SCRIPT) as served:
        given = os.environ | where | {"BASE_URL": f"{served.address}/v1", "API_KEY": KEY}
        done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
    assert (found["status"], found["outputs"], found["streamed"]) == ("succeeded", SAID, SAID)
    assert [found["events"][0], found["events"][-1]] == ["workflow_started", "workflow_finished"]
    if library != "node":
        assert (found["result"], found["stopped"]) == ("success", "stopped")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("clients")
def test_the_clients_that_know_agents_pass_with_one_that_uses_a_tool(tmp_path: Path, clients: Path) -> None:
    """The scripts of the other two begin with a blocking call, which an agent refuses."""
    scripts = tmp_path / "scripts"
    shutil.copytree(SMOKES, scripts)
    (tmp_path / "test.yml").write_text(AGENT_APP)
    with serving(tmp_path, AGENT_SCRIPT) as served:
        given = os.environ | {
            "APP_MODE": "agent-chat",
            "BASE_URL": f"{served.address}/v1",
            "API_KEY": KEY,
            "CLIENTS_DIR": str(clients),
            "CHECK_AUTH": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        words = [required("bash"), str(scripts / "run_all.sh"), *THREE]
        done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(done.stdout.splitlines()) == [f"PASS {name}: {checks} checks" for name, checks in THREE.values()]
