"""Serving processes in SQL: the port `Replicas`. Knows no clock but the database's."""

from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database

RENEW = """
INSERT INTO replicas (id, alive_until) VALUES (:id, julianday('now') * 86400 + :seconds)
ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until
"""

BURY = "DELETE FROM replicas WHERE alive_until < julianday('now') * 86400"

OTHERS = "SELECT count(*) FROM replicas WHERE id <> :id AND alive_until >= julianday('now') * 86400"

LEAVE = "DELETE FROM replicas WHERE id = :id"


class SqlReplicas:
    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def alone(self) -> bool:
        return self._database.alone

    async def renew(self, seconds: float, *, bury: bool) -> bool:
        row = {"id": self._database.replica, "seconds": seconds}

        def work(connection: Connection) -> bool:
            connection.execute(RENEW, row)
            return bury and connection.execute(BURY).rowcount > 0

        return await self._database.write(work)

    async def others(self) -> bool:
        row = {"id": self._database.replica}
        found: int = await self._database.read(lambda connection: connection.execute(OTHERS, row).fetchone()[0])
        return found > 0

    async def leave(self) -> None:
        row = {"id": self._database.replica}
        await self._database.write(lambda connection: connection.execute(LEAVE, row).rowcount)
