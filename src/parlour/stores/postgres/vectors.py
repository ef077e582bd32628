"""Vectors in Postgres: pgvector, where the server has it. Does not know which nodes may be found.

A dataset of some thousands is compared whole, which is exact. In a larger one an index (HNSW) is asked; where that does
not find enough, it is compared whole as well.
"""

from collections.abc import Iterator
from importlib import resources

import msgspec
import psycopg

from parlour.domain.dataset import Place
from parlour.domain.vectors import floats
from parlour.stores.ranking import Ranking, numpy
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.datasets import listed

FEW = 3_000
"""Vectors of a dataset that are compared whole."""
INDEXED = 4_000
"""Numbers of a vector that an index takes."""
SETTINGS = "SET hnsw.iterative_scan = 'strict_order'; SET hnsw.ef_search = 100"
"""Go on in the index until there are enough of the dataset; the names are free where the extension is not."""

THERE = "SELECT to_regclass('node_vectors') IS NOT NULL"
OFFERED = """
SELECT count(*) FROM pg_available_extensions
WHERE name = 'vector' AND string_to_array(coalesce(installed_version, default_version), '.')::INTEGER[] >= '{0,7}'
"""

SIZE = """
SELECT count(*)
FROM (SELECT 1 FROM node_vectors WHERE dataset_id = :dataset_id AND size = :size LIMIT :most) AS held
"""

# What may be found is asked here too (`SHOWN` in sql/index.py), so that no limit cuts too much.
SHOWN = """
FROM node_vectors
JOIN nodes ON nodes.sequence = node_vectors.sequence
JOIN segments ON segments.id = nodes.segment_id
JOIN documents ON documents.id = segments.document_id
WHERE node_vectors.dataset_id = :dataset_id AND node_vectors.size = {size}
  AND segments.enabled AND segments.status = 'completed'
  AND documents.enabled AND NOT documents.archived AND documents.status = 'completed'
  {within}
"""
WITHIN = "AND documents.id IN (SELECT value FROM json_each(:documents))"
# The limit stands in the text: the plan for one that is not known yet is not kept.
ROUGHLY = f"""
SELECT node_vectors.sequence, -(node_vectors.vector <#> CAST(:vector AS VECTOR))
{SHOWN}
ORDER BY CAST(node_vectors.vector AS {{kind}}) <#> CAST(:vector AS {{kind}}) LIMIT {{limit}}
"""
EXACTLY = f"""
SELECT node_vectors.sequence, -(node_vectors.vector <#> CAST(:vector AS VECTOR)) AS score
{SHOWN}
ORDER BY score DESC, node_vectors.sequence LIMIT {{limit}}
"""


class Indexed:
    """The nearest by the extension's index. `few`: vectors of a dataset that are compared whole."""

    def __init__(self, few: int) -> None:
        self._few = few
        self._many: set[tuple[str, int]] = set()
        """Datasets, and sizes of their vectors, of which there were more than that; they are not counted again."""

    def rankings(
        self, connection: Connection, place: Place, vector: bytes, least: int, within: frozenset[str] | None
    ) -> Iterator[Ranking]:
        size = len(vector) // 4
        asked: dict[str, object] = {
            "dataset_id": place.dataset_id,
            "size": size,
            "vector": msgspec.json.encode(list(floats(vector))).decode(),
            "documents": None if within is None else listed(sorted(within)),
            "most": self._few + 1,
        }
        where = "" if within is None else WITHIN
        parts = {"size": size, "kind": f"halfvec({size})", "within": where, "limit": least}
        if size <= INDEXED and self._has_many(connection, (place.dataset_id, size), asked):
            yield ranking(connection.execute(ROUGHLY.format(**parts), asked).fetchall())
        yield ranking(connection.execute(EXACTLY.format(**parts), asked).fetchall())

    def _has_many(self, connection: Connection, one: tuple[str, int], asked: dict[str, object]) -> bool:
        if one not in self._many:
            [there] = connection.execute(SIZE, asked).fetchone()
            if there <= self._few:
                return False
            self._many.add(one)
        return True


def ranking(rows: list[tuple[int, float]]) -> Ranking:
    n = numpy()
    return Ranking(n.array([row for row, _ in rows], "int64"), n.array([score for _, score in rows], "float64"))


def prepare(connection: psycopg.Connection) -> bool:
    """Whether the extension is used; what it needs is made if it has come since the database was last opened."""
    if (connection.execute(THERE).fetchone() or [False])[0]:
        return True
    if not (connection.execute(OFFERED).fetchone() or [0])[0]:
        return False
    try:
        with connection.transaction():
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            connection.execute(resources.files(__package__ or "").joinpath("vectors.sql").read_bytes())
    except psycopg.errors.InsufficientPrivilege:
        return False  # whoever may make extensions has not
    return True
