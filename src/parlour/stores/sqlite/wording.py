"""Words in SQLite: FTS5. Knows no index but that."""

from collections.abc import Sequence

from parlour.stores.sql.wording import Wording

# Ranked first, and looked at afterwards: to look at each node that has a common word took four times as long (measured
# with 100,000 nodes). Where only some documents are searched, all that is in them must be seen.
FIND = """
SELECT nodes.id, nodes.segment_id, documents.id, -ranked.score
FROM (
    SELECT rowid, score
    FROM (
        SELECT rowid, bm25(node_terms, 0.0, 1.0) AS score FROM node_terms WHERE node_terms MATCH :match
        LIMIT CASE WHEN :documents IS NULL THEN 20000 ELSE -1 END
    )
    ORDER BY score, rowid LIMIT CASE WHEN :documents IS NULL THEN 20 * :limit ELSE -1 END
) AS ranked
JOIN nodes ON nodes.sequence = ranked.rowid
JOIN segments ON segments.id = nodes.segment_id
JOIN documents ON documents.id = segments.document_id
WHERE segments.enabled AND segments.status = 'completed'
  AND documents.enabled AND NOT documents.archived AND documents.status = 'completed'
  AND (:documents IS NULL OR documents.id IN (SELECT value FROM json_each(:documents)))
ORDER BY ranked.score, nodes.sequence LIMIT :limit
"""


def match(dataset: str, terms: Sequence[str]) -> str:
    words = " OR ".join(f'"{term}"' for term in terms)
    return f"dataset : {dataset} AND terms : ({words})"


WORDING = Wording(match, FIND)
