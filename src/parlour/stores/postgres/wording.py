"""Words in Postgres: an index over arrays of them. Knows no dictionary and no language."""

from parlour.stores.sql.wording import Wording

HOLDING = """
SELECT asked.value, (
    SELECT string_agg(held.rowid::TEXT, ',')
    FROM (SELECT rowid FROM node_words WHERE keys_of(terms) @> ARRAY[asked.value] LIMIT :most) AS held
)
FROM json_each(:keys) AS asked
"""

# As the database last counted them for itself, in all datasets together: it need not be learnt question by question.
FREQUENT = """
SELECT known.key
FROM pg_stats
CROSS JOIN unnest(most_common_elems::TEXT::TEXT[], most_common_elem_freqs) AS known (key, share)
WHERE schemaname = current_schema() AND tablename = 'node_words_by_key'
  AND known.share * (SELECT reltuples FROM pg_class WHERE oid = 'node_words'::REGCLASS) > :most
"""

WORDING = Wording(HOLDING, 3_000, FREQUENT)
