"""Words in SQLite: FTS5. Knows no index but that."""

from parlour.stores.sql.wording import Wording

# Gathered by the database: to fetch them one by one costs more than to find them.
HOLDING = """
SELECT asked.value, (
    SELECT group_concat(rowid)
    FROM (SELECT rowid FROM node_words WHERE node_words MATCH '"' || asked.value || '"' LIMIT :most)
)
FROM json_each(:keys) AS asked
"""

WORDING = Wording(HOLDING, 20_000)
