"""Variables of conversations in SQL: the port `Variables`, one transaction a call. Knows no threads and no files."""

from collections.abc import Sequence

from msgspec import json

from parlour.domain.message import Owner
from parlour.domain.workflow_run import StoredVariable
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database

IS_THERE = "SELECT 1 FROM conversations WHERE id = :id AND app_id = :app_id AND user = :user"

READ = """
SELECT id, name, kind, value, description, created_at, updated_at
FROM conversation_variables WHERE conversation_id = :id ORDER BY sequence
"""

TURNS = "SELECT count(*) FROM messages WHERE conversation_id = :id"

WRITE = """
INSERT INTO conversation_variables (conversation_id, id, name, kind, value, description, created_at, updated_at)
SELECT :conversation_id, :id, :name, :kind, :value, :description, :created_at, :updated_at
WHERE EXISTS (SELECT 1 FROM conversations WHERE id = :conversation_id)
ON CONFLICT (conversation_id, id) DO UPDATE SET value = :value, updated_at = :updated_at
"""

VariableRow = tuple[str, str, str, str, str, float, float]


class SqlVariables:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, owner: Owner, conversation_id: str) -> tuple[StoredVariable, ...] | None:
        asked = {"id": conversation_id, "app_id": owner.app_id, "user": owner.user}

        def work(connection: Connection) -> list[VariableRow] | None:
            with snapshot(connection):
                if connection.execute(IS_THERE, asked).fetchone() is None:
                    return None
                return connection.execute(READ, asked).fetchall()

        rows = await self._database.read(work)
        return None if rows is None else tuple(variable_from(row) for row in rows)

    async def turns(self, conversation_id: str) -> int:
        row: tuple[int] = await self._database.read(
            lambda connection: connection.execute(TURNS, {"id": conversation_id}).fetchone()
        )
        return row[0]

    async def write(self, conversation_id: str, variables: Sequence[StoredVariable]) -> None:
        rows = [
            {
                "conversation_id": conversation_id,
                "id": variable.id,
                "name": variable.name,
                "kind": variable.kind,
                "value": json.encode(variable.value).decode(),
                "description": variable.description,
                "created_at": variable.created_at,
                "updated_at": variable.updated_at,
            }
            for variable in variables
        ]
        await self._database.write(lambda connection: connection.executemany(WRITE, rows).rowcount)


def variable_from(row: VariableRow) -> StoredVariable:
    id_, name, kind, value, description, created_at, updated_at = row
    return StoredVariable(id_, name, kind, json.decode(value), description, created_at, updated_at)
