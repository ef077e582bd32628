"""Where messages stand, in SQLite: the port `History`. Does not know what a message says, and writes nothing."""

from parlour.domain.message import Owner
from parlour.stores.sqlite.database import Database

CONVERSATION_OF = """
SELECT conversations.id
FROM messages JOIN conversations ON conversations.id = messages.conversation_id
WHERE messages.id = :message_id AND app_id = :app_id AND user = :user
"""


class SqliteHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversation_of(self, owner: Owner, message_id: str) -> str | None:
        asked = {"message_id": message_id, "app_id": owner.app_id, "user": owner.user}
        row: tuple[str] | None = await self._database.read(
            lambda connection: connection.execute(CONVERSATION_OF, asked).fetchone()
        )
        return row[0] if row else None
