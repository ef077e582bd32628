"""From a path to open connections: the lock of the one serving process, the settings, the schema's steps.

Does not know what is asked of the connections afterwards.
"""

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from msgspec import Struct

from parlour.stores.sql.connection import Connection
from parlour.stores.sql.steps import CannotOpen, Step

READERS = 2
"""One that is held up by a long page, and one beside it; more only fight over the interpreter."""

PATIENCE = 5_000
"""Milliseconds to wait for another process (a command beside the server) that is writing."""

LEASES = 15
"""The step that brought the table of serving processes."""

Trace = Callable[[str], object]
"""Told each SQL statement as it starts, on whichever thread runs it."""


class Opened(Struct):
    """An open database file."""

    path: Path
    writer: sqlite3.Connection
    readers: tuple[sqlite3.Connection, ...]
    changes: int
    """`data_version` of the writer when it was opened."""
    held: contextlib.ExitStack
    """What is to be closed in the end: the connections, and after them the lock."""


def open_file(path: Path, *, serving: bool, known: tuple[Step, ...], trace: Trace | None = None) -> Opened:
    """Open the database, made or brought up to date where needed.

    Raises:
        CannotOpen: always with the cure.
    """
    try:
        with contextlib.ExitStack() as held:
            path.parent.mkdir(parents=True, exist_ok=True)
            if serving:
                hold_lock(path, held)
            writer = connect(path, "rwc", held, trace)
            if journal(writer) != "wal":
                raise CannotOpen(f"{path} lies where SQLite cannot share it between processes: use a local disk.")
            migrate(writer, path, known, serving=serving)
            if serving and known[-1].number >= LEASES:
                writer.execute("DELETE FROM replicas")  # the lock is ours: no other lives
            readers = tuple(connect(path, "ro", held, trace) for _ in range(READERS))
            return Opened(path, writer, readers, number(writer, "PRAGMA data_version"), held.pop_all())
    except (OSError, sqlite3.Error) as error:
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        raise CannotOpen(
            f"{path} cannot be used as a database ({why}): "
            "name a folder that can be written, or move the file in question away."
        ) from error


def connect(path: Path, mode: str, held: contextlib.ExitStack, trace: Trace | None) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=PATIENCE / 1000,
        isolation_level=None,  # transactions are written out where they are meant
        check_same_thread=False,  # opened here, used by one thread at a time afterwards
    )
    held.callback(connection.close)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -512")  # KiB each; 2 MiB, the usual, measured no quicker: the system caches
    # FULL: a power cut loses nothing either, where NORMAL would forgive only a dead process. Measured with 50 tasks
    # that open and close messages: 7,000 a second against 9,000, at 130 µs of CPU each against 110, as one fsync
    # serves a whole group. That is ten times what a server of this size answers.
    connection.execute("PRAGMA synchronous = FULL")
    connection.set_trace_callback(trace)
    return connection


def journal(connection: sqlite3.Connection) -> str:
    """Set the journal that lets readers and the writer work beside one another; which one it is then.

    Asks again while another process makes the file: here SQLite does not wait, but says at once that it is locked.
    """
    until = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            return text(connection, "PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)


def hold_lock(path: Path, held: contextlib.ExitStack) -> None:
    """Keep every other serving process out for as long as this one lives, however it ends.

    Two servers on one file would sweep each other's running messages away.
    """
    lock = lock_file(path, held)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.read(lock, 32).decode("ascii", "replace").strip() or "unknown"
        raise CannotOpen(
            f"{path} is already being served by process {pid}: stop that one, or give this one another folder."
        ) from error
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode("ascii"))


def is_served(path: Path) -> bool:
    with contextlib.ExitStack() as held:
        try:
            fcntl.flock(lock_file(path, held), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def lock_file(path: Path, held: contextlib.ExitStack) -> int:
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    held.callback(os.close, lock)
    return lock


def migrate(connection: sqlite3.Connection, path: Path, known: tuple[Step, ...], *, serving: bool) -> None:
    """Take the steps that the database has not seen yet, with their number, in one transaction.

    One for all of them: who opens a new file beside another process finds no schema or the whole one, not an old one.
    """
    newest = known[-1].number
    there = number(connection, "PRAGMA user_version")
    if there > newest:
        raise CannotOpen(
            f"{path} was written by a newer version of this program (schema {there}, this one knows {newest}): "
            "upgrade the program, or name another folder."
        )
    if 0 < there < newest and not serving and is_served(path):
        raise CannotOpen(f"{path} is in use by a server of an older version: restart the server first.")
    if there == newest:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        there = number(connection, "PRAGMA user_version")  # another process may have been quicker
        for step in (step for step in known if step.number > there):
            for statement in statements(step.sql):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {step.number}")


def statements(sql: str) -> Iterator[str]:
    """A script, one statement at a time: `executescript` would commit behind our back."""
    gathered = ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""


def number(connection: Connection, sql: str) -> int:
    return cast("int", connection.execute(sql).fetchone()[0])


def text(connection: sqlite3.Connection, sql: str) -> str:
    return cast("str", connection.execute(sql).fetchone()[0])
