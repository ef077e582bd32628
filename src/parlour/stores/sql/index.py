"""The index over passages in SQL: the port `Index`. Knows no threads of its own, and no model.

Vectors are compared by what the database has for it, else one by one (`compared`). Words are found by their keys
(`words`).
"""

from collections.abc import Iterable

from msgspec import structs

from parlour.domain.dataset import Place
from parlour.domain.passages import Found
from parlour.domain.terms import terms
from parlour.stores.ranking import Ranking
from parlour.stores.scan import Scans
from parlour.stores.sql.compared import Compared, allowed
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database
from parlour.stores.sql.datasets import at
from parlour.stores.sql.nearest import Nearest
from parlour.stores.sql.words import Words

OWN = "SELECT sequence FROM datasets WHERE id = :dataset_id AND tenant = :tenant"

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
    def __init__(self, database: Database, scans: Scans) -> None:
        self._database = database
        self._nearest: Nearest = database.nearest or Compared(scans)
        self._words = Words(database.wording)

    async def near(
        self, place: Place, vector: bytes, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        def work(connection: Connection) -> tuple[Found, ...]:
            if connection.execute(OWN, at(place)).fetchone() is None:
                return ()
            return best(connection, self._nearest.rankings(connection, place, vector, limit, within), limit)

        return await self._database.read(work, alone=True)

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
            rows = allowed(connection, place, within)
            rankings = self._words.rankings(connection, place.dataset_id, own[0], wanted)
            return best(connection, (ranking.within(rows) for ranking in rankings), limit)

        return await self._database.read(work, alone=True)


def best(connection: Connection, rankings: Iterable[Ranking], limit: int) -> tuple[Found, ...]:
    """The best nodes that may be found; of the first ranking that has enough, else of the last."""
    found: list[Found] = []
    for ranking in rankings:
        found = []
        for some in ranking.portions(limit):
            shown = shown_of(connection, [sequence for sequence, _ in some])
            found += [structs.replace(shown[one], score=score) for one, score in some if one in shown]
            if len(found) >= limit:
                return tuple(found[:limit])
    return tuple(found)


def shown_of(connection: Connection, wanted: list[int]) -> Shown:
    """Those of these nodes that may be found."""
    rows: list[tuple[int, str, str, str]] = connection.execute(SHOWN, {"sequences": f"{wanted}"}).fetchall()
    return {sequence: Found(node, segment, document, 0.0) for sequence, node, segment, document in rows}
