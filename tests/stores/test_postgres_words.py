"""Words on Postgres: those that an older version kept, and those of which it knows itself that they are everywhere."""

from typing import Any

import psycopg
import pytest
from msgspec import structs

from parlour.domain.terms import indexed
from parlour.stores.postgres.database import Session, connect
from parlour.stores.postgres.opening import open_database
from parlour.stores.postgres.wording import WORDING
from parlour.stores.sql.connection import Cursor
from parlour.stores.sql.steps import steps
from parlour.stores.sql.words import Words, keys_of
from tests.conformance.knowledge_samples import HERE, TENANT
from tests.postgres_server import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

OLDER = ("图书馆 " + "x" * 90, "the the " * 9, "the cat", "")
TEXTS = ("the cat", "the dog", "the tea", "the the the the sea", "the cat and the dog", "the red house")
ALONE = "SET session_replication_role = replica"  # rows without those that they belong to
DATASET = "INSERT INTO datasets (id, tenant, name, searched, created_at, dataset) VALUES (%s, %s, '', '', 0, '{}')"
NODE = """
INSERT INTO nodes (sequence, id, dataset_id, segment_id, document) OVERRIDING SYSTEM VALUE
VALUES (%s, %s, %s, 's', 1)
"""
MANY = """
INSERT INTO node_words (rowid, terms)
SELECT number, '7aword 7anumber' || number FROM generate_series(1, %s) AS number
"""
EXPLAIN = b"""EXPLAIN EXECUTE held('["7aword"]', 3000)"""


class Telling:
    """A session that tells which keys it was asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.in_transaction = False
        self.keys: list[str] = []

    def execute(self, sql: str, parameters: Any = (), /) -> Cursor:
        if sql == WORDING.holding:
            self.keys.append(parameters["keys"])
        return self._session.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Cursor:
        return self._session.executemany(sql, parameters)


async def test_words_that_an_older_version_kept_are_found(postgres: Postgres) -> None:
    known = tuple(step for step in steps("parlour.stores.postgres") if step.number < 6)
    with postgres.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA parlour CASCADE")
        await open_database(url, known=known).close()
        with connect(url, reading=False) as connection:
            connection.execute(ALONE)
            connection.execute(DATASET, [HERE.dataset_id, TENANT])
            for at, text in enumerate(OLDER, 1):
                connection.execute(NODE, [at, f"n{at}", HERE.dataset_id])
                terms = " ".join(indexed(text))
                connection.execute("INSERT INTO node_terms (rowid, dataset, terms) VALUES (%s, 'd', %s)", [at, terms])
        await open_database(url).close()
        with connect(url, reading=False) as connection:
            rows = connection.execute("SELECT rowid, terms FROM node_words ORDER BY rowid").fetchall()
            [[number]] = connection.execute("SELECT sequence FROM datasets").fetchall()
    wanted = [(at, sorted(keys_of(number, text).split())) for at, text in enumerate(OLDER, 1) if text]
    assert [(at, sorted(held.split())) for at, held in rows] == wanted


async def test_words_that_the_database_knows_to_be_everywhere_need_not_be_learnt(postgres: Postgres) -> None:
    with postgres.database() as url:
        session = Session(url, reading=False)
        session.execute(ALONE)
        for at, text in enumerate(TEXTS, 1):
            session.execute("INSERT INTO node_words (rowid, terms) VALUES (?, ?)", (at, keys_of(7, text)))
        session.execute("ANALYZE node_words")
        telling = Telling(session)
        rankings = Words(structs.replace(WORDING, most=3)).rankings(telling, "d", 7, ["the", "house"])
        rows = [[row for some in ranking.portions(9) for row, _ in some] for ranking in rankings]
        session.close()
    assert rows == [[6, 4, 5], [6, 4, 5, 1, 2, 3]]
    assert telling.keys == ['["7cthe","7athe","7chouse","7bhouse","7ahouse"]', '["7bthe"]']


@pytest.mark.parametrize("count", [10, 40, 1500])
async def test_words_are_found_by_their_index_unless_there_is_a_handful(postgres: Postgres, count: int) -> None:
    with postgres.database() as url, connect(url, reading=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(ALONE)
        connection.execute(MANY, [count])
        connection.execute("ANALYZE node_words")
        statement = WORDING.holding.replace(":keys", "$1").replace(":most", "$2")
        connection.execute(f"PREPARE held AS {statement}".encode())
        connection.execute("SET plan_cache_mode = force_generic_plan")  # as the server has it from the sixth time on
        rows = connection.execute(EXPLAIN).fetchall()
    plan = "\n".join(str(row[0]) for row in rows)
    assert "node_words_by_key" in plan, plan
