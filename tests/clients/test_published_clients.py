"""Published clients, installed from their registries, against a real server with the scripted model."""

import fcntl
import json
import os
import re
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
"""A script takes the message's end for a stream's; a chatflow's run ends after its message, and what is read aloud may,
too (contract 4.4)."""
TOOL = "{{enabled: true, provider_type: builtin, provider_name: {}, tool_name: {}, tool_parameters: {{}}}}"
AGENT_APP = WHOLE_APP.replace("  mode: chat\n", "  mode: agent-chat\n", 1).replace(
    "  prompt_type: simple\n",
    "  agent_mode:\n    {enabled: true, strategy: function_call, max_iteration: 3, tools: ["
    f"{TOOL.format('chart', 'bar_chart')}, {TOOL.format('time', 'current_time')}]}}\n"
    "  prompt_type: simple\n",
)
CLOCK = {"match": "^s$", "say": ["One moment. "], "tool_calls": [{"name": "current_time"}], "once": True}
DRAWN = ("^look$", "^hello again$", "^and again$", "^stream$", "^again$")
"""What each client asks for once; the first one does not read the history of a message with a picture: its model wants
the addresses of files there, and not files (contract 5.3)."""
DRAWING = {"say": ["Now. "], "tool_calls": [{"name": "bar_chart", "arguments": {"data": "1;2"}}], "once": True}
TITLE, LONG = WHOLE_SCRIPT["rules"]
AGENT_RULES = [TITLE, CLOCK, *(DRAWING | {"match": one} for one in DRAWN), LONG, {"say": ["Here ", "it is."]}]
WITH_AGENT = {
    "dify-api-client 0.0.23": 11,
    "dify-client 0.1.10": 34,
    "dify-client-python 1.0.3": 15,
    "npm dify-ai-provider 1.1.1": 5,
    "npm dify-client 2.3.2": 12,
}
"""How many checks each holds with an agent."""
BLOCKING: dict[str, tuple[tuple[str, str], ...]] = {
    "dify_api_client": (
        (r"    r = c\.chat_messages\(.*\n", ""),
        (r", conversation_id=r\.conversation_id", ""),
        (r"    s\.eq\(cid, r\.conversation_id.*\n", ""),
        (r"s\.eq\(len\(h\.data\), 2,", "s.eq(len(h.data), 1,"),
    ),
    "dify_client_python": (
        (r"    r = c\.chat_messages\(.*\n.*\n.*\n", ""),
        (r"    try: c\.chat_messages\(.*00000000-.*\n.*\n", ""),
    ),
}
"""What is blocking in two scripts: they know no APP_MODE, and their clients' own models know no mode `agent-chat`."""


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
        expect_more_after_the_message(scripts)
    (tmp_path / "test.yml").write_text(app)
    found = run_all(tmp_path, scripts, clients, WHOLE_SCRIPT)
    assert found == [f"PASS {name}: {checks} checks" for name, checks in held.items()]


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
def test_all_five_clients_pass_with_an_agent_that_uses_a_tool(tmp_path: Path, clients: Path) -> None:
    """Three scripts as they are; the other two without their blocking calls, which an agent refuses."""
    scripts = tmp_path / "scripts"
    shutil.copytree(SMOKES, scripts)
    for name, changes in BLOCKING.items():
        text = (scripts / name / "smoke.py").read_text()
        for old, new in changes:
            text, times = re.subn(old, new, text)
            assert times == 1, old
        (scripts / name / "smoke.py").write_text(text)
    (tmp_path / "test.yml").write_text(AGENT_APP)
    found = run_all(tmp_path, scripts, clients, {"rules": AGENT_RULES}, APP_MODE="agent-chat")
    assert found == [f"PASS {name}: {checks} checks" for name, checks in WITH_AGENT.items()]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("clients")
def test_all_five_clients_pass_with_an_answer_that_is_read_aloud_by_itself(tmp_path: Path, clients: Path) -> None:
    spoken = "  text_to_speech: {enabled: true, autoPlay: enabled, voice: any}\n"
    (tmp_path / "test.yml").write_text(WHOLE_APP.replace("  prompt_type: simple\n", f"  prompt_type: simple\n{spoken}"))
    voice = '[voice]\nspeech = "default/any"'
    with serving(tmp_path, WHOLE_SCRIPT, voice) as served:
        kinds = [event["event"] for event in served.events("hi")]
    assert kinds.count("tts_message") > 0
    assert kinds[-1] == "tts_message_end"
    scripts = tmp_path / "scripts"
    shutil.copytree(SMOKES, scripts)
    expect_more_after_the_message(scripts)
    found = run_all(tmp_path, scripts, clients, WHOLE_SCRIPT, voice)
    assert found == [f"PASS {name}: {checks} checks" for name, checks in FIVE.items()]


def expect_more_after_the_message(scripts: Path) -> None:
    script = scripts / "node_dify_client" / "smoke.mjs"
    script.write_text(script.read_text().replace(*LAST).replace("ev2.at(-1)", LAST[1].replace("ev.", "ev2.")))


def run_all(
    folder: Path, scripts: Path, clients: Path, model: object, settings: str = "", **environment: str
) -> list[str]:
    """What the clients say of the app in that folder."""
    with serving(folder, model, settings) as served:
        return run_all_at(served.address, scripts, clients, **environment)


def run_all_at(address: str, scripts: Path, clients: Path, **environment: str) -> list[str]:
    given = os.environ | {
        "BASE_URL": f"{address}/v1",
        "API_KEY": KEY,
        "CLIENTS_DIR": str(clients),
        "SLOW_QUERY": SLOW,
        "CHECK_AUTH": "1",
        "HAS_SUGGESTED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **environment,
    }
    words = [required("bash"), str(scripts / "run_all.sh")]
    done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=700, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(done.stdout.splitlines())
