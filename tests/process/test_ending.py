"""How a serving process ends while somebody holds on to it."""

import json
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.process.conftest import KEY, Served, serving, until

pytestmark = pytest.mark.slow

LONG = {"rules": [{"match": "long", "say": ["x" * 1000], "repeat": 20_000}, {"say": ["word "], "hang": True}]}
GRACE = "[server]\ngrace_seconds = 0.1"


def connect(served: Served, announced: int, body: bytes) -> socket.socket:
    address = urlsplit(served.address)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((address.hostname, address.port))
    head = f"POST /v1/chat-messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    client.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {announced}\r\n\r\n".encode() + body)
    return client


def listens(served: Served) -> bool:
    address = urlsplit(served.address)
    with socket.socket() as client:
        return client.connect_ex((address.hostname, address.port)) == 0


def test_a_body_that_never_comes_does_not_keep_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, LONG, GRACE) as served, connect(served, 100, b'{"query"'):
        served.call("GET", "/health")
        assert served.end() == 0


def test_a_stream_that_nobody_reads_does_not_keep_the_server(tmp_path: Path) -> None:
    body = json.dumps({"query": "long", "user": "u", "response_mode": "streaming"}).encode()
    with serving(tmp_path, LONG, GRACE) as served, connect(served, len(body), body) as client:
        assert client.recv(100)
        assert served.end() == 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_asked_twice_saves_at_once_and_ends(tmp_path: Path, sent: signal.Signals) -> None:
    with serving(tmp_path, LONG, "[server]\ngrace_seconds = 600") as served:
        events = served.events("hang")
        first = next(events)
        began = time.monotonic()
        served.child.send_signal(sent)
        until(lambda: not listens(served))  # two signals of one kind that come together would be one
        assert served.end(sent) == 0
        assert time.monotonic() - began < 15
    with serving(tmp_path) as served:
        _, page = served.call("GET", f"/v1/messages?user=u&conversation_id={first['conversation_id']}")
        assert [(message["answer"], message["status"]) for message in page["data"]] == [("word ", "normal")]


def test_a_key_of_the_configuration_is_not_shown(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.end()
        assert served.child.stdout is not None
        assert KEY not in "\n".join([*served.said, served.child.stdout.read()])
