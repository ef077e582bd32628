"""The index over passages in SQL: the port `Index`. Knows no threads of its own, and no model.

Vectors are compared one by one, which is exact: those of a dataset are read once and kept in memory, then only what is
new. Words are found by their keys (`words`).
"""

from collections.abc import Iterable

from msgspec import structs

from parlour.domain.dataset import Place
from parlour.domain.passages import Found
from parlour.domain.terms import terms
from parlour.stores.ranking import Array, Ranking, numbers
from parlour.stores.scan import BLOCK, Scan, Scans
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database
from parlour.stores.sql.datasets import at, listed
from parlour.stores.sql.words import Words

OWN = "SELECT sequence FROM datasets WHERE id = :dataset_id AND tenant = :tenant"

NEW = """
SELECT sequence, vector FROM nodes
WHERE dataset_id = :dataset_id AND sequence > :after AND vector IS NOT NULL AND length(vector) = :bytes
ORDER BY sequence LIMIT :most
"""

WITHIN = """
SELECT group_concat(nodes.sequence)
FROM documents JOIN nodes ON nodes.document = documents.sequence
WHERE documents.dataset_id = :dataset_id AND documents.id IN (SELECT value FROM json_each(:documents))
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
        self._words = Words(database.wording)

    async def near(
        self, place: Place, vector: bytes, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        asked = at(place) | {"bytes": len(vector)}

        def work(connection: Connection) -> tuple[Found, ...]:
            if connection.execute(OWN, asked).fetchone() is None:
                return ()
            scan = self._scans.of(place.dataset_id, len(vector))
            with scan.lock:
                grow(connection, scan, asked)
                ranking = scan.ranking(vector)
            return best(connection, [ranking], limit, allowed(connection, place, within))

        return await self._database.read(work)

    async def worded(
        self, place: Place, query: str, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        wanted = list(dict.fromkeys(terms(query)))
        if not wanted:
            return ()

        def work(connection: Connection) -> tuple[Found, ...]:
            own = connection.execute(OWN, at(place)).fetchone()
            if own is None:
                return ()
            rankings = self._words.rankings(connection, place.dataset_id, own[0], wanted)
            return best(connection, rankings, limit, allowed(connection, place, within))

        return await self._database.read(work)


def grow(connection: Connection, scan: Scan, asked: dict[str, object]) -> None:
    """Read what is new, some at a time: the vectors of a large dataset are not held twice."""
    while new := connection.execute(NEW, asked | {"after": scan.last, "most": BLOCK}).fetchall():
        scan.extend(new)


def allowed(connection: Connection, place: Place, documents: frozenset[str] | None) -> Array | None:
    """The nodes of these documents; None for all."""
    if documents is None:
        return None
    asked = {"dataset_id": place.dataset_id, "documents": listed(sorted(documents))}
    [found] = connection.execute(WITHIN, asked).fetchone()
    return numbers(found)


def best(connection: Connection, rankings: Iterable[Ranking], limit: int, rows: Array | None) -> tuple[Found, ...]:
    """The best of these nodes that may be found; of the first ranking that has enough, else of the last."""
    found: list[Found] = []
    for ranking in rankings:
        found = []
        for some in ranking.within(rows).portions(limit):
            shown = shown_of(connection, [sequence for sequence, _ in some])
            found += [structs.replace(shown[one], score=score) for one, score in some if one in shown]
            if len(found) >= limit:
                return tuple(found[:limit])
    return tuple(found)


def shown_of(connection: Connection, wanted: list[int]) -> Shown:
    """Those of these nodes that may be found."""
    rows: list[tuple[int, str, str, str]] = connection.execute(SHOWN, {"sequences": f"{wanted}"}).fetchall()
    return {sequence: Found(node, segment, document, 0.0) for sequence, node, segment, document in rows}
