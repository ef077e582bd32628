"""Webhooks in SQL: the port `Webhooks`, one transaction a call. Knows no threads and no receiver."""

from parlour.domain.message import Owner
from parlour.domain.webhook import Webhook
from parlour.ports.webhooks import FORGOTTEN, Backlog, Fate
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database

# One that has ended (`fate`) is due when it is to be forgotten.

ADD = """
INSERT INTO webhooks (run_id, app_id, user, app, url, created_at, due)
VALUES (:run_id, :app_id, :user, :app, :url, :created_at, :created_at)
ON CONFLICT (run_id) DO NOTHING
"""

# The second look at the time is for two who take at once: the one that comes later gets nothing. A run that goes on has
# a row that says so, its message's or its own; one whose process died has until the others find that out.
TAKE = """
UPDATE webhooks SET worker = :worker, due = :until
WHERE due <= :now AND run_id = (
    SELECT run_id FROM webhooks
    WHERE due <= :now AND fate = ''
        AND NOT EXISTS (SELECT 1 FROM messages WHERE id = webhooks.run_id AND status IN ('running', 'paused'))
        AND NOT EXISTS (SELECT 1 FROM workflow_runs WHERE id = webhooks.run_id AND status IN ('running', 'paused'))
    ORDER BY due, run_id LIMIT 1
)
RETURNING run_id, app_id, user, app, url, created_at, attempts
"""

PUT_OFF = """
UPDATE webhooks SET attempts = attempts + 1, due = :until WHERE run_id = :run_id AND worker = :worker AND fate = ''
"""

CLOSE = "UPDATE webhooks SET fate = :fate, due = :until WHERE run_id = :run_id AND worker = :worker AND fate = ''"

FORGET = "DELETE FROM webhooks WHERE due <= :now AND fate <> ''"

FORGET_USER = "DELETE FROM webhooks WHERE app_id = :app_id AND user = :user"

COUNT = "SELECT count(*), count(*) FILTER (WHERE attempts > 0) FROM webhooks WHERE fate = ''"


class SqlWebhooks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, webhook: Webhook) -> None:
        row = {
            "run_id": webhook.run_id,
            "app_id": webhook.owner.app_id,
            "user": webhook.owner.user,
            "app": webhook.app,
            "url": webhook.url,
            "created_at": webhook.created_at,
        }
        await self._database.write(lambda connection: connection.execute(ADD, row).rowcount)

    async def take(self, worker: str, now: float, until: float) -> Webhook | None:
        asked = {"worker": worker, "now": now, "until": until}
        rows: list[tuple[str, str, str, str, str, float, int]] = await self._database.write(
            lambda connection: connection.execute(TAKE, asked).fetchall()
        )
        for run_id, app_id, user, app, url, created_at, attempts in rows:
            return Webhook(run_id, Owner(app_id, user), app, url, created_at, attempts)
        return None

    async def put_off(self, run_id: str, worker: str, until: float) -> None:
        row = {"run_id": run_id, "worker": worker, "until": until}
        await self._database.write(lambda connection: connection.execute(PUT_OFF, row).rowcount)

    async def close(self, run_id: str, worker: str, fate: Fate, now: float) -> None:
        row = {"run_id": run_id, "worker": worker, "fate": fate, "until": now + FORGOTTEN, "now": now}

        def work(connection: Connection) -> None:
            connection.execute(CLOSE, row)
            connection.execute(FORGET, row)

        await self._database.write(work)

    async def backlog(self) -> Backlog:
        owed, failing = await self._database.read(lambda connection: connection.execute(COUNT).fetchone())
        return Backlog(owed - failing, failing)
