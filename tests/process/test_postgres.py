"""Serving processes on Postgres: killed beside one another, and left by the database for a while."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.postgres_server import Postgres, running
from tests.process.conftest import APP, Served, command, serving, until
from tests.process.test_files import fetched, uploads
from tests.process.test_life import SLOW, killed_during_streams

pytestmark = pytest.mark.slow


def on(url: str) -> str:
    return f'[storage]\ndatabase = "{url}"'


def page_of(served: Served, user: str, conversation_id: str) -> list[dict[str, Any]]:
    return served.call("GET", f"/v1/messages?user={user}&conversation_id={conversation_id}")[1]["data"]


def test_kill_9_loses_no_question_and_leaves_the_runs_of_others_alone(tmp_path: Path, postgres: Postgres) -> None:
    with (
        postgres.database() as url,
        serving(tmp_path / "one", SLOW, on(url)) as one,
        serving(tmp_path / "other", SLOW, on(url)) as other,
    ):
        going_on = other.events("still going on")
        own = next(going_on)
        firsts = asyncio.run(killed_during_streams(one, 20))

        def swept(number: int, first: dict[str, Any]) -> bool:
            [message] = page_of(other, f"user-{number}", first["conversation_id"])
            assert (message["id"], message["query"]) == (first["message_id"], f"question {number}")
            return message["status"] == "error"

        until(lambda: all(swept(number, first) for number, first in enumerate(firsts)), 25)
        assert own["event"] == "message"
        assert [event["event"] for event in going_on][-1] == "message_end"
        [message] = page_of(other, "u", own["conversation_id"])
        assert message["answer"].startswith("word word")
        assert message["status"] == "normal"


def test_a_database_that_is_away_is_told_and_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    script = {"rules": [{"say": ["word "], "repeat": 100, "delay_ms": 20}]}
    with running("fsync=on") as server, server.database() as url, serving(tmp_path, script, on(url)) as served:
        events = served.events("hi")
        first = next(events)
        server.stop()
        status, body = served.call("GET", "/v1/conversations?user=u")
        assert (status, body["status"]) == (503, 503)
        server.start()
        assert [event["event"] for event in events][-1] == "message_end", "its answer waited for the database"
        until(lambda: served.call("GET", "/health")[0] == 200)
        [message] = page_of(served, "u", first["conversation_id"])
        assert message["answer"] == "word " * 100


def greeting(text: str) -> str:
    return APP.replace("  pre_prompt", f"  opening_statement: {text}\n  pre_prompt")


def greets(served: Served) -> str:
    return served.call("GET", "/v1/parameters?user=u")[1]["opening_statement"]


def test_what_one_process_publishes_all_serve_and_an_older_file_takes_none_back(
    tmp_path: Path, postgres: Postgres
) -> None:
    for name in ("one", "other", "late"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "test.yml").write_text(greeting("First."))
    with (
        postgres.database() as url,
        serving(tmp_path / "one", None, on(url)) as one,
        serving(tmp_path / "other", None, on(url)) as other,
    ):
        told = ["no storage.bus" in (served.folder / "log").read_text() for served in (one, other)]
        assert told == [False, True], "who starts beside another without a bus says what that means"
        (tmp_path / "other" / "test.yml").write_text(greeting("Second."))
        until(lambda: [greets(one), greets(other)] == ["Second."] * 2)
        with serving(tmp_path / "late", None, on(url)) as late:
            assert greets(late) == "Second."
            (tmp_path / "late" / "test.yml").touch()
            words = command(
                "apps", "publish", str(tmp_path / "new" / "test.yml"), "--config", str(one.folder / "parlour.toml")
            )
            (tmp_path / "new").mkdir()
            (tmp_path / "new" / "test.yml").write_text(greeting("Third."))
            subprocess.run(words, check=True, capture_output=True)
            until(lambda: [greets(served) for served in (one, other, late)] == ["Third."] * 3)
            (tmp_path / "one" / "test.yml").write_text(greeting("Second."))
            until(lambda: [greets(served) for served in (one, other, late)] == ["Second."] * 3)


def test_an_address_that_one_process_signs_opens_at_another(tmp_path: Path, postgres: Postgres) -> None:
    files = f'\nfiles = "{(tmp_path / "files").as_uri()}"'
    with (
        postgres.database() as url,
        serving(tmp_path / "one", None, on(url) + files) as one,
        serving(tmp_path / "other", None, on(url) + files) as other,
    ):
        (kept,) = asyncio.run(uploads(one.address, 1, 3000))
        assert fetched(kept["source_url"].replace(one.address, other.address)) == b"x" * 3000
