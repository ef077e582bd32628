"""Conversations in SQL: the port `Conversations`, one transaction a call. Knows no threads and no files."""

import math

from msgspec import json

from parlour.domain.message import Conversation, ConversationSort, Owner, Page
from parlour.domain.problems import LastConversationNotExists
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database

GET = """
SELECT id, name, inputs, introduction, version, created_at, updated_at
FROM conversations
WHERE id = :id AND app_id = :app_id AND user = :user
"""

# The id tells equal times apart: a page that ended among them would lose the rest.
FIRST_CREATED = """
SELECT id, name, inputs, introduction, version, created_at, updated_at
FROM conversations
WHERE app_id = :app_id AND user = :user AND (created_at, id) > (:time, :last_id)
ORDER BY created_at, id LIMIT :limit
"""

LAST_CREATED = """
SELECT id, name, inputs, introduction, version, created_at, updated_at
FROM conversations
WHERE app_id = :app_id AND user = :user AND (created_at, id) < (:time, :last_id)
ORDER BY created_at DESC, id DESC LIMIT :limit
"""

FIRST_CHANGED = """
SELECT id, name, inputs, introduction, version, created_at, updated_at
FROM conversations
WHERE app_id = :app_id AND user = :user AND (updated_at, id) > (:time, :last_id)
ORDER BY updated_at, id LIMIT :limit
"""

LAST_CHANGED = """
SELECT id, name, inputs, introduction, version, created_at, updated_at
FROM conversations
WHERE app_id = :app_id AND user = :user AND (updated_at, id) < (:time, :last_id)
ORDER BY updated_at DESC, id DESC LIMIT :limit
"""

PAGES: dict[ConversationSort, str] = {
    "created_at": FIRST_CREATED,
    "-created_at": LAST_CREATED,
    "updated_at": FIRST_CHANGED,
    "-updated_at": LAST_CHANGED,
}

RENAME = """
UPDATE conversations SET name = :name, updated_at = :now
WHERE id = :id AND app_id = :app_id AND user = :user
RETURNING id, name, inputs, introduction, version, created_at, updated_at
"""

# The messages go with it: they refer to it ON DELETE CASCADE.
DELETE = "DELETE FROM conversations WHERE id = :id AND app_id = :app_id AND user = :user"

ConversationRow = tuple[str, str, str, str, str, float, float]

decode_inputs = json.Decoder(dict[str, object]).decode


class SqlConversations:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None:
        asked = by_owner(owner, conversation_id)
        row: ConversationRow | None = await self._database.read(
            lambda connection: connection.execute(GET, asked).fetchone()
        )
        return None if row is None else conversation_from(owner, row)

    async def page(self, owner: Owner, last_id: str, limit: int, sort: ConversationSort) -> Page[Conversation]:
        asked = {**by_owner(owner, last_id), "last_id": last_id, "limit": limit + 1}
        start = math.inf if sort.startswith("-") else -math.inf

        def work(connection: Connection) -> list[ConversationRow]:
            if not last_id:
                return connection.execute(PAGES[sort], {**asked, "time": start}).fetchall()
            with snapshot(connection):
                row: ConversationRow | None = connection.execute(GET, asked).fetchone()
                if row is None:
                    raise LastConversationNotExists
                *_, created_at, updated_at = row
                time = created_at if sort.endswith("created_at") else updated_at
                return connection.execute(PAGES[sort], {**asked, "time": time}).fetchall()

        rows = await self._database.read(work)
        return Page(tuple(conversation_from(owner, row) for row in rows[:limit]), has_more=len(rows) > limit)

    async def rename(self, owner: Owner, conversation_id: str, name: str, now: float) -> Conversation | None:
        asked = {**by_owner(owner, conversation_id), "name": name, "now": now}
        rows: list[ConversationRow] = await self._database.write(
            lambda connection: connection.execute(RENAME, asked).fetchall()
        )
        return conversation_from(owner, rows[0]) if rows else None

    async def delete(self, owner: Owner, conversation_id: str) -> bool:
        asked = by_owner(owner, conversation_id)
        return bool(await self._database.write(lambda connection: connection.execute(DELETE, asked).rowcount))


def by_owner(owner: Owner, conversation_id: str) -> dict[str, object]:
    return {"id": conversation_id, "app_id": owner.app_id, "user": owner.user}


def conversation_from(owner: Owner, row: ConversationRow) -> Conversation:
    conversation_id, name, inputs, introduction, version, created_at, updated_at = row
    return Conversation(
        id=conversation_id,
        owner=owner,
        name=name,
        inputs=decode_inputs(inputs),
        introduction=introduction,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
    )
