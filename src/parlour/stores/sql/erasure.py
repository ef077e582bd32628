"""Forgetting a user, in SQL: the port `Erasure`, one transaction a call. Knows no threads and no blobs."""

from parlour.domain.message import Owner
from parlour.domain.oversight import Erased
from parlour.domain.people import end_user_id
from parlour.ports.oversight import Traces
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database
from parlour.stores.sql.retention import DELETE_UPLOADS
from parlour.stores.sql.webhooks import FORGET_USER

COUNT_MESSAGES = """
SELECT count(*) FROM messages WHERE conversation_id IN (
    SELECT id FROM conversations WHERE app_id = :app_id AND user = :user ORDER BY created_at, id LIMIT :limit
)
"""

COUNT_RUNS = """
SELECT count(*) FROM workflow_runs WHERE conversation_id <> '' AND conversation_id IN (
    SELECT id FROM conversations WHERE app_id = :app_id AND user = :user ORDER BY created_at, id LIMIT :limit
)
"""

# Messages, runs, variables, feedback and what hangs on these go with them.
DELETE_CONVERSATIONS = """
DELETE FROM conversations WHERE id IN (
    SELECT id FROM conversations WHERE app_id = :app_id AND user = :user ORDER BY created_at, id LIMIT :limit
)
RETURNING id
"""

# Those that are left have no conversation.
DELETE_RUNS = """
DELETE FROM workflow_runs WHERE sequence IN (
    SELECT sequence FROM workflow_runs WHERE app_id = :app_id AND user = :user LIMIT :limit
)
RETURNING task_id
"""

GIVE_UP = """
INSERT INTO given_up_blobs (name)
SELECT id FROM uploads WHERE app_id = :app_id AND user = :user LIMIT :limit
"""

DELETE_CLAIMS = "DELETE FROM claims WHERE app_id = :app_id AND user = :user"

# Annotations stay, and what they were asked by this user goes.
DELETE_USES = """
DELETE FROM annotation_uses
WHERE annotation_id IN (SELECT id FROM annotations WHERE app_id = :app_id) AND json_extract(used, '$.user') = :user
"""

DELETE_USER = "DELETE FROM end_users WHERE id = :id AND app_id = :app_id"


class SqlErasure:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def piece(self, owner: Owner, limit: int) -> Traces:
        asked = {"app_id": owner.app_id, "user": owner.user, "limit": limit, "id": end_user_id(owner)}

        def work(connection: Connection) -> Traces:
            messages: int = connection.execute(COUNT_MESSAGES, asked).fetchone()[0]
            runs: int = connection.execute(COUNT_RUNS, asked).fetchone()[0]
            conversations = [one for (one,) in connection.execute(DELETE_CONVERSATIONS, asked).fetchall()]
            tasks = [one for (one,) in connection.execute(DELETE_RUNS, asked).fetchall()]
            files = connection.execute(GIVE_UP, asked).rowcount
            connection.execute(DELETE_UPLOADS)
            connection.execute(DELETE_USES, asked)
            connection.execute(FORGET_USER, asked)
            keys = connection.execute(DELETE_CLAIMS, asked).rowcount
            users = connection.execute(DELETE_USER, asked).rowcount
            erased = Erased(len(conversations), messages, runs + len(tasks), files, keys, users)
            return Traces(erased, tuple(conversations), tuple(tasks))

        return await self._database.write(work)
