-- Words under keys: the dataset's number, how much a passage says the word, the word (`stores/sql/words.py`). What was
-- kept as it stood in the text is written anew.

CREATE VIRTUAL TABLE node_words USING fts5 (terms, tokenize = "ascii", detail = none, columnsize = 0);

INSERT INTO node_words (rowid, terms)
SELECT node, group_concat(
    dataset || CASE
        WHEN 2.2 * times / (times + usual) >= 1.55 THEN 'c'
        WHEN 2.2 * times / (times + usual) >= 1.2 THEN 'b'
        ELSE 'a'
    END || term, ' '
)
FROM (
    SELECT
        nodes.sequence AS node,
        datasets.sequence AS dataset,
        substr(said.value, 1, 40) AS term,
        count(*) AS times,
        1.2 * (0.5 + 0.5 * (1 + length(node_terms.terms) - length(replace(node_terms.terms, ' ', ''))) / 300) AS usual
    FROM node_terms
    JOIN nodes ON nodes.sequence = node_terms.rowid
    JOIN datasets ON datasets.id = nodes.dataset_id
    JOIN json_each('["' || replace(node_terms.terms, ' ', '","') || '"]') AS said
    WHERE node_terms.terms <> ''
    GROUP BY nodes.sequence, substr(said.value, 1, 40)
)
GROUP BY node;

DROP TRIGGER nodes_forgotten;
DROP TABLE node_terms;
CREATE TRIGGER nodes_forgotten AFTER DELETE ON nodes
BEGIN
    DELETE FROM node_words WHERE rowid = old.sequence;
END;

CREATE INDEX nodes_by_document ON nodes (document);
