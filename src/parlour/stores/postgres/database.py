"""The sessions of a Postgres database. Knows no table.

A session that was lost is opened again when it is needed next. The writer goes on with what it had in hand: whether a
group whose end it did not hear was committed, Postgres tells by the number of its transaction, so nothing is written
twice, and nothing that was acknowledged is missing. Reads fail at once, and so do writes that have waited long enough.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.string import TextLoader

from parlour.domain.problems import Problem, StoreUnavailable
from parlour.stores.postgres import vectors
from parlour.stores.postgres.dialect import translated
from parlour.stores.sql.groups import apart, look_up, together
from parlour.stores.sql.lanes import Outcome, Unit

SCHEMA = "parlour"

REFUSALS = (psycopg.Error, Problem, ValueError, OverflowError)

CONNECT_SECONDS = 5
PAUSE = 0.1

AGAIN = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
"""What befalls writers that meet, and not when they try again."""

GONE = "The database does not answer."


class Session:
    """A connection, and another one when it is lost."""

    def __init__(self, url: str, *, reading: bool) -> None:
        self._url = url
        self._reading = reading
        self._connection = connect(url, reading=reading)

    @property
    def in_transaction(self) -> bool:
        return self._connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}

    @property
    def lost(self) -> bool:
        return self._connection.closed

    def execute(self, sql: str, parameters: Any = (), /) -> psycopg.Cursor[Any]:
        return self._connection.execute(translated(sql), parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> psycopg.Cursor[Any]:
        cursor = self._connection.cursor()
        cursor.executemany(translated(sql), parameters)
        return cursor

    def begin(self) -> str:
        """Begin a transaction, and the number that it can be asked for later; one message there, one back."""
        cursor = self._connection.execute("BEGIN; SELECT pg_current_xact_id()")
        cursor.nextset()
        [number] = cursor.fetchone() or [""]
        return number

    def committed(self, number: str) -> bool:
        """How that transaction ended; waits while Postgres has not noticed that its session is gone."""
        while True:
            [status] = self._connection.execute("SELECT pg_xact_status(%s::xid8)", [number]).fetchone() or [""]
            if status != "in progress":
                return status == "committed"
            time.sleep(PAUSE)

    def ready(self) -> None:
        """
        Raises:
            psycopg.OperationalError: it is lost, and there is no other.
        """
        if self._connection.closed:
            self._connection = connect(self._url, reading=self._reading)

    def close(self) -> None:
        self._connection.close()


def connect(url: str, *, reading: bool) -> psycopg.Connection[Any]:
    connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="parlour")
    connection.adapters.register_loader("json", TextLoader)
    connection.execute(f"SET search_path = {SCHEMA}, public, extensions")  # where extensions are kept
    connection.execute("SET jit = off")  # no statement here takes as long as it takes to compile one
    if reading:
        connection.execute(vectors.SETTINGS)
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        connection.execute("SET default_transaction_read_only = on")
    return connection


class Writer:
    """Commits groups, one after the other."""

    def __init__(self, session: Session, patience: float) -> None:
        self._session = session
        self._patience = patience
        self._unheard: tuple[str, list[Outcome]] | None = None
        """A transaction whose commit was asked for, and what is to be told if it was done."""

    def commit(self, group: list[Unit]) -> list[Outcome]:
        until = time.monotonic() + self._patience
        self._unheard = None
        while True:
            try:
                self._session.ready()
                if self._unheard is not None and self._session.committed(self._unheard[0]):
                    return self._unheard[1]
                return self._written(group)
            except psycopg.Error as error:
                if not (self._session.lost or isinstance(error, AGAIN)):
                    return [Outcome(unit.waiting, error=error) for unit in group]
                if time.monotonic() > until:
                    return [Outcome(unit.waiting, error=StoreUnavailable(GONE)) for unit in group]
            time.sleep(PAUSE)

    def _written(self, group: list[Unit]) -> list[Outcome]:
        try:
            return self._transaction(lambda: together(self._session, group))
        except REFUSALS:
            if self._session.lost:
                raise
        return self._transaction(lambda: apart(self._session, group, REFUSALS))

    def _transaction(self, do: Callable[[], list[Outcome]]) -> list[Outcome]:
        number = self._session.begin()
        try:
            outcomes = do()
            self._unheard = number, outcomes
            self._session.execute("COMMIT")
        finally:
            if not self._session.lost:
                self._unheard = None
                if self._session.in_transaction:
                    self._session.execute("ROLLBACK")
        return outcomes


def look_ups(session: Session, group: list[Unit]) -> list[Outcome]:
    """Reads, once more if the session was lost meanwhile."""
    for _ in range(2):
        try:
            session.ready()
        except psycopg.OperationalError:
            break
        outcomes = look_up(session, group, REFUSALS)
        if not session.lost:
            return outcomes
    return [Outcome(unit.waiting, error=StoreUnavailable(GONE)) for unit in group]
