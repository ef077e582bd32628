"""End users in SQL: the port `People`, one transaction a call. Knows no threads and no files."""

from collections.abc import Sequence

from parlour.domain.message import Owner
from parlour.domain.people import EndUser
from parlour.stores.sql.connection import Connection, fill
from parlour.stores.sql.database import Database

# Takes any number of rows (`fill`); a row of NULLs writes nothing.
SEEN = """
INSERT INTO end_users (id, app_id, user, created_at)
WITH asked (id, app_id, user, created_at) AS (VALUES {rows})
SELECT * FROM asked WHERE id IS NOT NULL
ON CONFLICT (id) DO NOTHING
"""

GET = "SELECT user, created_at FROM end_users WHERE id = :id AND app_id = :app_id"

EndUserRow = tuple[str, float]


class SqlPeople:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def seen(self, people: Sequence[EndUser]) -> None:
        rows = [(one.id, one.owner.app_id, one.owner.user, one.created_at) for one in people]
        await self._database.write(lambda connection: fill(connection, SEEN, rows))

    async def get(self, app_id: str, end_user_id: str) -> EndUser | None:
        asked = {"id": end_user_id, "app_id": app_id}

        def work(connection: Connection) -> EndUserRow | None:
            return connection.execute(GET, asked).fetchone()

        row = await self._database.read(work)
        return None if row is None else EndUser(Owner(app_id, row[0]), row[1])
