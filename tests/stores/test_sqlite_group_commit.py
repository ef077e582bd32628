"""The writer of the SQLite store: what waits together is committed together, and nothing of it is lost or spoilt."""

import asyncio
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from parlour.domain.problems import InternalError, NotFound, ShuttingDown, StoreUnavailable
from parlour.stores.sql.connection import Connection, Work
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database
from tests.conformance.samples import ANN, a_conversation, a_message, answered

pytestmark = pytest.mark.anyio

ADD = "INSERT INTO keys (hash, kind, app, hint, created_at) VALUES (?, 'app', '', '', 1.0)"
HASHES = "SELECT hash FROM keys ORDER BY sequence"


class Traced:
    """A database that tells its statements."""

    def __init__(self, folder: Path) -> None:
        self.statements: list[str] = []
        self.path = folder / "parlour.db"
        self.database = open_database(self.path, serving=True, trace=self.statements.append)

    def commits(self) -> int:
        return self.statements.count("COMMIT")

    async def hashes(self) -> list[str]:
        return [row[0] for row in await self.database.read(lambda connection: connection.execute(HASHES).fetchall())]

    async def kept_busy(self) -> tuple[asyncio.Future[None], threading.Event]:
        """A write that is under way until the event is set."""
        loop, busy, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        def wait(_connection: Connection) -> None:
            loop.call_soon_threadsafe(busy.set)
            gate.wait(5)

        write = asyncio.ensure_future(self.database.write(wait))
        await busy.wait()
        return write, gate

    async def together(self, *writes: Coroutine[Any, Any, object]) -> list[object]:
        """All of them in one group: the writer is kept busy until the last one waits."""
        with anyio.fail_after(5):
            before, gate = await self.kept_busy()
            told = asyncio.gather(*writes, return_exceptions=True)
            await asyncio.sleep(0)  # each has run up to its wait
            gate.set()
            await before
            return await told


@asynccontextmanager
async def traced(folder: Path) -> AsyncGenerator[Traced]:
    opened = Traced(folder)
    opened.statements.clear()
    try:
        yield opened
    finally:
        await opened.database.close()


def add(digest: str) -> Work[None]:
    def work(connection: Connection) -> None:
        connection.execute(ADD, (digest,))

    return work


def add_then_refuse(connection: Connection) -> None:
    connection.execute(ADD, ("undone",))
    raise NotFound("no")


async def test_many_writes_share_one_commit(tmp_path: Path) -> None:
    async with traced(tmp_path) as store:
        await store.together(*(store.database.write(add(str(n))) for n in range(200)))
        assert store.commits() == 2, "one for the write that kept the writer busy, one for all others"
        assert await store.hashes() == [str(n) for n in range(200)], "in the order asked"


async def test_many_messages_share_their_statements(tmp_path: Path) -> None:
    async with traced(tmp_path) as store:
        sqlite = Stores(store.database)
        conversations = [a_conversation() for _ in range(60)]
        messages = [a_message(conversation) for conversation in conversations]
        await store.together(*map(sqlite.messages.open, messages, conversations))
        assert len(store.statements) <= 6
        await store.together(*(sqlite.messages.close(answered(message)) for message in messages))
        assert len(store.statements) <= 11
        for message in messages:
            page = await sqlite.messages.page(ANN, message.conversation_id, "", 5)
            assert page is not None
            assert page.items == (answered(message),)


async def test_more_messages_than_one_statement_takes_are_all_kept(tmp_path: Path) -> None:
    async with traced(tmp_path) as store:
        sqlite = Stores(store.database)
        conversation = a_conversation()
        await sqlite.messages.open(a_message(conversation, at=0.0), conversation)
        messages = [a_message(conversation, at=1.0) for _ in range(700)]
        await store.together(*(sqlite.messages.open(message, None) for message in messages))
        page = await sqlite.messages.page(ANN, conversation.id, "", 700)
        assert page is not None
        assert page.items == tuple(messages), "of one time, so in their order of writing"


async def test_what_fails_is_undone_alone(tmp_path: Path) -> None:
    async with traced(tmp_path) as store:
        write = store.database.write
        told = await store.together(
            write(add("one")),
            write(add_then_refuse),
            write(add("one")),
            write(add("surrogate \ud800")),
            write(add("two")),
        )
        assert [type(one) for one in told] == [
            type(None),
            NotFound,
            sqlite3.IntegrityError,
            UnicodeEncodeError,
            type(None),
        ]
        assert await store.hashes() == ["one", "two"]


async def test_a_message_that_cannot_be_written_spoils_no_other(tmp_path: Path) -> None:
    async with traced(tmp_path) as store:
        sqlite = Stores(store.database)
        conversations = [a_conversation() for _ in range(3)]
        conversations.insert(1, conversations[0])  # the same id twice
        told = await store.together(
            *(sqlite.messages.open(a_message(conversation), conversation) for conversation in conversations)
        )
        assert [type(one) for one in told] == [type(None), sqlite3.IntegrityError, type(None), type(None)]
        assert len((await sqlite.conversations.page(ANN, "", 20, "created_at")).items) == 3


