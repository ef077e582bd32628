"""Words in Postgres: an index over arrays of them. Knows no dictionary and no language."""

from parlour.stores.sql.wording import Wording

HOLDING = """
SELECT asked.value, (
    SELECT string_agg(held.rowid::TEXT, ',')
    FROM (SELECT rowid FROM node_words WHERE keys_of(terms) @> ARRAY[asked.value] LIMIT :most) AS held
)
FROM json_each(:keys) AS asked
"""

WORDING = Wording(HOLDING, 3_000)
