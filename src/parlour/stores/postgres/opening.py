"""From an address to open sessions, and the schema's steps. Does not know what is asked of the sessions afterwards."""

import contextlib
from functools import partial

import psycopg

from parlour.stores.postgres import vectors
from parlour.stores.postgres.database import SCHEMA, Session, Writer, connect, look_ups
from parlour.stores.postgres.wording import WORDING
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database, Opened
from parlour.stores.sql.steps import CannotOpen, Step, steps

READERS = 3
"""Sessions that read; each waits for the network, not for the interpreter."""

PATIENCE = 20.0
"""Seconds for which a write waits for a database that is gone."""

LOCK = 7_205_759_403
"""The number of the advisory lock under which steps are taken; any number would do, it must stay the same."""

OLDEST = 140_000


def open_database(
    url: str, *, known: tuple[Step, ...] | None = None, patience: float = PATIENCE, few: int = vectors.FEW
) -> Database:
    """Open the database, made or brought up to date where needed. `few`: as `vectors.Indexed` means it.

    Raises:
        CannotOpen: always with the cure.
    """
    try:
        with contextlib.ExitStack() as held:
            with connect(url, reading=False) as connection:
                by_extension = migrate(connection, known or steps("parlour.stores.postgres"))
            writer, *readers = (Session(url, reading=number > 0) for number in range(1 + READERS))
            for session in (writer, *readers):
                held.callback(session.close)
            opened = Opened(
                kind="postgres",
                alone=False,
                commit=Writer(writer, patience).commit,
                look_ups=[partial(look_ups, reader) for reader in readers],
                held=held.pop_all(),
                look=look,
                changes=changes,
                changes_before=changes(writer),
                failures=(psycopg.Error,),
                wording=WORDING,
                nearest=vectors.Indexed(few) if by_extension else None,
            )
            return Database(opened)
    except (psycopg.Error, UnicodeError) as error:
        why = " ".join(str(error).split())
        raise CannotOpen(
            f"the database cannot be used ({why}): look at storage.database, and whether the server runs."
        ) from error


def migrate(connection: psycopg.Connection, known: tuple[Step, ...]) -> bool:
    """Take the steps that the database has not seen yet, in one transaction; one process at a time.

    Whether vectors are found by an extension.
    """
    newest = known[-1].number
    if connection.info.server_version < OLDEST:
        raise CannotOpen("the database is older than Postgres 14: name a newer one.")
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.execute("CREATE TABLE IF NOT EXISTS steps (number INTEGER PRIMARY KEY)")
        [there] = connection.execute("SELECT coalesce(max(number), 0) FROM steps").fetchone() or [0]
        if there > newest:
            raise CannotOpen(
                f"the database was written by a newer version of this program (schema {there}, this one knows "
                f"{newest}): upgrade the program, or name another database."
            )
        for step in (step for step in known if step.number > there):
            connection.execute(step.sql.encode())
            connection.execute("INSERT INTO steps VALUES (%s)", [step.number])
        return vectors.prepare(connection)


def look(connection: Connection) -> None:
    connection.execute("SELECT 1")


def changes(connection: Connection) -> int:
    return connection.execute("SELECT number FROM changes").fetchone()[0]
