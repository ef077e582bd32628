"""What can be said of documents, in SQL: the port `MetadataFields`, one transaction a call. Knows no threads."""

from collections.abc import Collection, Mapping
from typing import cast

import msgspec
from msgspec import structs

from parlour.domain.dataset import FieldType, MetadataField, Place
from parlour.domain.passages import MetadataValue
from parlour.domain.problems import InvalidParam
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database
from parlour.stores.sql.datasets import at, listed

CREATE = """
INSERT INTO metadata_fields (id, dataset_id, name, type)
SELECT :id, id, :name, :type FROM datasets WHERE id = :dataset_id AND tenant = :tenant
"""

ALL = """
SELECT id, name, type, CASE WHEN :counted THEN (
    SELECT count(*) FROM documents
    WHERE documents.dataset_id = metadata_fields.dataset_id
      AND EXISTS (SELECT 1 FROM json_each(documents.metadata) WHERE key = metadata_fields.name)
) ELSE 0 END
FROM metadata_fields
WHERE dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
ORDER BY sequence
"""

TAKEN = """
SELECT 1 FROM metadata_fields
WHERE name = :name AND id <> :id
  AND dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
"""
RENAME = "UPDATE metadata_fields SET name = :name WHERE id = :id"
DELETE = "DELETE FROM metadata_fields WHERE id = :id"

VALUES = """
SELECT documents.id, documents.metadata
FROM documents JOIN datasets ON datasets.id = documents.dataset_id
WHERE datasets.id = :dataset_id AND datasets.tenant = :tenant
  AND (documents.id IN (SELECT value FROM json_each(:documents)) OR :documents IS NULL)
"""

FILL = "UPDATE documents SET metadata = :metadata WHERE id = :id"

FieldRow = tuple[str, str, str, int]
Values = dict[str, MetadataValue]
decode = msgspec.json.Decoder(Values).decode


class SqlMetadataFields:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, place: Place, field: MetadataField) -> bool:
        row = at(place) | {"id": field.id, "name": field.name, "type": field.type}

        def work(connection: Connection) -> bool:
            free(connection, row)
            return bool(connection.execute(CREATE, row).rowcount)

        return await self._database.write(work)

    async def all(self, place: Place, *, counted: bool = False) -> tuple[MetadataField, ...]:
        asked = at(place) | {"counted": counted}
        return await self._database.read(lambda connection: fields(connection, asked))

    async def rename(self, place: Place, field_id: str, name: str) -> MetadataField | None:
        was = await self._change(place, field_id, name)
        return structs.replace(was, name=name) if was else None

    async def delete(self, place: Place, field_id: str) -> MetadataField | None:
        return await self._change(place, field_id, None)

    async def fill(
        self, place: Place, values: Mapping[str, Mapping[str, MetadataValue]], kept: Collection[str] = ()
    ) -> bool:
        asked = at(place) | {"documents": listed(list(values))}

        def work(connection: Connection) -> bool:
            rows: list[tuple[str, str]] = connection.execute(VALUES, asked).fetchall()
            if len(rows) != len(values):
                return False
            for document_id, known in rows:
                store(
                    connection, document_id, (decode(known) if document_id in kept else {}) | dict(values[document_id])
                )
            return True

        return await self._database.write(work)

    async def _change(self, place: Place, field_id: str, name: str | None) -> MetadataField | None:
        """Rename the field, or delete it, here and in every document; what it was."""
        asked = at(place) | {"documents": None, "counted": True}

        def work(connection: Connection) -> MetadataField | None:
            was = next((one for one in fields(connection, asked) if one.id == field_id), None)
            if was is None:
                return None
            if name is not None:
                free(connection, asked | {"id": field_id, "name": name})
            connection.execute(DELETE if name is None else RENAME, {"id": field_id, "name": name})
            for document_id, text in connection.execute(VALUES, asked).fetchall():
                known = decode(text)
                if was.name in known:
                    store(connection, document_id, renamed(known, was.name, name))
            return was

        return await self._database.write(work)


def fields(connection: Connection, asked: dict[str, object]) -> tuple[MetadataField, ...]:
    rows: list[FieldRow] = connection.execute(ALL, asked).fetchall()
    return tuple(MetadataField(one, name, cast("FieldType", kind), count) for one, name, kind, count in rows)


def renamed(known: Values, was: str, name: str | None) -> Values:
    """The values with one under another name, or without it."""
    return {
        name if key == was and name is not None else key: value
        for key, value in known.items()
        if key != was or name is not None
    }


def store(connection: Connection, document_id: str, values: Values) -> None:
    connection.execute(FILL, {"id": document_id, "metadata": msgspec.json.encode(values).decode()})


def free(connection: Connection, row: dict[str, object]) -> None:
    """
    Raises:
        InvalidParam: another field of the dataset has that name.
    """
    if connection.execute(TAKEN, row).fetchone() is not None:
        raise InvalidParam(f"Metadata name already exists: {row['name']}.")
