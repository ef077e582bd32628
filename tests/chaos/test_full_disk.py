"""A full disk under a server on SQLite: what was acknowledged stays, and it goes on once there is room again.

The disk is full as the system tells a process that no file of its may grow any more (RLIMIT_FSIZE).
"""

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.apps import SCRIPT, WHOLE
from tests.process.conftest import Served, serving, until

pytestmark = [pytest.mark.slow, pytest.mark.chaos, pytest.mark.xdist_group("chaos")]


def fill(served: Served, *, full: bool) -> None:
    """No file may grow beyond what it has; or any may."""
    data = served.folder / "data"
    most = max(file.stat().st_size for file in data.glob("parlour.db*")) if full else resource.RLIM_INFINITY
    resource.prlimit(served.child.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def running(served: Served) -> int:
    with closing(sqlite3.connect(served.folder / "data" / "parlour.db")) as connection:
        return connection.execute("SELECT count(*) FROM messages WHERE status = 'running'").fetchone()[0]


def ask(served: Served, query: str) -> tuple[int, str, str]:
    status, body = served.call("POST", "/v1/chat-messages", {"query": query, "user": "u"})
    return status, body.get("conversation_id", ""), body.get("answer", "")


def test_a_full_disk_loses_nothing_that_was_acknowledged_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    with serving(tmp_path, SCRIPT) as served:
        accepted = [ask(served, f"before {number}") for number in range(3)]
        going = served.events("it is full before this ends")
        first = next(going)
        fill(served, full=True)
        statuses = [ask(served, "x" * 50_000)[0] for _ in range(20)]
        assert 200 not in statuses[-10:]
        assert set(statuses) <= {200, 500, 503}
        heard = [first, *going]
        assert served.call("GET", "/health")[0] in {200, 503}, "it lives"
        fill(served, full=False)
        until(lambda: ask(served, "there is room")[0] == 200)
        until(lambda: running(served) == 0)
        for status, conversation, answer in accepted:
            assert (status, answer) == (200, WHOLE)
            page = served.call("GET", f"/v1/messages?user=u&conversation_id={conversation}")[1]["data"]
            assert [message["answer"] for message in page] == [WHOLE]
        [stored] = served.call("GET", f"/v1/messages?user=u&conversation_id={first['conversation_id']}")[1]["data"]
        if heard[-1]["event"] == "message_end":
            assert stored["answer"] == "".join(event.get("answer", "") for event in heard)
        else:
            assert heard[-1]["event"] == "error"
        served.child.kill()
    with serving(tmp_path, SCRIPT) as served:
        for _, conversation, _ in accepted:
            page = served.call("GET", f"/v1/messages?user=u&conversation_id={conversation}")[1]["data"]
            assert [message["answer"] for message in page] == [WHOLE], "also after a crash"
        [stored] = served.call("GET", f"/v1/messages?user=u&conversation_id={first['conversation_id']}")[1]["data"]
        assert stored["query"] == "it is full before this ends"
        assert stored["status"] in {"normal", "error"}
