"""How a database file is opened: made, brought up to date, shared with commands, or refused with the cure."""

import os
import sqlite3
import sys
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from msgspec import json

from parlour.domain.files import File
from parlour.domain.values import json_form
from parlour.ports.catalogue import Key
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.steps import CannotOpen, Step, steps
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database
from parlour.stores.sqlite.opening import open_file
from tests.conformance.samples import ANN, ask_and_answer, begun, messages_of

pytestmark = pytest.mark.anyio

STEPS = steps("parlour.stores.sqlite")
KEY = Key("aa", "app", "support", "app-…", 1.0)

SERVER = """
import asyncio, sys
from pathlib import Path
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database

async def main():
    store = Stores(open_database(Path(sys.argv[1]), serving=True))
    print("changed" if await store.changed() else "ready", flush=True)
    for _ in sys.stdin:
        changed = await store.changed()
        print("changed" if changed else "the same", await store.keys.find("aa") is not None, flush=True)

asyncio.run(main())
"""

WRITER = """
import asyncio, sys
from pathlib import Path
from msgspec import structs
from tests.conformance.samples import a_conversation, a_message, answered
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database

async def write(store):
    while True:
        conversation = a_conversation()
        message = a_message(conversation)
        await store.messages.open(message, conversation)
        print("open", conversation.id, flush=True)
        await store.messages.close(answered(message))
        print("close", conversation.id, flush=True)

async def main():
    store = Stores(open_database(Path(sys.argv[1]), serving=True))
    await asyncio.gather(*(write(store) for _ in range(20)))

asyncio.run(main())
"""


@asynccontextmanager
async def running(script: str, path: Path) -> AsyncGenerator[tuple[Process, BufferedByteReceiveStream]]:
    root = Path(__file__).parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    async with await anyio.open_process([sys.executable, "-c", script, str(path)], env=environment) as process:
        assert process.stdout is not None
        try:
            yield process, BufferedByteReceiveStream(process.stdout)
        finally:
            if process.returncode is None:
                process.kill()


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def tables_of(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert [step.number for step in STEPS] == list(range(1, len(STEPS) + 1))


async def test_a_new_file_is_made_with_its_folder_and_opens_again_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder with # and ?" / "parlour.db"
    store = Stores(open_database(path, serving=True))
    conversation = await begun(store)
    answer = await ask_and_answer(store, conversation, at=2.0)
    await store.keys.add(KEY)
    await store.close()
    assert version_of(path) == len(STEPS)
    for _ in range(2):
        again = Stores(open_database(path, serving=True))
        assert (await messages_of(again, conversation))[-1] == answer
        assert await again.keys.all() == (KEY,)
        await again.close()
    assert version_of(path) == len(STEPS)


async def test_processes_that_make_the_file_at_one_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    def open_it(number: int) -> Stores:
        return Stores(open_database(tmp_path / "parlour.db", serving=number == 0))

    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(open_it, range(8)))
    for store in stores:
        await store.keys.add(KEY)
        await store.close()


def test_a_file_that_another_process_is_making_is_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    asked: list[object] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def trace(statement: object) -> None:
            if "journal_mode" in str(statement):
                asked.append(statement)
                if len(asked) == 2:
                    other.execute("ROLLBACK")

        with open_file(path, serving=False, known=STEPS, trace=trace).held:
            assert len(asked) == 2


async def test_a_later_step_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    store = Stores(open_database(path, serving=True))
    await store.keys.add(KEY)
    await store.close()
    later = Step(
        len(STEPS) + 1,
        "ALTER TABLE keys ADD COLUMN note TEXT; -- a comment; with a semicolon\n"
        "CREATE TRIGGER noted AFTER INSERT ON keys BEGIN\n  DELETE FROM versions;\n  DELETE FROM versions;\nEND;\n",
    )
    upgraded = Stores(open_database(path, serving=False, known=(*STEPS, later)))
    assert await upgraded.keys.all() == (KEY,)
    await upgraded.close()
    assert version_of(path) == later.number
    with pytest.raises(CannotOpen, match="newer version of this program"):
        Stores(open_database(path, serving=True))


