"""Two processes write passages into one dataset on Postgres: none is passed over by who reads what is new."""

import asyncio

import pytest

from parlour.domain.vectors import packed
from parlour.ports.passages import Written
from parlour.stores.postgres.database import Session
from parlour.stores.postgres.opening import open_database
from parlour.stores.sql.segments import DOCUMENT, put
from parlour.stores.sql.stores import Stores
from tests.conformance.knowledge_samples import HERE, finish, node, segment, shelve
from tests.postgres_server import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
EAST = packed([1.0, 0.0])


async def test_what_was_numbered_first_and_committed_last_is_found(postgres: Postgres) -> None:
    with postgres.database() as url:
        database, slow = open_database(url), Session(url, reading=False)
        database.nearest = None  # as without the extension: vectors are compared in memory
        stores = Stores(database)
        kept = stores.knowledge
        try:
            await shelve(kept)
            await finish(kept, HERE, "doc", Written((segment("s1"),), nodes=(node("s1", 0, 1),)))
            asked = {"document_id": "doc", "dataset_id": HERE.dataset_id, "tenant": HERE.tenant}
            slow.begin()
            row = slow.execute(DOCUMENT, asked).fetchone()
            assert row is not None
            put(slow, HERE, row[0], "doc", Written((segment("s8"),), nodes=(node("s8", 1, 0),)))
            later = Written((segment("s9"),), nodes=(node("s9", 1, 0),))
            writing = asyncio.create_task(kept.segments.write(HERE, "doc", later))
            await asyncio.wait({writing}, timeout=0.5)
            await kept.index.near(HERE, EAST, 9)
            slow.execute("COMMIT")
            assert await writing
            found = {one.segment_id for one in await kept.index.near(HERE, EAST, 9)}
            assert {"s8", "s9"} <= found
        finally:
            slow.close()
            await stores.close()
