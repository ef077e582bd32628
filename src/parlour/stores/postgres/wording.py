"""Words in Postgres: a `tsvector` that is made of our own terms. Knows no dictionary and no language.

Of two nodes the one with the rarer words comes first, and with more of them. How long a node is counts for nothing:
passages are about equally long.
"""

from collections.abc import Sequence

from parlour.stores.sql.wording import Wording

FIND = """
WITH asked (word, rarity) AS (
    SELECT value, ln(1 + (SELECT count(*) FROM nodes WHERE dataset_id = :dataset_id) / (0.5 + (
        SELECT count(*) FROM node_terms WHERE vector @@ CAST(:dataset || ' & ' || quote_literal(value) AS TSQUERY)
    )))
    FROM json_each(:words)
)
SELECT nodes.id, nodes.segment_id, documents.id, CAST(sum(rarity * said / (said + 1.2)) AS DOUBLE PRECISION) AS score
FROM node_terms
JOIN nodes ON nodes.sequence = node_terms.rowid
JOIN segments ON segments.id = nodes.segment_id
JOIN documents ON documents.id = segments.document_id
CROSS JOIN LATERAL (SELECT lexeme, cardinality(positions) AS said FROM unnest(node_terms.vector)) AS held
JOIN asked ON asked.word = held.lexeme
WHERE node_terms.vector @@ CAST(:match AS TSQUERY)
  AND segments.enabled AND segments.status = 'completed'
  AND documents.enabled AND NOT documents.archived AND documents.status = 'completed'
  AND (documents.id IN (SELECT value FROM json_each(:documents)) OR :documents IS NULL)
GROUP BY nodes.id, nodes.segment_id, documents.id, nodes.sequence
ORDER BY score DESC, nodes.sequence LIMIT :limit
"""


def match(dataset: str, terms: Sequence[str]) -> str:
    words = " | ".join(f"'{term}'" for term in terms)
    return f"{dataset} & ({words})"


WORDING = Wording(match, FIND)
