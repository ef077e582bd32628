"""Passages and their parts in SQL: the ports `Segments` and `Children`, one transaction a call.

Knows no threads, and not how passages are found: it hands nodes to the tables of the index.
"""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from parlour.domain.dataset import Place
from parlour.domain.passages import (
    ChildChunk,
    ChildrenPage,
    Node,
    Segment,
    SegmentQuery,
    SegmentsPage,
    SegmentStatus,
)
from parlour.ports.passages import Written
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database
from parlour.stores.sql.datasets import at, listed
from parlour.stores.sql.words import ALL, keys_of

DOCUMENT = """
SELECT documents.sequence FROM documents JOIN datasets ON datasets.id = documents.dataset_id
WHERE documents.id = :document_id AND datasets.id = :dataset_id AND datasets.tenant = :tenant
"""

WRITE = """
INSERT INTO segments (id, document_id, position, enabled, status, segment)
VALUES (:id, :document_id, :position, :enabled, :status, :segment)
ON CONFLICT (id) DO UPDATE SET position = :position, enabled = :enabled, status = :status, segment = :segment
WHERE segments.document_id = :document_id
"""
FORGET = "DELETE FROM nodes WHERE segment_id = :id"
FORGET_CHILDREN = "DELETE FROM child_chunks WHERE segment_id = :id"

FIND = """
SELECT segments.segment, segments.hit_count, segments.status
FROM json_each(:ids) AS wanted
JOIN segments ON segments.id = wanted.value
JOIN documents ON documents.id = segments.document_id
WHERE documents.dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
ORDER BY wanted.key
"""

WANTED = """
FROM segments
WHERE document_id = (
    SELECT documents.id FROM documents JOIN datasets ON datasets.id = documents.dataset_id
    WHERE documents.id = :document_id AND datasets.id = :dataset_id AND datasets.tenant = :tenant
  )
  AND (:statuses = '[]' OR status IN (SELECT value FROM json_each(:statuses)))
"""
PAGE = f"SELECT segment, hit_count, status {WANTED} ORDER BY position, sequence LIMIT :limit OFFSET :offset"
TOTAL = f"SELECT count(*) {WANTED}"

DELETE = """
DELETE FROM segments
WHERE id IN (SELECT value FROM json_each(:ids)) AND document_id = (
    SELECT documents.id FROM documents JOIN datasets ON datasets.id = documents.dataset_id
    WHERE documents.id = :document_id AND datasets.id = :dataset_id AND datasets.tenant = :tenant
)
"""

HIT = """
UPDATE segments SET hit_count = hit_count + 1
WHERE id IN (SELECT value FROM json_each(:ids)) AND document_id IN (
    SELECT documents.id FROM documents JOIN datasets ON datasets.id = documents.dataset_id
    WHERE datasets.id = :dataset_id AND datasets.tenant = :tenant
)
"""

SEGMENT = """
SELECT documents.sequence
FROM segments JOIN documents ON documents.id = segments.document_id JOIN datasets ON datasets.id = documents.dataset_id
WHERE segments.id = :segment_id AND datasets.id = :dataset_id AND datasets.tenant = :tenant
"""

FORGET_NODE = "DELETE FROM nodes WHERE id = :id AND segment_id = :segment_id"
WRITE_CHILD = """
INSERT INTO child_chunks (id, segment_id, position, chunk) VALUES (:id, :segment_id, :position, :chunk)
ON CONFLICT (id) DO UPDATE SET position = :position, chunk = :chunk
WHERE child_chunks.segment_id = :segment_id
"""

# Two statements: with a choice in it, one would look at all passages.
CHILDREN = """
SELECT child_chunks.chunk
FROM child_chunks
JOIN segments ON segments.id = child_chunks.segment_id
JOIN documents ON documents.id = segments.document_id
WHERE documents.dataset_id = (SELECT id FROM datasets WHERE id = :dataset_id AND tenant = :tenant)
  AND child_chunks.{column} IN (SELECT value FROM json_each(:ids))
ORDER BY segments.position, segments.sequence, child_chunks.position, child_chunks.sequence
"""
CHILDREN_BY_ID, CHILDREN_OF = CHILDREN.format(column="id"), CHILDREN.format(column="segment_id")

DELETE_CHILD = """
DELETE FROM child_chunks WHERE id = :id AND segment_id = (
    SELECT segments.id
    FROM segments JOIN documents ON documents.id = segments.document_id
    JOIN datasets ON datasets.id = documents.dataset_id
    WHERE segments.id = :segment_id AND datasets.id = :dataset_id AND datasets.tenant = :tenant
)
"""

# Who adds nodes to a dataset waits for others that do: what is committed later has a higher sequence (`NEW`).
ALONE = "UPDATE datasets SET searched = searched WHERE id = :dataset_id AND tenant = :tenant"
ADD_NODE = """
INSERT INTO nodes (id, dataset_id, segment_id, document, vector)
VALUES (:id, :dataset_id, :segment_id, :document, :vector)
RETURNING sequence
"""
ADD_WORDS = "INSERT INTO node_words (rowid, terms) VALUES (:sequence, :keys)"
DATASET = "SELECT sequence FROM datasets WHERE id = :dataset_id"

SegmentRow = tuple[str, int, SegmentStatus]
segment = msgspec.json.Decoder(Segment).decode
child = msgspec.json.Decoder(ChildChunk).decode


