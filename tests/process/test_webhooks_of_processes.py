"""Webhooks of real servers: killed before they are delivered, and several on one database."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from tests.postgres_server import Postgres
from tests.process.conftest import Served, serving, until
from tests.small_server import Quiet, answering

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
SECRET = "whsec_" + "c2VjcmV0" * 4
SCRIPT = {"rules": [{"match": "wait", "say": ["One "], "hang": True}, {"say": ["Done."]}]}


class Receiver:
    """Takes what comes, or never answers; `told` is what it has read, `ids` how each attempt was called."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.silent = threading.Event()
        self.port = 0

    @property
    def entry(self) -> str:
        return f'webhook_url = "http://127.0.0.1:{self.port}/"\nwebhook_secret = "env:SECRET"\nallow = ["127.0.0.1"]'


@contextmanager
def receiving() -> Generator[Receiver]:
    known = Receiver()
    ended = threading.Event()

    class Taking(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told = standardwebhooks.Webhook(SECRET).verify(body, dict(self.headers.items()))
            known.ids.append(self.headers["webhook-id"])
            if known.silent.is_set():
                ended.wait(60)
                return
            known.told.append(told)
            self.send_response(204)
            self.end_headers()

    with answering(Taking) as known.port:
        try:
            yield known
        finally:
            ended.set()


def begun(served: Served, query: str = "hi") -> str:
    status, body = served.call(
        "POST",
        "/v1/chat-messages",
        {"query": query, "user": "u", "response_mode": "async", "auto_generate_name": False},
    )
    assert status == 202, body
    return body["run_id"]


def test_a_server_that_is_killed_before_its_receiver_has_answered_tells_him_again(tmp_path: Path) -> None:
    environment = {"SECRET": SECRET}
    with receiving() as receiver:
        receiver.silent.set()
        with serving(tmp_path, SCRIPT, entry=receiver.entry, environment=environment) as served:
            ended = begun(served)
            until(lambda: receiver.ids == [ended])
            going = begun(served, "wait")
            served.child.kill()
            served.child.wait(20)
        receiver.silent.clear()
        with serving(tmp_path, SCRIPT, entry=receiver.entry, environment=environment) as served:
            until(lambda: len(receiver.told) == 2, 45)
            assert receiver.ids == [ended, going, ended], "that of the run that was cut off is held by nobody"
            statuses = {told["run_id"]: told["status"] for told in receiver.told}
            assert statuses == {ended: "succeeded", going: "failed"}
            told = served.call("GET", f"/v1/runs/{ended}?user=u")[1]
            assert told == receiver.told[1]


def test_of_several_processes_one_tells_of_each_run_and_of_those_of_one_that_died(
    tmp_path: Path, postgres: Postgres
) -> None:
    environment = {"SECRET": SECRET}
    with (
        receiving() as receiver,
        postgres.database() as url,
        serving(tmp_path / "one", SCRIPT, settings(url), entry=receiver.entry, environment=environment) as one,
        serving(tmp_path / "two", SCRIPT, settings(url), entry=receiver.entry, environment=environment) as two,
    ):
        cut_off = begun(one, "wait")
        ended = [begun(served) for _ in range(20) for served in (one, two)]
        until(lambda: len(receiver.told) >= len(ended))
        one.child.kill()
        until(lambda: cut_off in receiver.ids, 30)
        assert sorted(receiver.ids) == sorted([*ended, cut_off]), "in all that time nobody was told twice"
        assert receiver.told[-1]["run_id"] == cut_off
        assert receiver.told[-1]["status"] == "failed"


def settings(url: str) -> str:
    return f'[storage]\ndatabase = "{url}"'


def test_a_server_without_a_secret_for_its_webhooks_says_what_to_write(tmp_path: Path) -> None:
    with (
        pytest.raises(pytest.fail.Exception, match=r"webhook_secret of test.*openssl"),
        serving(tmp_path, SCRIPT, entry='webhook_hosts = ["*"]\nwebhook_secret = "short"'),
    ):
        pass
