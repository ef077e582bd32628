"""One writer thread with group commit, and a few readers. Knows no table: what is asked comes as units of work.

Whatever waits while the disk is busy shares the next commit, so a hundred answers that end together cost one fsync.

Work of one kind also shares its statements. Each call into SQLite lets the interpreter's lock go, and beside a busy
event loop it takes up to the interpreter's switch interval (5 ms, unless the process shortens it) to get it back: two
hundred calls a commit would be a second, six are nothing.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Generator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from parlour.domain.problems import Problem, StoreUnavailable
from parlour.stores.sqlite.lanes import Lane, Outcome, Unit
from parlour.stores.sqlite.opening import CannotOpen, Step, Trace, number, open_file, steps

__all__ = ["CannotOpen", "Database", "Joint", "Work", "fill", "snapshot"]

Row = TypeVar("Row")
Result = TypeVar("Result")

Work = Callable[[sqlite3.Connection], Result]
"""SQL and nothing else: values are encoded before and decoded after, where a mistake in them hits only its caller,
and a work that was undone may be done once more."""

Joint = Callable[[sqlite3.Connection, list[Row]], Sequence[Result]]
"""Work on any number of rows at once, with a result for each."""

LARGEST_GROUP = 500
"""Writes in one transaction, so that none waits long for those after it."""

LARGEST_LOOK = 8
"""Reads that one reader takes at once, so that few wait behind a slow one while another reader is free."""

LARGEST_FILL = 64
"""Rows in one statement, a power of two: each power is a statement of its own in the connection's cache."""

REFUSALS = (sqlite3.Error, Problem, ValueError, OverflowError)
"""How work may fail: by SQLite, by its own finding, or by a value that SQLite cannot hold."""


class Database:
    """A database file in use."""

    def __init__(
        self, path: Path, *, serving: bool, trace: Trace | None = None, known: tuple[Step, ...] | None = None
    ) -> None:
        """Open it; see `opening.open_file`."""
        self._opened = open_file(path, serving=serving, known=known or steps(), trace=trace)
        self._changes = self._opened.changes
        self._closing = False
        self._writes = Lane("sqlite-writer", [self._commit], LARGEST_GROUP)
        self._reads = Lane("sqlite-reader", [partial(look_up, one) for one in self._opened.readers], LARGEST_LOOK)

    async def write(self, work: Work[Result]) -> Result:
        """Do it in the next transaction; durable when this returns. Once accepted it is done, awaited or not."""
        return await self.join(each, work)

    async def join(self, joint: Joint[Row, Result], row: Row) -> Result:
        """As `write`, together with the rows that others bring to the same joint work at this time."""
        waiting = asyncio.get_running_loop().create_future()
        self._writes.put(Unit(joint, row, waiting))
        return await waiting

    async def read(self, work: Work[Result]) -> Result:
        """Do it on a read-only connection, which sees all that was written before."""
        waiting = asyncio.get_running_loop().create_future()
        self._reads.put(Unit(each, work, waiting))
        return await waiting

    async def changed(self) -> bool:
        """Whether another process has written since this was last asked.

        SQLite counts for each connection what all others have written. Only the writer's own count leaves out this
        process's traffic, so the question goes there.
        """
        before = self._changes
        self._changes = await self.write(lambda connection: number(connection, "PRAGMA data_version"))
        return self._changes != before

    async def check(self) -> None:
        """Return if it takes writes and reads.

        Raises:
            StoreUnavailable, ShuttingDown: it does not.
        """
        try:
            await self.write(look)
            await self.read(look)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"The database cannot be used ({error}).") from error

    async def close(self) -> None:
        """Do what is queued, then let go of the file."""
        if self._closing:
            return
        self._closing = True
        self._writes.end()
        self._reads.end()
        await asyncio.to_thread(self._finish)

    def _finish(self) -> None:
        self._writes.wait()
        self._reads.wait()
        self._opened.held.close()

    def _commit(self, group: list[Unit]) -> list[Outcome]:
        try:
            return self._together(group)
        except REFUSALS:
            return self._apart(group)

    def _together(self, group: list[Unit]) -> list[Outcome]:
        """Everything in one transaction, on the assumption that all goes well."""
        connection = self._opened.writer
        outcomes: list[Outcome] = []
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for joint, units in groupby(group, key=lambda unit: unit.joint):
                own = list(units)
                results = joint(connection, [unit.row for unit in own])
                outcomes += [Outcome(unit.waiting, result) for unit, result in zip(own, results, strict=True)]
        return outcomes

    def _apart(self, group: list[Unit]) -> list[Outcome]:
        """The same once more, where it did not: a mistake in one unit is undone alone, the others hold."""
        try:
            with self._opened.writer as connection:
                connection.execute("BEGIN IMMEDIATE")
                return [attempt(connection, unit) for unit in group]
        except REFUSALS as error:
            return [Outcome(unit.waiting, error=error) for unit in group]


def attempt(connection: sqlite3.Connection, unit: Unit) -> Outcome:
    connection.execute("SAVEPOINT unit")
    try:
        [result] = unit.joint(connection, [unit.row])
    except REFUSALS as error:
        if not connection.in_transaction:
            raise  # a full or failing disk: SQLite has undone the whole group, nobody may be told otherwise
        connection.execute("ROLLBACK TO unit")
        connection.execute("RELEASE unit")
        return Outcome(unit.waiting, error=error)
    connection.execute("RELEASE unit")
    return Outcome(unit.waiting, result)


def each(connection: sqlite3.Connection, works: list[Work[Any]]) -> list[Any]:
    """The joint work of those that share nothing."""
    return [work(connection) for work in works]


def look(connection: sqlite3.Connection) -> None:
    """The least that a file can be asked."""
    number(connection, "PRAGMA schema_version")


def fill(connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> int:
    """Run a statement over many rows, which stand where it says `{rows}`; how many it wrote.

    The last rows are filled up with NULLs, which the statement must pass over: so a few texts serve all numbers.
    """
    written = 0
    for start in range(0, len(rows), LARGEST_FILL):
        some = rows[start : start + LARGEST_FILL]
        places = 1 << (len(some) - 1).bit_length()
        width = len(some[0])
        text = sql.replace("{rows}", ", ".join([f"({', '.join('?' * width)})"] * places))
        values = [value for row in some for value in row] + [None] * (places - len(some)) * width
        written += connection.execute(text, values).rowcount
    return written


def look_up(connection: sqlite3.Connection, group: list[Unit]) -> list[Outcome]:
    """Reads, one by one."""
    outcomes: list[Outcome] = []
    for unit in group:
        try:
            [result] = unit.joint(connection, [unit.row])
        except REFUSALS as error:
            outcomes.append(Outcome(unit.waiting, error=error))
        else:
            outcomes.append(Outcome(unit.waiting, result))
    return outcomes


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Generator[None]:
    """Several reads that see one state."""
    with connection:
        connection.execute("BEGIN")
        yield
