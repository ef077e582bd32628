-- Words under keys, as SQLite's 0019 has them.

-- All but the numbers lies elsewhere (more than 2,000 characters, whatever the text): what is found by its words is read
-- by the thousand, and a hundred numbers lie on the page of one text.
CREATE TABLE node_words (
    rowid BIGINT PRIMARY KEY REFERENCES nodes (sequence) ON DELETE CASCADE,
    terms TEXT NOT NULL
) WITH (toast_tuple_target = 128);

CREATE FUNCTION keys_of(terms TEXT) RETURNS TEXT[]
LANGUAGE SQL IMMUTABLE PARALLEL SAFE RETURN string_to_array(rtrim(terms), ' ');

CREATE FUNCTION fill_up() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    new.terms := rpad(new.terms, greatest(length(new.terms), 2100));
    RETURN new;
END
$$;
CREATE TRIGGER fill_up BEFORE INSERT ON node_words FOR EACH ROW EXECUTE FUNCTION fill_up();

INSERT INTO node_words (rowid, terms)
SELECT node, string_agg(
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
        1.2 * (0.5 + 0.5 * cardinality(string_to_array(node_terms.terms, ' ')) / 300.0) AS usual
    FROM node_terms
    JOIN nodes ON nodes.sequence = node_terms.rowid
    JOIN datasets ON datasets.id = nodes.dataset_id
    CROSS JOIN LATERAL unnest(string_to_array(node_terms.terms, ' ')) AS said (value)
    WHERE node_terms.terms <> ''
    GROUP BY nodes.sequence, datasets.sequence, substr(said.value, 1, 40), node_terms.terms
) AS counted
GROUP BY node;

DROP TABLE node_terms;
DROP FUNCTION terms_vector;

CREATE INDEX node_words_by_key ON node_words USING gin (keys_of(terms)) WITH (gin_pending_list_limit = 256);
CREATE INDEX nodes_by_document ON nodes (document);

CREATE FUNCTION joined(gathered BIGINT[]) RETURNS TEXT
LANGUAGE SQL IMMUTABLE PARALLEL SAFE RETURN array_to_string(gathered, ',');

CREATE AGGREGATE group_concat(BIGINT) (SFUNC = array_append, STYPE = BIGINT[], FINALFUNC = joined);
