"""The connections of an SQLite file, as `sql/database.py` uses them. Knows no table."""

import logging
import sqlite3
from functools import partial
from pathlib import Path

from parlour.domain.problems import Problem, StoreUnavailable
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database, Opened
from parlour.stores.sql.groups import apart, look_up, together
from parlour.stores.sql.lanes import Outcome, Unit
from parlour.stores.sql.steps import Step, steps
from parlour.stores.sqlite.opening import Trace, number, open_file
from parlour.stores.sqlite.wording import WORDING

log = logging.getLogger(__name__)

DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
REFUSALS = (sqlite3.Error, Problem, ValueError, OverflowError)


def open_database(
    path: Path, *, serving: bool, trace: Trace | None = None, known: tuple[Step, ...] | None = None
) -> Database:
    """Open the file; see `opening.open_file`."""
    file = open_file(path, serving=serving, known=known or steps("parlour.stores.sqlite"), trace=trace)
    opened = Opened(
        kind="sqlite",
        alone=True,
        commit=partial(commit, file.writer),
        look_ups=[partial(look_up, one, refusals=REFUSALS) for one in file.readers],
        held=file.held,
        look=look,
        changes=changes,
        changes_before=file.changes,
        failures=(sqlite3.Error,),
        wording=WORDING,
    )
    return Database(opened)


def commit(connection: sqlite3.Connection, group: list[Unit]) -> list[Outcome]:
    try:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            return together(connection, group)
    except REFUSALS:
        pass
    try:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            return apart(connection, group, REFUSALS)
    except REFUSALS as error:
        told = unwritten(error) if isinstance(error, sqlite3.OperationalError) else error
        return [Outcome(unit.waiting, error=told) for unit in group]


def unwritten(error: sqlite3.OperationalError) -> Exception:
    """What they are told who wait for it: a disk that is full, or fails, is no mistake of the program."""
    if error.sqlite_errorcode & 0xFF not in DISK:
        return error
    log.error("the database could not be written: %s", error)
    return StoreUnavailable(f"The database cannot be written ({error}).")


def look(connection: Connection) -> None:
    connection.execute("PRAGMA schema_version").fetchone()


def changes(connection: Connection) -> int:
    """SQLite counts for each connection what all others have written. Only the writer's own count leaves out this
    process's traffic."""
    return number(connection, "PRAGMA data_version")
