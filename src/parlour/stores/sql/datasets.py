"""Datasets in SQL: the port `Datasets`, one transaction a call. Knows no threads and no files."""

from collections.abc import Sequence

import msgspec

from parlour.domain.dataset import Dataset, DatasetQuery, DatasetsPage, Place
from parlour.domain.problems import DatasetNameDuplicate
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database

CREATE = """
INSERT INTO datasets (id, tenant, name, searched, created_at, dataset)
VALUES (:id, :tenant, :name, :searched, :created_at, :dataset)
ON CONFLICT DO NOTHING
"""

FIND = "SELECT dataset FROM datasets WHERE id = :dataset_id AND tenant = :tenant"

WANTED = """
FROM datasets
WHERE tenant = :tenant
  AND (:keyword = '' OR instr(searched, :keyword) > 0)
  AND (:name = '' OR name = :name)
  AND (:tags = '[]' OR id IN (
    SELECT dataset_id FROM tag_bindings WHERE tag_id IN (SELECT value FROM json_each(:tags))
  ))
"""
PAGE = f"SELECT dataset {WANTED} ORDER BY created_at DESC, sequence DESC LIMIT :limit OFFSET :offset"
TOTAL = f"SELECT count(*) {WANTED}"

TAKEN = "SELECT 1 FROM datasets WHERE tenant = :tenant AND name = :name AND id <> :id"

UPDATE = """
UPDATE datasets SET name = :name, searched = :searched, dataset = :dataset WHERE id = :id AND tenant = :tenant
"""

BLOBS = "SELECT blob FROM documents WHERE dataset_id = :dataset_id AND blob <> ''"
DELETE = "DELETE FROM datasets WHERE id = :dataset_id AND tenant = :tenant"

decode = msgspec.json.Decoder(Dataset).decode


class SqlDatasets:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, dataset: Dataset) -> None:
        row = row_of(dataset)
        if not await self._database.write(lambda connection: connection.execute(CREATE, row).rowcount):
            raise DatasetNameDuplicate

    async def find(self, place: Place) -> Dataset | None:
        row: tuple[str] | None = await self._database.read(
            lambda connection: connection.execute(FIND, at(place)).fetchone()
        )
        return decode(row[0]) if row else None

    async def page(self, tenant: str, query: DatasetQuery, page: int, limit: int) -> DatasetsPage:
        asked = {
            "tenant": tenant,
            "keyword": query.keyword.casefold(),
            "name": query.name,
            "tags": listed(query.tags),
            "limit": limit,
            "offset": (page - 1) * limit,
        }

        def work(connection: Connection) -> tuple[list[tuple[str]], int]:
            with snapshot(connection):
                total: int = connection.execute(TOTAL, asked).fetchone()[0]
                return connection.execute(PAGE, asked).fetchall(), total

        rows, total = await self._database.read(work)
        return DatasetsPage(tuple(decode(row[0]) for row in rows), total)

    async def update(self, dataset: Dataset) -> bool:
        row = row_of(dataset)

        def work(connection: Connection) -> bool:
            if connection.execute(TAKEN, row).fetchone() is not None:
                raise DatasetNameDuplicate
            return bool(connection.execute(UPDATE, row).rowcount)

        return await self._database.write(work)

    async def delete(self, place: Place) -> tuple[str, ...] | None:
        asked = at(place)

        def work(connection: Connection) -> tuple[str, ...] | None:
            blobs = connection.execute(BLOBS, asked).fetchall()
            return tuple(row[0] for row in blobs) if connection.execute(DELETE, asked).rowcount else None

        return await self._database.write(work)


def row_of(dataset: Dataset) -> dict[str, object]:
    return {
        "id": dataset.id,
        "tenant": dataset.tenant,
        "name": dataset.name,
        "searched": dataset.name.casefold(),
        "created_at": dataset.created_at,
        "dataset": msgspec.json.encode(dataset).decode(),
    }


def at(place: Place) -> dict[str, object]:
    """A place as what statements are given."""
    return {"tenant": place.tenant, "dataset_id": place.dataset_id}


def listed(ids: Sequence[str]) -> str:
    """Ids as statements take many of them."""
    return msgspec.json.encode(list(ids)).decode()
