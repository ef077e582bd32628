"""Documents of datasets in SQL: the ports `DatasetDocuments` and `DocumentCounts`, one transaction a call.

Knows no threads, and not how a document is indexed.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from parlour.domain.dataset import Counts, Place
from parlour.domain.passages import (
    Document,
    DocumentQuery,
    DocumentsPage,
    MetadataValue,
    Progress,
    SegmentCount,
    begun_again,
)
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database
from parlour.stores.sql.datasets import at, listed

DATASET = "SELECT 1 FROM datasets WHERE id = :dataset_id AND tenant = :tenant"

LAST = "SELECT coalesce(max(position), 0) FROM documents WHERE dataset_id = :dataset_id"

ADD = """
INSERT INTO documents
  (id, dataset_id, position, searched, batch, blob, enabled, archived, status, words, metadata, document, progress)
VALUES (:id, :dataset_id, :position, :searched, :batch, :blob, :enabled, :archived, :status, :words, :metadata,
  :document, :progress)
"""

LEAVE = "DELETE FROM indexing WHERE document_id = :id"
ENQUEUE = "INSERT INTO indexing (document_id) VALUES (:id)"

COLUMNS = """
SELECT documents.document, documents.position, documents.metadata, documents.progress,
  (SELECT CAST(coalesce(sum(hit_count), 0) AS BIGINT) FROM segments WHERE document_id = documents.id)
"""

BY_ID = """
FROM json_each(:ids) AS wanted
JOIN documents ON documents.id = wanted.value
WHERE documents.dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
ORDER BY wanted.key
"""
FIND = f"{COLUMNS} {BY_ID}"

WANTED = """
FROM documents
WHERE dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
  AND (:keyword = '' OR instr(searched, :keyword) > 0)
  AND (:batch = '' OR batch = :batch)
  AND CASE :status
    WHEN '' THEN TRUE
    WHEN 'queuing' THEN status = 'waiting'
    WHEN 'indexing' THEN status IN ('parsing', 'cleaning', 'splitting', 'indexing')
    WHEN 'paused' THEN status = 'paused'
    WHEN 'error' THEN status = 'error'
    WHEN 'available' THEN status = 'completed' AND enabled AND NOT archived
    WHEN 'disabled' THEN status = 'completed' AND NOT enabled AND NOT archived
    WHEN 'archived' THEN status = 'completed' AND archived
  END
"""
PAGE = f"{COLUMNS} {WANTED} ORDER BY position DESC LIMIT :limit OFFSET :offset"
TOTAL = f"SELECT count(*) {WANTED}"

SHOWN = """
FROM documents
WHERE dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
  AND status = 'completed' AND enabled AND NOT archived
ORDER BY position
"""
SEARCHABLE = f"{COLUMNS} {SHOWN}"

UPDATE = """
UPDATE documents
SET searched = :searched, batch = :batch, blob = :blob, enabled = :enabled, archived = :archived,
  metadata = :metadata, document = :document
WHERE id = :id AND dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
"""

AGAIN = "UPDATE documents SET status = :status, words = :words, progress = :progress WHERE id = :id"

WAIT = "UPDATE segments SET status = 'waiting' WHERE document_id = :id"

KNOWN = """
SELECT id, blob FROM documents
WHERE id IN (SELECT value FROM json_each(:ids))
  AND dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
"""
DELETE = "DELETE FROM documents WHERE id = :id"

OF_DATASETS = """
SELECT datasets.id, count(documents.id), CAST(coalesce(sum(documents.words), 0) AS BIGINT),
  count(CASE WHEN documents.status = 'completed' AND documents.enabled AND NOT documents.archived THEN 1 END)
FROM datasets LEFT JOIN documents ON documents.dataset_id = datasets.id
WHERE datasets.tenant = :tenant AND datasets.id IN (SELECT value FROM json_each(:ids))
GROUP BY datasets.id
"""

OF_DOCUMENTS = """
SELECT documents.id, count(segments.id), count(CASE WHEN segments.status = 'completed' THEN 1 END)
FROM documents LEFT JOIN segments ON segments.document_id = documents.id
WHERE documents.id IN (SELECT value FROM json_each(:ids))
  AND documents.dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
