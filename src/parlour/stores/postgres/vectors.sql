-- Vectors as pgvector has them, beside the bytes that every database keeps; made when the extension is there.

CREATE TABLE node_vectors (
    sequence   BIGINT PRIMARY KEY REFERENCES nodes (sequence) ON DELETE CASCADE,
    dataset_id TEXT NOT NULL,
    document   BIGINT NOT NULL,
    size       INTEGER NOT NULL,
    vector     VECTOR NOT NULL
);
CREATE INDEX node_vectors_by_dataset ON node_vectors (dataset_id, size, document);

-- 32-bit floats, little-endian: a sign, eight bits of an exponent, 23 bits of a fraction.
CREATE FUNCTION as_vector(given BYTEA) RETURNS VECTOR LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE RETURN (
    SELECT array_agg(
        CASE
            WHEN exponent = 0 THEN 0
            ELSE sign * (1 + fraction / 8388608.0::FLOAT8) * power(2::FLOAT8, exponent - 127)
        END
        ORDER BY place
    )::REAL[]::VECTOR
    FROM (
        SELECT
            place,
            CASE WHEN d >= 128 THEN -1 ELSE 1 END AS sign,
            d % 128 * 2 + c / 128 AS exponent,
            c % 128 * 65536 + b * 256 + a AS fraction
        FROM (
            SELECT
                place,
                get_byte(given, place) AS a,
                get_byte(given, place + 1) AS b,
                get_byte(given, place + 2) AS c,
                get_byte(given, place + 3) AS d
            FROM generate_series(0, octet_length(given) - 4, 4) AS place
        ) AS bytes
    ) AS parts
);

-- An index is over vectors of one size, of half the precision: it finds the same, and is half as large. pgvector takes
-- up to 4,000 numbers; longer ones are compared one by one.
CREATE FUNCTION index_of_vectors(size INTEGER) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF size > 4000 OR to_regclass('node_vectors_' || size) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(7205759404);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS node_vectors_%s ON node_vectors '
        'USING hnsw ((vector::halfvec(%s)) halfvec_ip_ops) WHERE size = %s',
        size, size, size
    );
END
$$;

CREATE FUNCTION nodes_have_vectors() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_of_vectors(octet_length(new.vector) / 4);
    INSERT INTO node_vectors
    VALUES (new.sequence, new.dataset_id, new.document, octet_length(new.vector) / 4, as_vector(new.vector));
    RETURN NULL;
END
$$;

INSERT INTO node_vectors
SELECT sequence, dataset_id, document, octet_length(vector) / 4, as_vector(vector) FROM nodes WHERE length(vector) >= 4;
SELECT index_of_vectors(size)
FROM (SELECT DISTINCT octet_length(vector) / 4 AS size FROM nodes WHERE length(vector) >= 4) AS sizes;

CREATE TRIGGER nodes_have_vectors AFTER INSERT ON nodes
FOR EACH ROW WHEN (length(new.vector) >= 4) EXECUTE FUNCTION nodes_have_vectors();