async def test_an_answer_sent_with_its_question_is_kept(tmp_path: Path) -> None:
    """A run that is cut off while it writes the question sends the answer at once."""
    async with traced(tmp_path) as store:
        sqlite = Stores(store.database)
        conversation = a_conversation()
        message = a_message(conversation)
        await store.together(sqlite.messages.open(message, conversation), sqlite.messages.close(answered(message)))
        thread = await sqlite.messages.thread(ANN, conversation.id, 5)
        assert thread is not None
        assert len(thread.exchanges) == 1


async def test_who_gives_up_waiting_takes_nothing_back(tmp_path: Path) -> None:
    async with traced(tmp_path) as store:
        given_up = asyncio.ensure_future(store.database.write(add("given up")))
        await asyncio.sleep(0)
        given_up.cancel()
        await store.database.write(add("patient"))
        assert await store.hashes() == ["given up", "patient"]


async def test_a_full_disk_refuses_and_acknowledges_nothing_that_is_not_there(tmp_path: Path) -> None:
    async with traced(tmp_path) as store:
        database = store.database
        pages = await database.write(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
        await database.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages + 4}").fetchone())
        told = await store.together(*(database.write(add(f"{n:05}" * 100)) for n in range(100)))
        refused = [one for one in told if isinstance(one, StoreUnavailable)]
        assert refused
        assert "full" in refused[0].message
        assert len(await store.hashes()) == told.count(None)
        await database.write(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchone())
        await database.write(add("space again"))
        assert "space again" in await store.hashes()


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    store = Traced(tmp_path)
    busy, gate = await store.kept_busy()
    writes = [asyncio.ensure_future(store.database.write(add(str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(store.database.close())
    await asyncio.sleep(0)
    with pytest.raises(ShuttingDown):
        await store.database.write(add("late"))
    with pytest.raises(ShuttingDown):
        await store.hashes()
    gate.set()
    with anyio.fail_after(5):
        await asyncio.gather(busy, closing, *writes)
    await store.database.close()
    async with traced(tmp_path) as again:
        assert await again.hashes() == [str(n) for n in range(50)]


async def test_a_mistake_in_a_work_is_that_work_s_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []

    def see(mistake: threading.ExceptHookArgs) -> None:
        seen.append(mistake.exc_type)

    def mistaken(connection: Connection) -> None:
        connection.execute(ADD, ("undone",))
        raise KeyError

    def misread(_connection: Connection) -> None:
        raise AttributeError

    monkeypatch.setattr(threading, "excepthook", see)
    async with traced(tmp_path) as store:
        write = store.database.write
        with anyio.fail_after(5):
            told = await store.together(write(add("a")), write(mistaken), write(add("b")), write(mistaken))
            assert [type(one) for one in told] == [type(None), InternalError, type(None), InternalError]
            for _ in range(5):  # more often than there are readers
                with pytest.raises(InternalError):
                    await store.database.read(misread)
            await write(add("later"))
            assert await store.hashes() == ["a", "b", "later"]
    assert Counter(seen) == {KeyError: 3, AttributeError: 5}, "once more for the group that was in hand"


async def test_a_write_waits_for_a_command_that_is_writing(tmp_path: Path) -> None:
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def look(statement: str) -> None:
        if statement == "BEGIN IMMEDIATE":
            loop.call_soon_threadsafe(begun.set)

    path = tmp_path / "parlour.db"
    await open_database(path, serving=True).close()
    database = open_database(path, serving=True, trace=look)
    command = sqlite3.connect(path, isolation_level=None)
    command.execute("BEGIN IMMEDIATE")
    command.execute(ADD, ("by command",))
    write = asyncio.ensure_future(database.write(add("by server")))
    with anyio.fail_after(5):
        await begun.wait()
        command.execute("COMMIT")
        command.close()
        await write
    rows = await database.read(lambda connection: connection.execute(HASHES).fetchall())
    assert rows == [("by command",), ("by server",)]
    await database.close()


async def test_reads_that_take_long_go_beside_one_another_and_hold_up_no_short_one(tmp_path: Path) -> None:
    both, gate = threading.Barrier(2), threading.Event()

    def at_once(_connection: Connection) -> None:
        assert not gate.is_set()

    def long(_connection: Connection) -> None:
        both.wait(5)
        gate.wait(5)

    database = Traced(tmp_path).database
    with anyio.fail_after(9):
        short, one, other = (
            asyncio.ensure_future(database.read(work, alone=alone))
            for work, alone in ((at_once, False), (long, True), (long, True))
        )
        await short
        gate.set()
        await asyncio.gather(one, other)
        await database.close()
