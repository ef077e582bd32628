"""The life of a serving process: killed, ended, reloaded, and what it says when it cannot start."""

import asyncio
import json
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.dsl.graph_samples import chain, graph_file, node
from tests.process.conftest import APP, KEY, Served, command, events_in, serving, until

pytestmark = pytest.mark.slow

SLOW = {"rules": [{"say": ["word "], "repeat": 500, "delay_ms": 20}, {"purpose": "title", "say": ["A title"]}]}


async def killed_during_streams(served: Served, count: int) -> list[dict[str, Any]]:
    """Open that many streams, hear each of them speak, and kill the server; their first events."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:

        async def stream(number: int) -> aiohttp.ClientResponse:
            body = {"query": f"question {number}", "user": f"user-{number}", "response_mode": "streaming"}
            return await session.post(f"{served.address}/v1/chat-messages", json=body)

        replies = await asyncio.gather(*map(stream, range(count)))
        lines = await asyncio.gather(*(reply.content.readline() for reply in replies))
        served.child.kill()
        served.child.wait(20)
        for reply in replies:
            reply.close()
        return [json.loads(line.removeprefix(b"data: ")) for line in lines]


def test_kill_9_during_50_streams_loses_no_question_and_leaves_nothing_running(tmp_path: Path) -> None:
    with serving(tmp_path, SLOW) as served:
        firsts = asyncio.run(killed_during_streams(served, 50))
    with serving(tmp_path, SLOW) as served:
        for number, first in enumerate(firsts):
            path = f"/v1/messages?user=user-{number}&conversation_id={first['conversation_id']}"
            _, page = served.call("GET", path)
            (message,) = page["data"]
            assert message["id"] == first["message_id"]
            assert message["query"] == f"question {number}"
            assert message["status"] == "error"
            assert message["error"]


def test_a_request_that_kill_9_cut_off_is_not_begun_again_when_it_is_sent_again(tmp_path: Path) -> None:
    ask, key = {"query": "hi", "user": "u", "response_mode": "streaming"}, {"Idempotency-Key": "k"}
    with (
        serving(tmp_path, SLOW) as served,
        urllib.request.urlopen(served.request("POST", "/v1/chat-messages", ask, **key), timeout=20) as reply,  # noqa: S310
    ):
        first = json.loads(reply.readline().removeprefix(b"data: "))
        served.child.kill()
        served.child.wait(20)
    with serving(tmp_path, SLOW) as served:
        with urllib.request.urlopen(served.request("POST", "/v1/chat-messages", ask, **key), timeout=20) as reply:  # noqa: S310
            (again,) = events_in(reply)
        assert (again["event"], again["message_id"], again["task_id"]) == (
            "error",
            first["message_id"],
            first["task_id"],
        )
        _, page = served.call("GET", "/v1/conversations?user=u")
        assert [one["id"] for one in page["data"]] == [first["conversation_id"]]


def test_sigterm_lets_a_stream_finish_within_the_grace(tmp_path: Path) -> None:
    script = {"rules": [{"say": ["word "], "repeat": 50, "delay_ms": 20}]}
    with serving(tmp_path, script) as served:
        events = served.events("hi")
        next(events)
        served.child.send_signal(signal.SIGTERM)
        rest = list(events)
        assert rest[-1]["event"] == "message_end"
        assert len(rest) == 50
        assert served.child.wait(10) in {0, -signal.SIGTERM}


def test_sigterm_saves_and_ends_a_stream_that_outlives_the_grace(tmp_path: Path) -> None:
    with serving(tmp_path, {"rules": [{"say": ["word "], "hang": True}]}, "[server]\ngrace_seconds = 0.2") as served:
        events = served.events("hi")
        first = next(events)
        served.child.send_signal(signal.SIGTERM)
        assert [event["event"] for event in events] == ["message_end"]
        served.child.wait(10)
    with serving(tmp_path) as served:
        _, page = served.call("GET", f"/v1/messages?user=u&conversation_id={first['conversation_id']}")
        assert [(message["answer"], message["status"]) for message in page["data"]] == [("word ", "normal")]


def test_a_changed_file_is_served_and_a_broken_edit_is_not(tmp_path: Path) -> None:
    with serving(tmp_path, {"rules": [{"say": ["{system}"]}]}) as served:

        def answer() -> str:
            return served.call("POST", "/v1/chat-messages", {"query": "hi", "user": "u"})[1]["answer"]

        assert answer().strip() == "Be brief."
        (tmp_path / "test.yml").write_text(APP.replace("Be brief.", "Be long."))
        until(lambda: answer().strip() == "Be long.")
        (tmp_path / "test.yml").write_text(APP.replace("mode: chat", "mode: nonsense"))
        until(lambda: "last good version" in (tmp_path / "log").read_text())
        assert answer().strip() == "Be long."
        assert "detected" not in (tmp_path / "log").read_text(), "the log lies there too: it would tell of itself"


def test_a_conversation_stays_with_the_version_that_it_began_with(tmp_path: Path) -> None:
    with serving(tmp_path, {"rules": [{"say": ["{system}"]}]}) as served:
        ask = {"query": "hi", "user": "u"}
        _, begun = served.call("POST", "/v1/chat-messages", ask)
        (tmp_path / "test.yml").write_text(APP.replace("Be brief.", "Be long."))
        until(lambda: served.call("POST", "/v1/chat-messages", ask)[1]["answer"].strip() == "Be long.")
        again = ask | {"conversation_id": begun["conversation_id"]}
        assert served.call("POST", "/v1/chat-messages", again)[1]["answer"].strip() == "Be brief."
        served.end()
    with serving(tmp_path, {"rules": [{"say": ["{system}"]}]}) as served:
        assert served.call("POST", "/v1/chat-messages", again)[1]["answer"].strip() == "Be brief."


def test_keys_are_made_and_revoked_beside_a_running_server(tmp_path: Path) -> None:
    def keys(*words: str) -> str:
        done = subprocess.run(
            command("keys", *words, "--data", str(tmp_path / "data")), capture_output=True, text=True, check=True
        )
        return done.stdout

    with serving(tmp_path) as served:
        key = keys("create", "test").strip()
        assert key.startswith("app-")
        assert served.call("GET", "/v1/conversations?user=u", key=key)[0] == 200
        assert key[-4:] in keys("list")
        assert key not in keys("list")
        keys("revoke", key)
        until(lambda: served.call("GET", "/v1/conversations?user=u", key=key)[0] == 401)


def fails(*words: str, folder: Path) -> str:
    """What a start that must fail says: one line on stderr that names the cure."""
    done = subprocess.run(command(*words), capture_output=True, text=True, cwd=folder, timeout=20, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = fails("serve", "--port", str(taken.getsockname()[1]), "--data", "d", folder=tmp_path)
    assert "--port" in said
    assert len(said.splitlines()) == 1


def test_a_second_server_on_one_folder_is_one_clear_line(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        config = str(tmp_path / "parlour.toml")
        words = ("serve", "--config", config, "--data", str(tmp_path / "data"), "--port", "0")
        said = fails(*words, folder=tmp_path)
        assert "parlour.db" in said
        assert len(said.splitlines()) == 1
        assert served.call("GET", "/health")[0] == 200


def test_a_data_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "app.yml").write_text(APP)
    said = fails("serve", "app.yml", "--data", "file/data", "--port", "0", folder=tmp_path)
    assert "file/data" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("text", ["not: a dsl", "", "[1, 2]", "\x00", "app: {mode: chat, name: x}\nversion: 0.6.0"])
def test_a_file_that_is_no_app_is_named_with_its_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.yml").write_text(text)
    (tmp_path / "parlour.toml").write_text('[providers.default]\nkind = "scripted"')
    assert "app.yml" in fails("serve", "app.yml", "--data", "d", "--port", "0", folder=tmp_path)


def test_a_flow_that_runs_in_part_is_served_if_it_is_allowed_and_what_does_not_run_is_told(tmp_path: Path) -> None:
    look = node("look", "tool", provider_name="tavily", tool_name="search")
    nodes = [node("start", "start"), look, node("say", "answer", answer="Hi.")]
    (tmp_path / "test.yml").write_text(graph_file("advanced-chat", nodes, chain("start", "look", "say")))
    (tmp_path / "parlour.toml").write_text('[providers.default]\nkind = "scripted"')
    told = fails("serve", "test.yml", "--data", "d", "--port", "0", folder=tmp_path)
    assert "tool `Look` (tavily/search): tool tavily/search: is not here" in told
    assert "--allow-partial" in told
    with serving(tmp_path, None, "", "--allow-partial") as served:
        assert any("fails when a run gets there: tool `Look`" in line for line in served.said)
        status, reply = served.call("POST", "/v1/chat-messages", {"query": "hi", "user": "u"})
        assert (status, reply["code"]) == (400, "invalid_param")
        assert "Look: The tool tavily/search is not here" in reply["message"]


def test_a_configuration_with_an_unknown_key_names_it(tmp_path: Path) -> None:
    (tmp_path / "parlour.toml").write_text("[server]\nprot = 1")
    assert "prot" in fails("serve", folder=tmp_path)


def test_a_key_of_the_configuration_is_used_as_it_is(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert served.call("GET", "/v1/conversations?user=u", key=KEY)[0] == 200
        assert not any(KEY in line for line in served.said[:1])
