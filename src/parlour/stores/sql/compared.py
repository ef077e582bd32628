"""How vectors are compared with a question, where their database has nothing for it: one by one.

That is exact. They are read once and kept in memory, then only what is new. Does not know which nodes may be found.
"""

from collections.abc import Iterator

from parlour.domain.dataset import Place
from parlour.stores.ranking import Array, Ranking, numbers
from parlour.stores.scan import BLOCK, Scan, Scans
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.datasets import at, listed

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


class Compared:
    """The nearest by comparing all."""

    def __init__(self, scans: Scans) -> None:
        self._scans = scans

    def rankings(
        self, connection: Connection, place: Place, vector: bytes, least: int, within: frozenset[str] | None
    ) -> Iterator[Ranking]:
        del least
        scan = self._scans.of(place.dataset_id, len(vector))
        with scan.lock:
            grow(connection, scan, NEW, at(place) | {"bytes": len(vector)})
            ranking = scan.ranking(vector)
        yield ranking.within(allowed(connection, place, within))


def grow(connection: Connection, scan: Scan, sql: str, asked: dict[str, object]) -> None:
    """Read what is new, some at a time: the vectors of a large dataset are not held twice.

    `sql`: the `:most` that come `:after` a row, in order.
    """
    while new := connection.execute(sql, asked | {"after": scan.last, "most": BLOCK}).fetchall():
        scan.extend(new)


def allowed(connection: Connection, place: Place, documents: frozenset[str] | None) -> Array | None:
    """The nodes of these documents; None for all."""
    if documents is None:
        return None
    asked = {"dataset_id": place.dataset_id, "documents": listed(sorted(documents))}
    [found] = connection.execute(WITHIN, asked).fetchone()
    return numbers(found)
