"""A connection as the statements of the stores see it. Does not know which kind of database is behind it.

That of `sqlite3` is one as it is; `postgres/database.py` makes one of that of `psycopg`.
"""

import contextlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

Row = TypeVar("Row")
Result = TypeVar("Result")

Values = Sequence[object] | Mapping[str, object]


class Cursor(Protocol):
    """What a statement has found, or how many rows it wrote."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """Takes statements as SQLite reads them, with the places of values as `?` or `:name`."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...
    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Cursor: ...


Work = Callable[[Connection], Result]
"""SQL and nothing else: values are encoded before and decoded after, where a mistake in them hits only its caller,
and a work that was undone may be done once more."""

Joint = Callable[[Connection, list[Row]], Sequence[Result]]
"""Work on any number of rows at once, with a result for each."""

LARGEST_FILL = 64
"""Rows in one statement, a power of two: each power is a statement of its own among those that are kept prepared."""


def fill(connection: Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> int:
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


@contextlib.contextmanager
def snapshot(connection: Connection) -> Generator[None]:
    """Several reads that see one state."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")
