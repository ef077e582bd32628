"""Tags of datasets in SQL: the ports `Tags` and `TagBindings`, one transaction a call. Knows no threads."""

from collections.abc import Mapping, Sequence

from parlour.domain.dataset import Place, Tag
from parlour.domain.problems import InvalidParam
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database
from parlour.stores.sql.datasets import at, listed

CREATE = """
INSERT INTO tags (id, tenant, name, created_at) VALUES (:id, :tenant, :name, :created_at)
RETURNING id, tenant, name, created_at, 0
"""

ALL = """
SELECT id, tenant, name, created_at, (SELECT count(*) FROM tag_bindings WHERE tag_id = tags.id)
FROM tags WHERE tenant = :tenant ORDER BY created_at DESC, sequence DESC
"""

RENAME = """
UPDATE tags SET name = :name WHERE id = :id AND tenant = :tenant
RETURNING id, tenant, name, created_at, (SELECT count(*) FROM tag_bindings WHERE tag_id = tags.id)
"""

TAKEN = "SELECT 1 FROM tags WHERE tenant = :tenant AND name = :name AND id <> :id"

DELETE = "DELETE FROM tags WHERE id = :id AND tenant = :tenant"

DATASET = "SELECT 1 FROM datasets WHERE id = :dataset_id AND tenant = :tenant"
KNOWN = "SELECT count(*) FROM tags WHERE tenant = :tenant AND id IN (SELECT value FROM json_each(:tags))"
# The condition tells SQLite that no join goes on with ON.
BIND = """
INSERT INTO tag_bindings (dataset_id, tag_id) SELECT :dataset_id, value FROM json_each(:tags) WHERE TRUE
ON CONFLICT DO NOTHING
"""
UNBIND = """
DELETE FROM tag_bindings WHERE dataset_id = :dataset_id AND tag_id IN (SELECT value FROM json_each(:tags))
"""

OF = """
SELECT tag_bindings.dataset_id, tags.id, tags.tenant, tags.name, tags.created_at
FROM tag_bindings JOIN tags ON tags.id = tag_bindings.tag_id
WHERE tags.tenant = :tenant AND tag_bindings.dataset_id IN (SELECT value FROM json_each(:datasets))
ORDER BY tags.name, tags.sequence
"""

TagRow = tuple[str, str, str, float, int]


class SqlTags:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, tag: Tag) -> None:
        row = {"id": tag.id, "tenant": tag.tenant, "name": tag.name, "created_at": tag.created_at}
        await self._database.write(lambda connection: unless_taken(connection, CREATE, row))

    async def all(self, tenant: str) -> tuple[Tag, ...]:
        rows: list[TagRow] = await self._database.read(
            lambda connection: connection.execute(ALL, {"tenant": tenant}).fetchall()
        )
        return tuple(Tag(*row) for row in rows)

    async def rename(self, tenant: str, tag_id: str, name: str) -> Tag | None:
        asked = {"tenant": tenant, "id": tag_id, "name": name}
        rows: list[TagRow] = await self._database.write(lambda connection: unless_taken(connection, RENAME, asked))
        return Tag(*rows[0]) if rows else None

    async def delete(self, tenant: str, tag_id: str) -> bool:
        asked = {"tenant": tenant, "id": tag_id}
        return bool(await self._database.write(lambda connection: connection.execute(DELETE, asked).rowcount))


def unless_taken(connection: Connection, statement: str, row: Mapping[str, object]) -> list[TagRow]:
    if connection.execute(TAKEN, row).fetchone() is not None:
        raise InvalidParam("Tag name already exists", params="name")
    return connection.execute(statement, row).fetchall()


class SqlTagBindings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def bind(self, place: Place, tag_ids: Sequence[str], *, bound: bool) -> bool:
        wanted = set(tag_ids)
        asked = at(place) | {"tags": listed(sorted(wanted))}

        def work(connection: Connection) -> bool:
            if connection.execute(DATASET, asked).fetchone() is None:
                return False
            if bound and connection.execute(KNOWN, asked).fetchone()[0] != len(wanted):
                return False
            connection.execute(BIND if bound else UNBIND, asked)
            return True

        return await self._database.write(work)

    async def of(self, tenant: str, dataset_ids: Sequence[str]) -> Mapping[str, tuple[Tag, ...]]:
        asked = {"tenant": tenant, "datasets": listed(dataset_ids)}
        rows: list[tuple[str, str, str, str, float]] = await self._database.read(
            lambda connection: connection.execute(OF, asked).fetchall()
        )
        found: dict[str, tuple[Tag, ...]] = {}
        for dataset_id, one, owner, name, created_at in rows:
            found[dataset_id] = (*found.get(dataset_id, ()), Tag(one, owner, name, created_at))
        return found
