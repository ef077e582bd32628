"""Vectors of a database that was filled before its server had pgvector, or whose vectors an index cannot take."""

from random import Random

import psycopg
import pytest

from parlour.domain.vectors import floats, packed
from parlour.ports.passages import Written
from parlour.stores.postgres.opening import open_database
from parlour.stores.sql.steps import steps
from parlour.stores.sql.stores import Stores
from tests.conformance.knowledge_samples import HERE, finish, node, segment, shelve
from tests.postgres_server import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
AGAIN = """
DROP TRIGGER nodes_have_vectors ON parlour.nodes;
DROP FUNCTION parlour.nodes_have_vectors, parlour.index_of_vectors, parlour.as_vector;
DROP TABLE parlour.node_vectors;
"""
OLDER = """
DROP INDEX parlour.node_vectors_8;
CREATE INDEX node_vectors_8 ON parlour.node_vectors USING hnsw ((vector::vector(8)) vector_ip_ops) WHERE size = 8;
"""
KIND = "SELECT indexdef FROM pg_indexes WHERE indexname = 'node_vectors_8'"


async def fill(stores: Stores, size: int, count: int) -> list[bytes]:
    chance = Random(7)  # noqa: S311 -- the same numbers each time
    made = [packed([chance.gauss(0, 1) for _ in range(size)]) for _ in range(count)]
    await shelve(stores.knowledge)
    passages = tuple(segment(f"{at}", position=at) for at in range(count))
    nodes = tuple(node(one.id, *floats(made[one.position])) for one in passages)
    await finish(stores.knowledge, HERE, "doc", Written(passages, (), nodes))
    return made


@pytest.mark.parametrize("size", [3, 2500, 4100])
async def test_vectors_of_any_size_are_found_by_themselves(postgres: Postgres, size: int) -> None:
    with postgres.database() as url:
        stores = Stores(open_database(url, few=5))
        made = await fill(stores, size, 20)
        for at, vector in enumerate(made):
            [found] = await stores.knowledge.index.near(HERE, vector, 1)
            assert (found.node_id, found.score) == (f"{at}", pytest.approx(1.0, abs=1e-6))
        await stores.close()


async def test_vectors_from_before_the_extension_are_found_with_it(postgres: Postgres) -> None:
    with postgres.database() as url:
        stores = Stores(open_database(url))
        made = await fill(stores, 8, 20)
        await stores.close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(AGAIN)
        stores = Stores(open_database(url, few=5))
        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute("SELECT count(*) FROM parlour.node_vectors").fetchone() == (20,)
        assert [one.node_id for one in await stores.knowledge.index.near(HERE, made[4], 1)] == ["4"]
        await stores.close()


async def test_an_index_of_whole_precision_that_an_older_version_made_is_made_anew(postgres: Postgres) -> None:
    known = tuple(step for step in steps("parlour.stores.postgres") if step.number < 9)
    with postgres.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA parlour CASCADE")
        stores = Stores(open_database(url, known=known))
        made = await fill(stores, 8, 20)
        await stores.close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(OLDER)
        stores = Stores(open_database(url, few=5))
        with psycopg.connect(url, autocommit=True) as connection:
            assert "halfvec(8)" in f"{connection.execute(KIND).fetchone()}"
        assert [one.node_id for one in await stores.knowledge.index.near(HERE, made[4], 1)] == ["4"]
        await stores.close()