async def test_what_runs_and_variables_name_is_held_also_in_a_file_of_before(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    database = open_database(path, serving=True, known=STEPS[:12])
    file = json_form(File("document", "local_file", "a.pdf", related_id="held"))
    text = {"text": json.encode({"doc": file}).decode()}

    def work(connection: Connection) -> None:
        connection.execute("INSERT INTO uploads VALUES ('held', 'a', 'u', 'a.pdf', 1, 'pdf', 'x/y', 1)")
        run = "INSERT INTO workflow_runs VALUES (1, 'r', 'a', 'u', '', '', 'paused', 9, '', '{}', CAST(:text AS BLOB))"
        connection.execute(run, text)

    await database.write(work)
    await database.close()
    store = Stores(open_database(path, serving=True))
    assert await store.retention.uploads(5.0, 9) == ()
    await store.retention.runs(10.0, 9)
    assert await store.retention.uploads(5.0, 9) == ("held",)
    await store.close()


async def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    await Stores(open_database(path, serving=True)).close()
    before = tables_of(path)
    broken = Step(len(STEPS) + 1, "CREATE TABLE extra (id TEXT);\nCREATE nonsense;\n")
    with pytest.raises(CannotOpen):
        open_database(path, serving=True, known=(*STEPS, broken))
    assert (tables_of(path), version_of(path)) == (before, len(STEPS))
    await Stores(open_database(path, serving=True)).close()  # and the lock is free again


async def test_a_newer_command_does_not_change_the_file_under_an_older_server(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    later = Step(len(STEPS) + 1, "ALTER TABLE keys ADD COLUMN note TEXT;\n")
    server = Stores(open_database(path, serving=True))
    with pytest.raises(CannotOpen, match="restart the server first"):
        open_database(path, serving=False, known=(*STEPS, later))
    await server.close()
    await open_database(path, serving=False, known=(*STEPS, later)).close()


@pytest.mark.parametrize("serving", [True, False])
async def test_what_cannot_be_used_is_refused_in_one_line(tmp_path: Path, *, serving: bool) -> None:
    (tmp_path / "file").write_text("no database, but long enough to be looked at as one " * 100)
    for path in (tmp_path / "file" / "parlour.db", tmp_path / "file", tmp_path):
        with pytest.raises(CannotOpen, match="name a folder that can be written") as refused:
            Stores(open_database(path, serving=serving))
        assert str(path) in str(refused.value)
        assert "\n" not in str(refused.value)


async def test_a_second_server_is_refused_and_a_command_is_not(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    with anyio.fail_after(10):
        async with running(SERVER, path) as (server, told):
            assert server.stdin is not None
            assert await told.receive_until(b"\n", 100) == b"ready"
            with pytest.raises(CannotOpen, match=f"{path} is already being served by process {server.pid}: stop"):
                Stores(open_database(path, serving=True))
            await server.stdin.send(b"?\n")
            assert await told.receive_until(b"\n", 100) == b"the same False"
            command = Stores(open_database(path, serving=False))
            await command.keys.add(KEY)
            await command.close()
            await server.stdin.send(b"?\n?\n")
            assert await told.receive_until(b"\n", 100) == b"changed True"
            assert await told.receive_until(b"\n", 100) == b"the same True"
            server.kill()
            await server.wait()
    await Stores(open_database(path, serving=True)).close()


async def test_changes_of_others_are_noticed_and_own_ones_are_not(tmp_path: Path) -> None:
    server = Stores(open_database(tmp_path / "parlour.db", serving=True))
    command = Stores(open_database(tmp_path / "parlour.db", serving=False))
    assert not await server.changed()
    await server.keys.add(KEY)
    assert not await server.changed()
    await command.keys.revoke(KEY.hash)
    assert [await server.changed(), await server.changed()] == [True, False]
    await command.close()
    await server.close()


async def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    with anyio.fail_after(20):
        async with running(WRITER, path) as (writer, told):
            lines = [await told.receive_until(b"\n", 100) for _ in range(500)]
            writer.kill()
            try:
                while True:
                    lines.append(await told.receive_until(b"\n", 100))
            except (anyio.EndOfStream, anyio.IncompleteRead):
                pass  # a last line that was cut is not acknowledged
            await writer.wait()
    store = Stores(open_database(path, serving=True))
    await store.messages.sweep("killed")
    for line in lines:
        what, conversation_id = line.decode().split()
        page = await store.messages.page(ANN, conversation_id, "", 5)
        assert page is not None
        (message,) = page.items
        assert message.status in ({"normal"} if what == "close" else {"normal", "error"})
        assert message.answer == ("Fine." if message.status == "normal" else "")
    await store.close()


@pytest.mark.parametrize("package", ["parlour.stores.sqlite", "parlour.stores.postgres"])
def test_no_two_steps_have_one_number_and_none_is_left_out(package: str) -> None:
    assert [step.number for step in steps(package)] == list(range(1, len(steps(package)) + 1))
