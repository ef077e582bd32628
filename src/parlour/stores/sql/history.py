"""Single messages in SQL: the port `History`. Knows no threads, and writes nothing."""

from typing import cast

from parlour.domain.message import Message, Owner
from parlour.stores.sql.database import Database
from parlour.stores.sql.messages import COLUMNS, MessageRow, message_from

CONVERSATION_OF = """
SELECT conversations.id
FROM messages JOIN conversations ON conversations.id = messages.conversation_id
WHERE messages.id = :message_id AND conversations.app_id = :app_id AND conversations.user = :user
"""

# Its members in the order of a page's.
MESSAGE = """
SELECT conversation_id, {columns}
FROM messages
WHERE id = :message_id AND EXISTS (
    SELECT 1 FROM conversations AS c WHERE c.id = conversation_id AND c.app_id = :app_id AND c.user = :user
)
""".replace("{columns}", COLUMNS)


class SqlHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversation_of(self, owner: Owner, message_id: str) -> str | None:
        row: tuple[str] | None = await self._database.read(
            lambda connection: connection.execute(CONVERSATION_OF, by_id(owner, message_id)).fetchone()
        )
        return row[0] if row else None

    async def message(self, owner: Owner, message_id: str) -> Message | None:
        row: tuple[str, ...] | None = await self._database.read(
            lambda connection: connection.execute(MESSAGE, by_id(owner, message_id)).fetchone()
        )
        return message_from(owner, row[0], cast("MessageRow", row[1:])) if row else None


def by_id(owner: Owner, message_id: str) -> dict[str, object]:
    return {"message_id": message_id, "app_id": owner.app_id, "user": owner.user}