class SqlSegments:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, place: Place, document_id: str, written: Written) -> bool:
        asked = at(place) | {"document_id": document_id}

        def work(connection: Connection) -> bool:
            row = connection.execute(DOCUMENT, asked).fetchone()
            if row is not None:
                put(connection, place, row[0], document_id, written)
            return row is not None

        return await self._database.write(work)

    async def find(self, place: Place, segment_ids: Sequence[str]) -> tuple[Segment, ...]:
        asked = at(place) | {"ids": listed(segment_ids)}
        rows: list[SegmentRow] = await self._database.read(
            lambda connection: connection.execute(FIND, asked).fetchall()
        )
        return tuple(segment_from(row) for row in rows)

    async def page(self, place: Place, document_id: str, query: SegmentQuery, page: int, limit: int) -> SegmentsPage:
        asked = at(place) | {"document_id": document_id, "statuses": listed(query.statuses)}
        asked |= {"limit": ALL, "offset": 0} if query.keyword else {"limit": limit, "offset": (page - 1) * limit}

        def work(connection: Connection) -> tuple[list[SegmentRow], int]:
            with snapshot(connection):
                total: int = connection.execute(TOTAL, asked).fetchone()[0]
                return connection.execute(PAGE, asked).fetchall(), total

        rows, total = await self._database.read(work)
        found = tuple(segment_from(row) for row in rows)
        if not query.keyword:
            return SegmentsPage(found, total)
        keyword = query.keyword.casefold()
        fitting = tuple(one for one in found if keyword in one.content.casefold())
        return SegmentsPage(fitting[(page - 1) * limit : page * limit], len(fitting))

    async def delete(self, place: Place, document_id: str, segment_ids: Sequence[str]) -> int:
        asked = at(place) | {"document_id": document_id, "ids": listed(segment_ids)}
        return await self._database.write(lambda connection: connection.execute(DELETE, asked).rowcount)

    async def hit(self, place: Place, segment_ids: Sequence[str]) -> None:
        asked = at(place) | {"ids": listed(segment_ids)}
        await self._database.write(lambda connection: connection.execute(HIT, asked).rowcount)


class SqlChildren:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, place: Place, chunk: ChildChunk, node: Node) -> bool:
        asked = at(place) | {"segment_id": chunk.segment_id, "id": chunk.id}
        row = child_row(chunk)

        def work(connection: Connection) -> bool:
            document = connection.execute(SEGMENT, asked).fetchone()
            if document is None or not connection.execute(WRITE_CHILD, row).rowcount:
                return False
            connection.execute(ALONE, asked)
            connection.execute(FORGET_NODE, asked)
            add_nodes(connection, place, document[0], [node])
            return True

        return await self._database.write(work)

    async def find(self, place: Place, chunk_ids: Sequence[str]) -> tuple[ChildChunk, ...]:
        found = {one.id: one for one in await self._children(place, chunk_ids, CHILDREN_BY_ID)}
        return tuple(found[one] for one in chunk_ids if one in found)

    async def of(self, place: Place, segment_ids: Sequence[str]) -> tuple[ChildChunk, ...]:
        return await self._children(place, segment_ids, CHILDREN_OF)

    async def page(self, place: Place, segment_id: str, keyword: str, page: int, limit: int) -> ChildrenPage:
        wanted = keyword.casefold()
        found = tuple(one for one in await self.of(place, [segment_id]) if wanted in one.content.casefold())
        return ChildrenPage(found[(page - 1) * limit : page * limit], len(found))

    async def delete(self, place: Place, segment_id: str, chunk_id: str) -> bool:
        asked = at(place) | {"segment_id": segment_id, "id": chunk_id}
        return bool(await self._database.write(lambda connection: connection.execute(DELETE_CHILD, asked).rowcount))

    async def _children(self, place: Place, ids: Sequence[str], sql: str) -> tuple[ChildChunk, ...]:
        asked = at(place) | {"ids": listed(ids)}
        rows: list[tuple[str]] = await self._database.read(lambda connection: connection.execute(sql, asked).fetchall())
        return tuple(child(row[0]) for row in rows)


def put(connection: Connection, place: Place, document: int, document_id: str, written: Written) -> None:
    """Write passages with all that belongs to them; `document` is the sequence of theirs."""
    connection.execute(ALONE, at(place))
    for one in written.segments:
        connection.execute(WRITE, segment_row(document_id, one))
        connection.execute(FORGET_CHILDREN, {"id": one.id})
        connection.execute(FORGET, {"id": one.id})
    for chunk in written.children:
        connection.execute(WRITE_CHILD, child_row(chunk))
    add_nodes(connection, place, document, written.nodes)


def add_nodes(connection: Connection, place: Place, document: int, nodes: Sequence[Node]) -> None:
    if not nodes:
        return
    [dataset] = connection.execute(DATASET, at(place)).fetchone()
    for node in nodes:
        add_node(connection, place, (dataset, document), node)


def add_node(connection: Connection, place: Place, within: tuple[int, int], node: Node) -> None:
    """`within`: the sequences of its dataset and of its document."""
    dataset, document = within
    row = {
        "id": node.id,
        "dataset_id": place.dataset_id,
        "segment_id": node.segment_id,
        "document": document,
        "vector": node.vector or None,
    }
    [sequence] = connection.execute(ADD_NODE, row).fetchone()
    connection.execute(ADD_WORDS, {"sequence": sequence, "keys": keys_of(dataset, node.text)})


def segment_row(document_id: str, one: Segment) -> dict[str, object]:
    return {
        "id": one.id,
        "document_id": document_id,
        "position": one.position,
        "enabled": one.enabled,
        "status": one.status,
        "segment": msgspec.json.encode(one).decode(),
    }


def segment_from(row: SegmentRow) -> Segment:
    return structs.replace(segment(row[0]), hit_count=row[1], status=row[2])


def child_row(chunk: ChildChunk) -> dict[str, object]:
    return {
        "id": chunk.id,
        "segment_id": chunk.segment_id,
        "position": chunk.position,
        "chunk": msgspec.json.encode(chunk).decode(),
    }
