-- What is asked of every node that is found is read from these alone: its own row has its vector in it, and that of its
-- passage the text.

CREATE INDEX nodes_found ON nodes (sequence) INCLUDE (id, segment_id);
CREATE INDEX segments_shown ON segments (id) INCLUDE (document_id, enabled, status);

-- Vectors, where there are any already, are indexed in half the precision.
DO $migration$
DECLARE
    size INTEGER;
BEGIN
    IF to_regclass('node_vectors') IS NULL THEN
        RETURN;
    END IF;
    CREATE OR REPLACE FUNCTION index_of_vectors(size INTEGER) RETURNS VOID LANGUAGE plpgsql AS $$
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
    FOREACH size IN ARRAY ARRAY(
        SELECT DISTINCT node_vectors.size FROM node_vectors WHERE node_vectors.size <= 2000
    ) LOOP
        EXECUTE format('DROP INDEX IF EXISTS node_vectors_%s', size);
        PERFORM index_of_vectors(size);
    END LOOP;
END
$migration$;
