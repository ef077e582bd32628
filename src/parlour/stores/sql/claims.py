"""Keys of repeated requests in SQL: the port `Claims`, and the statement that takes one. Knows no threads."""

from parlour.domain.claim import Claim, Repeat
from parlour.domain.message import Owner
from parlour.stores.sql.database import Database

FIND = """
SELECT body, task_id, message_id, created_at
FROM claims
WHERE app_id = :app_id AND user = :user AND key = :key AND expires_at > :now
"""

# Writes nothing where the key stands for another message already.
TAKE = """
INSERT INTO claims (app_id, user, key, body, task_id, message_id, created_at, expires_at)
VALUES (:app_id, :user, :key, :body, :task_id, :message_id, :created_at, :expires_at)
ON CONFLICT (app_id, user, key) DO UPDATE
SET body = excluded.body, task_id = excluded.task_id, message_id = excluded.message_id,
    created_at = excluded.created_at, expires_at = excluded.expires_at
WHERE claims.expires_at <= excluded.created_at
"""

ClaimRow = tuple[str, str, str, float]


class SqlClaims:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, owner: Owner, key: str, now: float) -> Claim | None:
        asked = {"app_id": owner.app_id, "user": owner.user, "key": key, "now": now}
        row: ClaimRow | None = await self._database.read(lambda connection: connection.execute(FIND, asked).fetchone())
        if row is None:
            return None
        body, task_id, message_id, created_at = row
        return Claim(owner, Repeat(key, body), task_id, message_id, created_at)


def row_of(claim: Claim) -> dict[str, object]:
    """What `TAKE` is filled with."""
    return {
        "app_id": claim.owner.app_id,
        "user": claim.owner.user,
        "key": claim.repeat.key,
        "body": claim.repeat.body,
        "task_id": claim.task_id,
        "message_id": claim.message_id,
        "created_at": claim.created_at,
        "expires_at": claim.expires_at,
    }