GROUP BY documents.id
"""

DocumentRow = tuple[str, int, str, str, int]
document = msgspec.json.Decoder(Document).decode
progress = msgspec.json.Decoder(Progress).decode
metadata = msgspec.json.Decoder(dict[str, MetadataValue]).decode


class SqlDatasetDocuments:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, place: Place, documents: Sequence[Document]) -> tuple[Document, ...] | None:
        asked = at(place)
        rows = [row_of(place, one) for one in documents]

        def work(connection: Connection) -> int | None:
            if connection.execute(DATASET, asked).fetchone() is None:
                return None
            last: int = connection.execute(LAST, asked).fetchone()[0]
            for place_of, row in enumerate(rows, last + 1):
                connection.execute(ADD, row | {"position": place_of})
                connection.execute(ENQUEUE, {"id": row["id"]})
            return last

        last = await self._database.write(work)
        if last is None:
            return None
        return tuple(structs.replace(one, position=at) for at, one in enumerate(documents, last + 1))

    async def find(self, place: Place, document_ids: Sequence[str]) -> tuple[Document, ...]:
        asked = at(place) | {"ids": listed(document_ids)}
        rows: list[DocumentRow] = await self._database.read(
            lambda connection: connection.execute(FIND, asked).fetchall()
        )
        return tuple(document_from(row) for row in rows)

    async def page(self, place: Place, query: DocumentQuery, page: int, limit: int) -> DocumentsPage:
        asked = at(place) | {
            "keyword": query.keyword.casefold(),
            "batch": query.batch,
            "status": query.status,
            "limit": limit,
            "offset": (page - 1) * limit,
        }

        def work(connection: Connection) -> tuple[list[DocumentRow], int]:
            with snapshot(connection):
                total: int = connection.execute(TOTAL, asked).fetchone()[0]
                return connection.execute(PAGE, asked).fetchall(), total

        rows, total = await self._database.read(work)
        return DocumentsPage(tuple(document_from(row) for row in rows), total)

    async def update(
        self, place: Place, documents: Sequence[Document], *, again: bool = False, cut: bool = True
    ) -> bool:
        begun = [structs.replace(one, progress=begun_again(one.progress, cut=cut)) for one in documents]
        rows = [row_of(place, one) for one in begun]
        known = at(place) | {"ids": listed([one.id for one in documents])}

        def work(connection: Connection) -> bool:
            if len(connection.execute(KNOWN, known).fetchall()) != len(rows):
                return False
            for row in rows:
                connection.execute(UPDATE, row)
                if again:
                    connection.execute(AGAIN, row)
                    if not cut:
                        connection.execute(WAIT, row)
                    connection.execute(LEAVE, row)
                    connection.execute(ENQUEUE, row)
            return True

        return await self._database.write(work)

    async def delete(self, place: Place, document_ids: Sequence[str]) -> tuple[str, ...] | None:
        wanted = set(document_ids)
        asked = at(place) | {"ids": listed(sorted(wanted))}

        def work(connection: Connection) -> tuple[str, ...] | None:
            known: list[tuple[str, str]] = connection.execute(KNOWN, asked).fetchall()
            if len(known) != len(wanted):
                return None
            for document_id, _ in known:
                connection.execute(DELETE, {"id": document_id})
            return tuple(blob for _, blob in known if blob)

        return await self._database.write(work)


class SqlDocumentCounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_datasets(self, tenant: str, dataset_ids: Sequence[str]) -> Mapping[str, Counts]:
        asked = {"tenant": tenant, "ids": listed(dataset_ids)}
        rows: list[tuple[str, int, int, int]] = await self._database.read(
            lambda connection: connection.execute(OF_DATASETS, asked).fetchall()
        )
        return {one: Counts(documents, available, words) for one, documents, words, available in rows}

    async def of_documents(self, place: Place, document_ids: Sequence[str]) -> Mapping[str, SegmentCount]:
        asked = at(place) | {"ids": listed(document_ids)}
        rows: list[tuple[str, int, int]] = await self._database.read(
            lambda connection: connection.execute(OF_DOCUMENTS, asked).fetchall()
        )
        return {one: SegmentCount(total, completed) for one, total, completed in rows}

    async def searchable(self, place: Place) -> tuple[Document, ...]:
        asked = at(place)
        rows: list[DocumentRow] = await self._database.read(
            lambda connection: connection.execute(SEARCHABLE, asked).fetchall()
        )
        return tuple(document_from(row) for row in rows)


def row_of(place: Place, one: Document) -> dict[str, object]:
    return {
        "id": one.id,
        "tenant": place.tenant,
        "dataset_id": place.dataset_id,
        "searched": one.name.casefold(),
        "batch": one.batch,
        "blob": one.source.blob,
        "enabled": one.enabled,
        "archived": one.archived,
        "status": one.progress.status,
        "words": one.progress.words,
        "metadata": msgspec.json.encode(one.metadata).decode(),
        "document": msgspec.json.encode(one).decode(),
        "progress": msgspec.json.encode(one.progress).decode(),
    }


def document_from(row: DocumentRow) -> Document:
    text, position, values, done, hits = row
    kept = {"position": position, "metadata": metadata(values), "progress": progress(done), "hit_count": hits}
    return structs.replace(document(text), **kept)
