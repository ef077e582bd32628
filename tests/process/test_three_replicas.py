"""Three replicas behind a proxy that sends each request to the next one: none must matter."""

import asyncio
import json
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.contract.uploading import taking
from tests.process.cluster import Cluster, cluster
from tests.process.conftest import KEY, events_in, until
from tests.process.test_files import fetched, uploads

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200), pytest.mark.xdist_group("replicas")]

SLOW = "Take your time."
READ = "Read it to me."
SCRIPT = {
    "rules": [
        {"purpose": "title", "say": ["A name"]},
        {"match": SLOW, "say": ["more "], "repeat": 1000, "delay_ms": 20},
        {"match": READ, "say": ["{prompt}"]},
        {"say": ["Yes, ", "{query}"], "delay_ms": 20},
    ]
}
LIMITS = '[limits]\nrate_per_user = "5/h"\n[server]\nmax_active = 2\n'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), SCRIPT, taking("document"), LIMITS) as three:
        yield three


class Asked:
    """A reply through the proxy, and which replica gave it."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.replica = reply.headers["X-Replica"]

    def events(self) -> Iterator[dict[str, Any]]:
        return events_in(self.reply)


@contextmanager
def asked(running: Cluster, method: str, path: str, body: object = None) -> Generator[Asked]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(running.address + path, data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310
        yield Asked(reply)


def chat(query: str, user: str = "u", **members: object) -> dict[str, object]:
    return {"query": query, "user": user, "response_mode": "streaming", **members}


def test_a_run_is_stopped_and_read_again_at_the_wrong_replicas(running: Cluster) -> None:
    with asked(running, "POST", "/v1/chat-messages", chat(SLOW)) as stream:
        said = [next(stream.events())]
        ids = said[0]
        again_at = f"/v1/runs/{ids['task_id']}/events?user=u"
        with (
            asked(running, "GET", again_at) as again,
            asked(running, "POST", f"/v1/chat-messages/{ids['task_id']}/stop", {"user": "u"}) as stop,
        ):
            assert len({stream.replica, again.replica, stop.replica}) == 3, "each is at a replica of its own"
            assert json.loads(stop.reply.read()) == {"result": "success"}
            said += list(stream.events())
            assert list(again.events()) == said
    assert said[-1]["event"] == "message_end"
    for _ in running.replicas:  # wherever it lands
        page = f"/v1/messages?user=u&conversation_id={ids['conversation_id']}"
        with asked(running, "GET", page) as told:
            [message] = json.loads(told.reply.read())["data"]
            assert message["answer"] == "".join(event.get("answer", "") for event in said)
        with asked(running, "GET", f"{again_at}&after=1") as late:
            assert list(late.events()) == said[1:]


def test_a_file_is_uploaded_read_and_sent_at_three_replicas(running: Cluster) -> None:
    [kept] = asyncio.run(uploads(running.address, 1, 5))
    for _ in running.replicas:
        assert fetched(kept["source_url"]) == b"xxxxx"
    file = {"type": "document", "transfer_method": "local_file", "upload_file_id": kept["id"]}
    sent = chat(READ, "user-0", files=[file], response_mode="blocking")
    with asked(running, "POST", "/v1/chat-messages", sent) as reply:
        assert "xxxxx" in json.loads(reply.reply.read())["answer"], "the model was shown it"


def test_places_and_rates_hold_for_all_replicas_and_a_dead_one_gives_its_places_back(running: Cluster) -> None:
    """The last one: what it ends stays so."""
    one, other, last = (replica.served for replica in running.replicas)
    going = [served.events(SLOW, user=f"user of {served.address}") for served in (one, other)]
    for events in going:
        next(events)
    status, body = last.call("POST", "/v1/chat-messages", chat("hi", "late"))
    assert (status, body["code"]) == (429, "too_many_requests")
    one.child.kill()
    ask = chat("hi", "patient", response_mode="blocking")
    until(lambda: last.call("POST", "/v1/chat-messages", ask)[0] == 200, 20)
    ask = chat("hi", "often", response_mode="blocking")
    statuses = [served.call("POST", "/v1/chat-messages", ask)[0] for served in (other, last) * 3]
    assert statuses == [200] * 5 + [429]
    running.valkey.kill()
    assert last.call("POST", "/v1/chat-messages", ask)[0] == 200, "each counts for itself"
