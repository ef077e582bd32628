"""Letting go of what is old, in SQL: the port `Retention`. Knows no threads, no blobs and no clock."""

from collections.abc import Sequence

from msgspec import json

from parlour.ports.retention import Pruned
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database

OLDEST = """
SELECT sequence, conversation_id FROM messages
WHERE created_at < :before AND status <> 'running'
ORDER BY created_at LIMIT :limit
"""

# Their nodes and forms go with them.
DELETE_RUNS = """
DELETE FROM workflow_runs
WHERE sequence IN (
    SELECT sequence FROM workflow_runs WHERE created_at < :before AND status <> 'running'
    ORDER BY created_at LIMIT :limit
)
"""

# By hand although it cascades: what cascades is not counted.
DELETE_FEEDBACKS = """
DELETE FROM feedbacks
WHERE message_id IN (
    SELECT id FROM messages WHERE sequence IN (SELECT CAST(value AS BIGINT) FROM json_each(:sequences))
)
"""

DELETE_MESSAGES = "DELETE FROM messages WHERE sequence IN (SELECT CAST(value AS BIGINT) FROM json_each(:sequences))"

DELETE_EMPTY = """
DELETE FROM conversations
WHERE id IN (SELECT value FROM json_each(:conversations))
    AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = conversations.id)
"""

# The condition on the empty string is what lets the partial index be used.
GIVE_UP = """
INSERT INTO given_up_blobs (name)
SELECT id FROM uploads
WHERE created_at < :before
    AND NOT EXISTS (SELECT 1 FROM message_files WHERE upload_file_id = uploads.id AND upload_file_id <> '')
    AND NOT EXISTS (SELECT 1 FROM run_uploads WHERE upload_id = uploads.id)
    AND NOT EXISTS (SELECT 1 FROM variable_uploads WHERE upload_id = uploads.id)
ORDER BY created_at LIMIT :limit
"""

DELETE_UPLOADS = "DELETE FROM uploads WHERE id IN (SELECT name FROM given_up_blobs)"

GIVEN_UP = "SELECT name FROM given_up_blobs ORDER BY name LIMIT :limit"

DELETED = "DELETE FROM given_up_blobs WHERE name IN (SELECT value FROM json_each(:names))"

DELETE_CLAIMS = """
DELETE FROM claims
WHERE (app_id, user, key) IN (SELECT app_id, user, key FROM claims WHERE expires_at <= :now LIMIT :limit)
"""

COUNT_MESSAGES = "SELECT count(*) FROM messages WHERE created_at < :before AND status <> 'running'"

COUNT_FEEDBACKS = """
SELECT count(*) FROM feedbacks JOIN messages ON messages.id = message_id
WHERE messages.created_at < :before AND status <> 'running'
"""

COUNT_EMPTY = """
SELECT count(*) FROM
    (SELECT DISTINCT conversation_id FROM messages WHERE created_at < :before AND status <> 'running') AS old
WHERE NOT EXISTS (
    SELECT 1 FROM messages AS m
    WHERE m.conversation_id = old.conversation_id AND (m.created_at >= :before OR m.status = 'running')
)
"""

COUNT_UPLOADS = """
SELECT count(*) FROM uploads
WHERE created_at < :before AND NOT EXISTS (
    SELECT 1 FROM message_files JOIN messages ON messages.id = message_id
    WHERE upload_file_id = uploads.id AND upload_file_id <> ''
        AND (messages.created_at >= :before OR status = 'running')
) AND NOT EXISTS (
    SELECT 1 FROM run_uploads JOIN workflow_runs ON workflow_runs.id = run_id
    WHERE upload_id = uploads.id AND (workflow_runs.created_at >= :before OR status = 'running')
) AND NOT EXISTS (
    SELECT 1 FROM variable_uploads JOIN messages ON messages.conversation_id = variable_uploads.conversation_id
    WHERE upload_id = uploads.id AND (messages.created_at >= :before OR status = 'running')
)
"""

COUNT_CLAIMS = "SELECT count(*) FROM claims WHERE expires_at <= :now"

COUNT_RUNS = "SELECT count(*) FROM workflow_runs WHERE created_at < :before AND status <> 'running'"


class SqlRetention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def old(self, before: float, now: float) -> Pruned:
        asked = {"before": before, "now": now}
        counts = (COUNT_MESSAGES, COUNT_EMPTY, COUNT_FEEDBACKS, COUNT_UPLOADS, COUNT_CLAIMS, COUNT_RUNS)

        def work(connection: Connection) -> list[int]:
            with snapshot(connection):
                return [connection.execute(sql, asked).fetchone()[0] for sql in counts]

        return Pruned(*await self._database.read(work))

    async def runs(self, before: float, limit: int) -> int:
        asked = {"before": before, "limit": limit}
        return await self._database.write(lambda connection: connection.execute(DELETE_RUNS, asked).rowcount)

    async def messages(self, before: float, limit: int) -> Pruned:
        asked = {"before": before, "limit": limit}

        def work(connection: Connection) -> Pruned:
            rows: list[tuple[int, str]] = connection.execute(OLDEST, asked).fetchall()
            if not rows:
                return Pruned()
            sequences = {"sequences": json.encode([sequence for sequence, _ in rows]).decode()}
            conversations = {"conversations": json.encode(sorted({one for _, one in rows})).decode()}
            feedbacks = connection.execute(DELETE_FEEDBACKS, sequences).rowcount
            messages = connection.execute(DELETE_MESSAGES, sequences).rowcount
            emptied = connection.execute(DELETE_EMPTY, conversations).rowcount
            return Pruned(messages, emptied, feedbacks)

        return await self._database.write(work)

    async def uploads(self, before: float, limit: int) -> tuple[str, ...]:
        asked = {"before": before, "limit": limit}

        def work(connection: Connection) -> list[tuple[str]]:
            if connection.execute(GIVE_UP, asked).rowcount:
                connection.execute(DELETE_UPLOADS)
            return connection.execute(GIVEN_UP, asked).fetchall()

        return tuple(name for (name,) in await self._database.write(work))

    async def deleted(self, names: Sequence[str]) -> None:
        asked = {"names": json.encode(list(names)).decode()}
        await self._database.write(lambda connection: connection.execute(DELETED, asked).rowcount)

    async def keys(self, now: float, limit: int) -> int:
        asked = {"now": now, "limit": limit}
        return await self._database.write(lambda connection: connection.execute(DELETE_CLAIMS, asked).rowcount)
