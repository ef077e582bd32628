"""Secrets in SQL: the port `Secrets`. Does not know what they are for."""

from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database

KEEP = "INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING"

GET = "SELECT value FROM secrets WHERE name = :name"


class SqlSecrets:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def kept(self, name: str, fresh: bytes) -> bytes:
        row = {"name": name, "value": fresh}

        def work(connection: Connection) -> bytes:
            connection.execute(KEEP, row)
            return connection.execute(GET, row).fetchone()[0]

        return await self._database.write(work)
