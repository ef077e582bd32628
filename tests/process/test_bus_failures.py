"""Valkey away, Valkey emptied, a replica gone: what clients see, as the table of docs/operations.md has it."""

import time
import urllib.error
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.process.cluster import Cluster, cluster
from tests.process.conftest import Served, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200), pytest.mark.xdist_group("replicas")]

WORDS = 150
AT_MOST = 16.0
"""Seconds after its death in which a replica is taken for dead."""
SCRIPT = {
    "rules": [
        {"purpose": "title", "say": ["A name"]},
        {"match": "slowly", "say": [f"{number} " for number in range(WORDS)], "delay_ms": 50},
        {"say": ["Yes."]},
    ]
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), SCRIPT) as three:
        yield three


@pytest.fixture
def three(running: Cluster) -> tuple[Served, Served, Served]:
    one, two, last = (replica.served for replica in running.replicas)
    return one, two, last


def again(served: Served, task_id: str) -> Iterator[dict[str, Any]]:
    return served.read(f"/v1/runs/{task_id}/events?user=u")


def told(served: Served, task_id: str) -> bool:
    """Whether this replica knows of it."""
    try:
        next(again(served, task_id))
    except urllib.error.HTTPError as error:
        error.close()
        return False
    return True


def test_who_reads_elsewhere_misses_nothing_where_valkey_is_emptied_or_away_for_a_while(
    running: Cluster, three: tuple[Served, Served, Served]
) -> None:
    here, there, _ = three
    stream = here.events("slowly")
    first = next(stream)
    elsewhere = again(there, first["task_id"])
    heard = [next(elsewhere) for _ in range(5)]
    running.valkey.flush()
    heard += [next(elsewhere) for _ in range(60)]
    running.valkey.kill()
    time.sleep(1)
    running.valkey.start()
    heard += list(elsewhere)
    assert heard == [first, *stream]
    assert heard[-1]["event"] == "message_end"


def test_while_valkey_is_away_chats_go_on_and_what_needs_another_replica_is_told_to_be_unavailable(
    running: Cluster, three: tuple[Served, Served, Served]
) -> None:
    here, there, _ = three
    stream = here.events("slowly")
    task_id = next(stream)["task_id"]
    running.valkey.kill()
    for served in three:
        assert served.call("POST", "/v1/chat-messages", {"query": "hi", "user": "u"})[0] == 200
        assert served.call("GET", "/ready")[0] == 503
        assert served.call("GET", "/health")[0] == 200
    stop = f"/v1/chat-messages/{task_id}/stop"
    for status, body in (
        there.call("GET", f"/v1/runs/{task_id}/events?user=u"),
        there.call("POST", stop, {"user": "u"}),
    ):
        assert (status, body["code"]) == (503, "service_unavailable")
    assert here.call("POST", stop, {"user": "u"})[0] == 200
    assert list(stream)[-1]["event"] == "message_end"
    running.valkey.start()
    until(lambda: all(served.call("GET", "/ready")[0] == 200 for served in three))


def test_who_reads_a_run_whose_replica_is_gone_is_told_so_and_its_message_is_marked(
    three: tuple[Served, Served, Served],
) -> None:
    """The last one: the replica stays away."""
    here, there, _ = three
    stream = here.events("slowly")
    first = next(stream)
    until(lambda: told(there, first["task_id"]))  # Valkey has just come back
    elsewhere = again(there, first["task_id"])
    next(elsewhere)
    here.child.kill()
    killed = time.monotonic()
    *_, last = elsewhere
    assert last["event"] == "error"
    assert time.monotonic() - killed < AT_MOST

    def marked() -> bool:
        path = f"/v1/messages?user=u&conversation_id={first['conversation_id']}"
        return there.call("GET", path)[1]["data"][0]["status"] == "error"

    until(marked, AT_MOST - (time.monotonic() - killed))
