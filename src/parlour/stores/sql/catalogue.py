"""Keys and versions in SQL: the ports `Keys` and `Versions`. Knows no threads, and no secret of a key."""

from typing import cast

from msgspec import structs

from parlour.ports.catalogue import Key, KeyKind, Version
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database

ADD_KEY = """
INSERT INTO keys (hash, kind, app, hint, created_at) VALUES (:hash, :kind, :app, :hint, :created_at)
ON CONFLICT (hash) DO UPDATE SET kind = :kind, app = :app, hint = :hint, created_at = :created_at
"""

FIND_KEY = "SELECT hash, kind, app, hint, created_at FROM keys WHERE hash = :hash"

ALL_KEYS = "SELECT hash, kind, app, hint, created_at FROM keys ORDER BY created_at, sequence"

REVOKE_KEY = "DELETE FROM keys WHERE hash = :hash"

# Written anew it gets a new sequence, the highest: published again is newest again. A draft of what is published
# already must not take it back, nor push it in front.
TAKE_BACK = "DELETE FROM versions WHERE app = :app AND id = :id AND (draft OR NOT :draft)"

PUBLISH = """
INSERT INTO versions (app, id, source, created_at, draft) VALUES (:app, :id, :source, :created_at, :draft)
ON CONFLICT DO NOTHING
"""

GET_VERSION = "SELECT id, app, source, created_at, draft FROM versions WHERE app = :app AND id = :id"

LATEST = """
SELECT id, app, source, created_at, draft
FROM versions
WHERE sequence IN (SELECT max(sequence) FROM versions WHERE NOT draft GROUP BY app)
ORDER BY app
"""

HISTORY = "SELECT id, app, source, created_at, draft FROM versions WHERE app = :app ORDER BY sequence DESC"

KeyRow = tuple[str, str, str, str, float]
VersionRow = tuple[str, str, str, float, int]


class SqlKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: Key) -> None:
        row = structs.asdict(key)
        await self._database.write(lambda connection: connection.execute(ADD_KEY, row).rowcount)

    async def find(self, digest: str) -> Key | None:
        row: KeyRow | None = await self._database.read(
            lambda connection: connection.execute(FIND_KEY, {"hash": digest}).fetchone()
        )
        return None if row is None else key_from(row)

    async def all(self) -> tuple[Key, ...]:
        rows: list[KeyRow] = await self._database.read(lambda connection: connection.execute(ALL_KEYS).fetchall())
        return tuple(key_from(row) for row in rows)

    async def revoke(self, digest: str) -> bool:
        return bool(
            await self._database.write(lambda connection: connection.execute(REVOKE_KEY, {"hash": digest}).rowcount)
        )


class SqlVersions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, version: Version) -> None:
        row = structs.asdict(version)

        def work(connection: Connection) -> None:
            connection.execute(TAKE_BACK, row)
            connection.execute(PUBLISH, row)

        await self._database.write(work)

    async def get(self, app: str, version_id: str) -> Version | None:
        row: VersionRow | None = await self._database.read(
            lambda connection: connection.execute(GET_VERSION, {"app": app, "id": version_id}).fetchone()
        )
        return None if row is None else version_from(row)

    async def latest(self) -> tuple[Version, ...]:
        rows: list[VersionRow] = await self._database.read(lambda connection: connection.execute(LATEST).fetchall())
        return tuple(version_from(row) for row in rows)

    async def history(self, app: str) -> tuple[Version, ...]:
        rows: list[VersionRow] = await self._database.read(
            lambda connection: connection.execute(HISTORY, {"app": app}).fetchall()
        )
        return tuple(version_from(row) for row in rows)


def key_from(row: KeyRow) -> Key:
    digest, kind, app, hint, created_at = row
    return Key(hash=digest, kind=cast("KeyKind", kind), app=app, hint=hint, created_at=created_at)


def version_from(row: VersionRow) -> Version:
    version_id, app, source, created_at, draft = row
    return Version(id=version_id, app=app, source=source, created_at=created_at, draft=bool(draft))
