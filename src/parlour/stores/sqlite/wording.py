"""Words in SQLite: FTS5. Knows no index but that."""

from collections.abc import Sequence

from parlour.stores.sql.wording import Wording

FIND = """
SELECT nodes.id, nodes.segment_id, documents.id, -bm25(node_terms, 0.0, 1.0)
FROM node_terms
JOIN nodes ON nodes.sequence = node_terms.rowid
JOIN segments ON segments.id = nodes.segment_id
JOIN documents ON documents.id = segments.document_id
WHERE node_terms MATCH :match
  AND segments.enabled AND segments.status = 'completed'
  AND documents.enabled AND NOT documents.archived AND documents.status = 'completed'
  AND (:documents IS NULL OR documents.id IN (SELECT value FROM json_each(:documents)))
ORDER BY bm25(node_terms, 0.0, 1.0), nodes.sequence LIMIT :limit
"""


def match(dataset: str, terms: Sequence[str]) -> str:
    words = " OR ".join(f'"{term}"' for term in terms)
    return f"dataset : {dataset} AND terms : ({words})"


WORDING = Wording(match, FIND)
