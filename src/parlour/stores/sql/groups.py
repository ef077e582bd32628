"""Many units of work in one transaction, and each by itself where one fails. Knows no table and no kind of database."""

from itertools import groupby
from typing import Any

from parlour.stores.sql.connection import Connection, Work
from parlour.stores.sql.lanes import Outcome, Unit

Refusals = tuple[type[Exception], ...]
"""How work may fail: by the database, by its own finding, or by a value that the database cannot hold."""


def together(connection: Connection, group: list[Unit]) -> list[Outcome]:
    """Within a transaction, on the assumption that all goes well; work of one kind shares its statements."""
    outcomes: list[Outcome] = []
    for joint, units in groupby(group, key=lambda unit: unit.joint):
        own = list(units)
        results = joint(connection, [unit.row for unit in own])
        outcomes += [Outcome(unit.waiting, result) for unit, result in zip(own, results, strict=True)]
    return outcomes


def apart(connection: Connection, group: list[Unit], refusals: Refusals) -> list[Outcome]:
    """The same once more, where it did not: a mistake in one unit is undone alone, the others hold."""
    return [attempt(connection, unit, refusals) for unit in group]


def attempt(connection: Connection, unit: Unit, refusals: Refusals) -> Outcome:
    connection.execute("SAVEPOINT unit")
    try:
        [result] = unit.joint(connection, [unit.row])
    except refusals as error:
        if not connection.in_transaction:
            raise  # a failing disk, a lost connection: the whole group is undone, nobody may be told otherwise
        connection.execute("ROLLBACK TO unit")
        connection.execute("RELEASE unit")
        return Outcome(unit.waiting, error=error)
    connection.execute("RELEASE unit")
    return Outcome(unit.waiting, result)


def look_up(connection: Connection, group: list[Unit], refusals: Refusals) -> list[Outcome]:
    """Reads, one by one."""
    outcomes: list[Outcome] = []
    for unit in group:
        try:
            [result] = unit.joint(connection, [unit.row])
        except refusals as error:
            outcomes.append(Outcome(unit.waiting, error=error))
        else:
            outcomes.append(Outcome(unit.waiting, result))
    return outcomes


def each(connection: Connection, works: list[Work[Any]]) -> list[Any]:
    """The joint work of those that share nothing."""
    return [work(connection) for work in works]
