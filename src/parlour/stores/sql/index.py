"""The index over passages in SQL: the port `Index`. Knows no threads of its own, and no model.

Vectors are compared one by one, which is exact: those of a dataset are read once and kept in memory, then only what is
new. Words are found by what the database has for that
(`wording`), over the terms of `domain/terms.py`.
"""

from msgspec import structs

from parlour.domain.dataset import Place
from parlour.domain.passages import Found
from parlour.domain.terms import terms
from parlour.stores.scan import Scans
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database
from parlour.stores.sql.datasets import at, listed
from parlour.stores.sql.segments import dataset_term

OWN = "SELECT 1 FROM datasets WHERE id = :dataset_id AND tenant = :tenant"

NEW = """
SELECT sequence, document, vector FROM nodes
WHERE dataset_id = :dataset_id AND sequence > :after AND vector IS NOT NULL AND length(vector) = :bytes
ORDER BY sequence
"""

DOCUMENTS = """
SELECT sequence FROM documents
WHERE dataset_id = :dataset_id AND id IN (SELECT value FROM json_each(:documents))
"""

# Whatever is hidden is passed over here: what an index holds need not be written anew when it is hidden or shown.
SHOWN = """
SELECT nodes.sequence, nodes.id, nodes.segment_id, documents.id
FROM nodes
JOIN segments ON segments.id = nodes.segment_id
JOIN documents ON documents.id = segments.document_id
WHERE nodes.sequence IN (SELECT CAST(value AS BIGINT) FROM json_each(:sequences))
  AND segments.enabled AND segments.status = 'completed'
  AND documents.enabled AND NOT documents.archived AND documents.status = 'completed'
"""

Shown = dict[int, Found]


class SqlIndex:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._scans = Scans()

    async def near(
        self, place: Place, vector: bytes, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        asked = at(place) | {"bytes": len(vector)}

        def work(connection: Connection) -> tuple[Found, ...]:
            if connection.execute(OWN, asked).fetchone() is None:
                return ()
            scan = self._scans.of(place.dataset_id, len(vector))
            with scan.lock:
                scan.extend(connection.execute(NEW, asked | {"after": scan.last}).fetchall())
                allowed = None if within is None else sequences(connection, place, within)
                ranking = scan.ranking(vector, allowed)
            found: list[Found] = []
            for some in ranking.portions(limit):
                shown = shown_of(connection, [sequence for sequence, _ in some])
                found += [structs.replace(shown[one], score=score) for one, score in some if one in shown]
                if len(found) >= limit:
                    break
            return tuple(found[:limit])

        return await self._database.read(work)

    async def worded(
        self, place: Place, query: str, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        wanted = list(dict.fromkeys(terms(query)))
        if not wanted:
            return ()
        wording = self._database.wording
        asked = at(place) | {
            "match": wording.match(dataset_term(place), wanted),
            "words": listed(wanted),
            "dataset": dataset_term(place),
            "limit": limit,
            "documents": None if within is None else listed(sorted(within)),
        }

        def work(connection: Connection) -> list[tuple[str, str, str, float]]:
            if connection.execute(OWN, asked).fetchone() is None:
                return []
            return connection.execute(wording.find, asked).fetchall()

        return tuple(Found(*row) for row in await self._database.read(work))


def sequences(connection: Connection, place: Place, documents: frozenset[str]) -> list[int]:
    asked = {"dataset_id": place.dataset_id, "documents": listed(sorted(documents))}
    return [row[0] for row in connection.execute(DOCUMENTS, asked).fetchall()]


def shown_of(connection: Connection, wanted: list[int]) -> Shown:
    """Those of these nodes that may be found."""
    rows: list[tuple[int, str, str, str]] = connection.execute(SHOWN, {"sequences": f"{wanted}"}).fetchall()
    return {sequence: Found(node, segment, document, 0.0) for sequence, node, segment, document in rows}
