"""Feedback in SQL: the port `Feedbacks`, one transaction a call. Knows no threads and no files."""

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import json

from parlour.domain.feedback import Feedback, Rating
from parlour.domain.message import Owner
from parlour.domain.problems import NotFound
from parlour.ports.feedback import Said
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database

# The owner of a message is its conversation's; what is another's writes nothing.
SET = """
INSERT INTO feedbacks (id, app_id, user, conversation_id, message_id, rating, content, created_at, updated_at)
SELECT :id, c.app_id, c.user, c.id, messages.id, :rating, :content, :at, :at
FROM messages JOIN conversations AS c ON c.id = messages.conversation_id
WHERE messages.id = :message_id AND c.app_id = :app_id AND c.user = :user
ON CONFLICT (message_id) DO UPDATE SET rating = :rating, content = :content, updated_at = :at
"""

CLEAR = "DELETE FROM feedbacks WHERE message_id = :message_id AND app_id = :app_id AND user = :user"

IS_THERE = """
SELECT 1 FROM messages JOIN conversations AS c ON c.id = messages.conversation_id
WHERE messages.id = :message_id AND c.app_id = :app_id AND c.user = :user
"""

RATINGS = """
SELECT message_id, rating FROM feedbacks
WHERE message_id IN (SELECT value FROM json_each(:message_ids)) AND app_id = :app_id AND user = :user
"""

PAGE = """
SELECT id, user, conversation_id, message_id, rating, content, created_at, updated_at
FROM feedbacks
WHERE app_id = :app_id
ORDER BY created_at DESC, sequence DESC LIMIT :limit OFFSET :offset
"""

FeedbackRow = tuple[str, str, str, str, str, str | None, float, float]


class SqlFeedbacks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, owner: Owner, message_id: str, said: Said) -> None:
        row = {
            **by_owner(owner, message_id),
            "id": said.id,
            "rating": said.rating,
            "content": said.content,
            "at": said.at,
        }
        if not await self._database.write(lambda connection: connection.execute(SET, row).rowcount):
            raise NotFound("Message Not Exists.")

    async def clear(self, owner: Owner, message_id: str) -> bool:
        asked = by_owner(owner, message_id)

        def work(connection: Connection) -> bool:
            if connection.execute(CLEAR, asked).rowcount:
                return True
            if connection.execute(IS_THERE, asked).fetchone() is None:
                raise NotFound("Message Not Exists.")
            return False

        return await self._database.write(work)

    async def ratings(self, owner: Owner, message_ids: Sequence[str]) -> Mapping[str, Rating]:
        asked = {"message_ids": json.encode(message_ids).decode(), "app_id": owner.app_id, "user": owner.user}
        rows: list[tuple[str, Rating]] = await self._database.read(
            lambda connection: connection.execute(RATINGS, asked).fetchall()
        )
        return dict(rows)

    async def page(self, app_id: str, page: int, limit: int) -> tuple[Feedback, ...]:
        asked = {"app_id": app_id, "limit": limit, "offset": (page - 1) * limit}
        rows: list[FeedbackRow] = await self._database.read(
            lambda connection: connection.execute(PAGE, asked).fetchall()
        )
        return tuple(feedback_from(app_id, row) for row in rows)


def by_owner(owner: Owner, message_id: str) -> dict[str, object]:
    return {"message_id": message_id, "app_id": owner.app_id, "user": owner.user}


def feedback_from(app_id: str, row: FeedbackRow) -> Feedback:
    feedback_id, user, conversation_id, message_id, rating, content, created_at, updated_at = row
    return Feedback(
        id=feedback_id,
        owner=Owner(app_id, user),
        conversation_id=conversation_id,
        message_id=message_id,
        rating=cast("Rating", rating),
        content=content,
        created_at=created_at,
        updated_at=updated_at,
    )
