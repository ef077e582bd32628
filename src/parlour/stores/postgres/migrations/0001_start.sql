-- All that the stores keep, as SQLite's migrations have it up to 0014, and the few functions of SQLite's that their
-- statements use. Times are seconds since 1970; what has an inner structure is JSON text.

CREATE FUNCTION instr(whole TEXT, part TEXT) RETURNS INTEGER
LANGUAGE SQL IMMUTABLE PARALLEL SAFE RETURN strpos(whole, part);

CREATE FUNCTION as_json(given TEXT) RETURNS JSON LANGUAGE SQL IMMUTABLE PARALLEL SAFE RETURN given::JSON;

CREATE FUNCTION as_json(given JSON) RETURNS JSON LANGUAGE SQL IMMUTABLE PARALLEL SAFE RETURN given;

-- The members of an array, or of an object; a place in an array is written so that it sorts as a number does.
CREATE FUNCTION json_each(given TEXT) RETURNS TABLE (key TEXT, value TEXT)
LANGUAGE plpgsql IMMUTABLE ROWS 20 AS $$
BEGIN
    IF json_typeof(given::JSON) = 'array' THEN
        RETURN QUERY SELECT lpad(place::TEXT, 10, '0'), one
            FROM json_array_elements_text(given::JSON) WITH ORDINALITY AS members (one, place);
    ELSE
        RETURN QUERY SELECT members.key, members.value FROM json_each_text(given::JSON) AS members;
    END IF;
END
$$;

CREATE FUNCTION json_gathered(gathered JSON[]) RETURNS JSON
LANGUAGE SQL IMMUTABLE RETURN array_to_json(gathered);

CREATE AGGREGATE json_group_array(JSON) (
    SFUNC = array_append, STYPE = JSON[], INITCOND = '{}', FINALFUNC = json_gathered
);

CREATE TABLE conversations (
    id           TEXT NOT NULL PRIMARY KEY,
    app_id       TEXT NOT NULL,
    "user"       TEXT NOT NULL,
    name         TEXT NOT NULL,
    inputs       TEXT NOT NULL,
    introduction TEXT NOT NULL,
    version      TEXT NOT NULL,
    created_at   DOUBLE PRECISION NOT NULL,
    updated_at   DOUBLE PRECISION NOT NULL
);

CREATE INDEX conversations_by_creation ON conversations (app_id, "user", created_at, id);
CREATE INDEX conversations_by_change ON conversations (app_id, "user", updated_at, id);

CREATE TABLE messages (
    sequence        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent_id       TEXT NOT NULL,
    query           TEXT NOT NULL,
    inputs          TEXT NOT NULL,
    answer          TEXT NOT NULL,
    status          TEXT NOT NULL,
    error           TEXT,
    usage           TEXT NOT NULL,
    citations       TEXT NOT NULL,
    created_at      DOUBLE PRECISION NOT NULL,
    thoughts        TEXT NOT NULL DEFAULT '[]',
    replica         TEXT NOT NULL DEFAULT ''
);

CREATE INDEX messages_in_order ON messages (conversation_id, created_at, sequence);
CREATE INDEX messages_unfinished ON messages (status) WHERE status IN ('running', 'paused');
CREATE INDEX messages_branching ON messages (conversation_id)
    WHERE parent_id <> '00000000-0000-0000-0000-000000000000';
CREATE INDEX messages_by_age ON messages (created_at);

CREATE TABLE keys (
    sequence   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    app        TEXT NOT NULL,
    hint       TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);

CREATE TABLE versions (
    sequence   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app        TEXT NOT NULL,
    id         TEXT NOT NULL,
    source     TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    draft      BOOLEAN NOT NULL,
    UNIQUE (app, id)
);

-- How often keys and versions were changed, whoever did it.
CREATE TABLE changes (number BIGINT NOT NULL);
INSERT INTO changes VALUES (0);

CREATE FUNCTION count_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    UPDATE changes SET number = number + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER keys_change AFTER INSERT OR UPDATE OR DELETE ON keys EXECUTE FUNCTION count_change();
CREATE TRIGGER versions_change AFTER INSERT OR UPDATE OR DELETE ON versions EXECUTE FUNCTION count_change();

CREATE TABLE uploads (
    id         TEXT NOT NULL PRIMARY KEY,
    app_id     TEXT NOT NULL,
    "user"     TEXT NOT NULL,
    name       TEXT NOT NULL,
    size       BIGINT NOT NULL,
    extension  TEXT NOT NULL,
    mime_type  TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);

CREATE INDEX uploads_by_age ON uploads (created_at);

CREATE TABLE message_files (
    message_id      TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    id              TEXT NOT NULL,
    type            TEXT NOT NULL,
    transfer_method TEXT NOT NULL,
    url             TEXT NOT NULL,
    upload_file_id  TEXT NOT NULL,
    name            TEXT NOT NULL,
    mime_type       TEXT NOT NULL,
    size            BIGINT NOT NULL,
    variable        TEXT NOT NULL DEFAULT '',
    belongs_to      TEXT NOT NULL DEFAULT 'user',
    PRIMARY KEY (message_id, position)
);

CREATE INDEX message_files_by_upload ON message_files (upload_file_id) WHERE upload_file_id <> '';

CREATE TABLE given_up_blobs (name TEXT NOT NULL PRIMARY KEY);

CREATE TABLE feedbacks (
    sequence        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    app_id          TEXT NOT NULL,
    "user"          TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    message_id      TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
    rating          TEXT NOT NULL,
    content         TEXT,
    created_at      DOUBLE PRECISION NOT NULL,
    updated_at      DOUBLE PRECISION NOT NULL
);

CREATE INDEX feedbacks_by_app ON feedbacks (app_id, created_at, sequence);

CREATE TABLE annotations (
    sequence   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    app_id     TEXT NOT NULL,
    question   TEXT NOT NULL,
    answer     TEXT NOT NULL,
    searched   TEXT NOT NULL,
    hit_count  BIGINT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);

CREATE INDEX annotations_by_app ON annotations (app_id, created_at, sequence);

CREATE TABLE end_users (
    id         TEXT NOT NULL PRIMARY KEY,
    app_id     TEXT NOT NULL,
    "user"     TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);

CREATE TABLE claims (
    app_id     TEXT NOT NULL,
    "user"     TEXT NOT NULL,
    key        TEXT NOT NULL,
    body       TEXT NOT NULL,
    task_id    TEXT NOT NULL,
    message_id TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (app_id, "user", key)
);

CREATE INDEX claims_by_expiry ON claims (expires_at);

CREATE TABLE workflow_runs (
    sequence        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    app_id          TEXT NOT NULL,
    "user"          TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    status          TEXT NOT NULL,
    created_at      DOUBLE PRECISION NOT NULL,
    searched        TEXT NOT NULL,
    run             TEXT NOT NULL,
    state           BYTEA,
    task_id         TEXT NOT NULL DEFAULT '',
    replica         TEXT NOT NULL DEFAULT ''
);

CREATE INDEX workflow_runs_by_app ON workflow_runs (app_id, created_at, sequence);
CREATE INDEX workflow_runs_by_age ON workflow_runs (created_at);
CREATE INDEX workflow_runs_of_conversations ON workflow_runs (conversation_id) WHERE conversation_id <> '';
CREATE INDEX workflow_runs_unfinished ON workflow_runs (status) WHERE status = 'running';
CREATE INDEX workflow_runs_waiting ON workflow_runs (task_id) WHERE status = 'paused';

CREATE FUNCTION runs_go_with_conversations() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM workflow_runs WHERE conversation_id = old.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER workflow_runs_go_with_conversations AFTER DELETE ON conversations
FOR EACH ROW EXECUTE FUNCTION runs_go_with_conversations();

CREATE TABLE forms (
    sequence   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    run_id     TEXT NOT NULL REFERENCES workflow_runs (id) ON DELETE CASCADE,
    app_id     TEXT NOT NULL,
    token      TEXT,
    asked      TEXT NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL,
    action     TEXT,
    inputs     TEXT,
    current    INTEGER NOT NULL DEFAULT 1
);

CREATE UNIQUE INDEX forms_by_token ON forms (token) WHERE token IS NOT NULL;
CREATE INDEX forms_of_runs ON forms (run_id);
CREATE INDEX forms_by_time ON forms (expires_at) WHERE current = 1;

CREATE FUNCTION forms_rest() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    UPDATE forms SET current = 0 WHERE run_id = new.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER forms_rest AFTER UPDATE OF state ON workflow_runs
FOR EACH ROW WHEN (old.state IS NOT NULL AND new.state IS NULL) EXECUTE FUNCTION forms_rest();

CREATE TABLE node_executions (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id   TEXT NOT NULL REFERENCES workflow_runs (id) ON DELETE CASCADE,
    outcome  TEXT NOT NULL
);

CREATE INDEX node_executions_of_runs ON node_executions (run_id, sequence);

CREATE TABLE conversation_variables (
    sequence        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    id              TEXT NOT NULL,
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL,
    value           TEXT NOT NULL,
    description     TEXT NOT NULL,
    created_at      DOUBLE PRECISION NOT NULL,
    updated_at      DOUBLE PRECISION NOT NULL,
    UNIQUE (conversation_id, id)
);

-- The uploads that JSON names under these names (`a|b`). Most texts name none: a look at one spares reading it.
CREATE FUNCTION uploads_in(given TEXT, names TEXT) RETURNS SETOF TEXT
LANGUAGE SQL IMMUTABLE AS $$
SELECT DISTINCT found[1] FROM regexp_matches(given, '"(?:' || names || ')":"([^"]+)"', 'g') AS found
WHERE strpos(given, '_id":"') > 0
$$;

CREATE TABLE run_uploads (
    run_id    TEXT NOT NULL REFERENCES workflow_runs (id) ON DELETE CASCADE,
    upload_id TEXT NOT NULL,
    PRIMARY KEY (run_id, upload_id)
);

CREATE INDEX run_uploads_by_upload ON run_uploads (upload_id);

CREATE TABLE variable_uploads (
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    variable_id     TEXT NOT NULL,
    upload_id       TEXT NOT NULL,
    PRIMARY KEY (conversation_id, variable_id, upload_id)
);

CREATE INDEX variable_uploads_by_upload ON variable_uploads (upload_id);

CREATE FUNCTION runs_hold_uploads() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_uploads
    SELECT new.id, uploads_in(new.run, 'related_id')
    UNION
    SELECT new.id, uploads_in(encode(new.state, 'escape'), 'related_id|upload_file_id')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER runs_hold_uploads AFTER INSERT OR UPDATE OF run, state ON workflow_runs
FOR EACH ROW EXECUTE FUNCTION runs_hold_uploads();

CREATE FUNCTION forms_hold_uploads() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_uploads SELECT new.run_id, uploads_in(new.inputs, 'related_id') ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER forms_hold_uploads AFTER UPDATE OF inputs ON forms
FOR EACH ROW EXECUTE FUNCTION forms_hold_uploads();

CREATE FUNCTION variables_hold_uploads() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM variable_uploads WHERE conversation_id = new.conversation_id AND variable_id = new.id;
    INSERT INTO variable_uploads SELECT new.conversation_id, new.id, uploads_in(new.value, 'related_id');
    RETURN NULL;
END
$$;
CREATE TRIGGER variables_hold_uploads AFTER INSERT OR UPDATE OF value ON conversation_variables
FOR EACH ROW EXECUTE FUNCTION variables_hold_uploads();

-- Datasets, their documents, the passages of these, and the index over the passages.

CREATE TABLE datasets (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    searched TEXT NOT NULL,  -- the name, folded
    created_at DOUBLE PRECISION NOT NULL,
    dataset TEXT NOT NULL,   -- all of it, as JSON
    UNIQUE (tenant, name)
);
CREATE INDEX datasets_by_age ON datasets (tenant, created_at, sequence);

CREATE TABLE tags (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX tags_by_tenant ON tags (tenant, created_at, sequence);

CREATE TABLE tag_bindings (
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    tag_id TEXT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (dataset_id, tag_id)
);
CREATE INDEX tag_bindings_by_tag ON tag_bindings (tag_id);

CREATE TABLE metadata_fields (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    UNIQUE (dataset_id, name)
);

CREATE TABLE documents (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    searched TEXT NOT NULL,  -- the name, folded
    batch TEXT NOT NULL,
    blob TEXT NOT NULL,      -- where its bytes are
    enabled BOOLEAN NOT NULL,
    archived BOOLEAN NOT NULL,
    status TEXT NOT NULL,    -- of its progress
    words BIGINT NOT NULL,  -- of its progress
    metadata TEXT NOT NULL,  -- JSON
    document TEXT NOT NULL,  -- all the rest of it, as JSON
    progress TEXT NOT NULL   -- JSON
);
CREATE INDEX documents_by_place ON documents (dataset_id, position);

CREATE TABLE segments (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    hit_count BIGINT NOT NULL DEFAULT 0,
    segment TEXT NOT NULL    -- all of it, as JSON
);
CREATE INDEX segments_by_place ON segments (document_id, position, status, hit_count);

CREATE TABLE child_chunks (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    segment_id TEXT NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    chunk TEXT NOT NULL      -- all of it, as JSON
);
CREATE INDEX child_chunks_by_place ON child_chunks (segment_id, position);

-- Never written twice: what changes is deleted and made anew, so a higher sequence is all that is new.
CREATE TABLE nodes (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL,
    segment_id TEXT NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    document BIGINT NOT NULL,  -- the sequence of the document
    vector BYTEA                 -- 32-bit floats, little-endian
);
CREATE INDEX nodes_by_dataset ON nodes (dataset_id, sequence);
CREATE INDEX nodes_by_segment ON nodes (segment_id);

-- Our own terms, not what a dictionary would make of them; the term that stands for the dataset is one of them.
CREATE FUNCTION terms_vector(given TEXT) RETURNS TSVECTOR
LANGUAGE SQL IMMUTABLE RETURN (
    SELECT string_agg(quote_literal(term) || ':' || least(place, 16383), ' ')::TSVECTOR
    FROM unnest(string_to_array(given, ' ')) WITH ORDINALITY AS terms (term, place)
    WHERE term <> ''
);

CREATE TABLE node_terms (
    rowid   BIGINT PRIMARY KEY REFERENCES nodes (sequence) ON DELETE CASCADE,
    dataset TEXT NOT NULL,
    terms   TEXT NOT NULL,
    vector  TSVECTOR GENERATED ALWAYS AS (terms_vector(dataset || ' ' || terms)) STORED
);
CREATE INDEX node_terms_by_term ON node_terms USING gin (vector);

CREATE FUNCTION nodes_go_with_chunks() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM nodes WHERE id = old.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER nodes_go_with_chunks AFTER DELETE ON child_chunks
FOR EACH ROW EXECUTE FUNCTION nodes_go_with_chunks();

-- What is still to be indexed, oldest first.
CREATE TABLE indexing (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id TEXT NOT NULL UNIQUE REFERENCES documents (id) ON DELETE CASCADE,
    worker TEXT NOT NULL DEFAULT '',  -- who is at it
    held_until DOUBLE PRECISION NOT NULL DEFAULT 0
);
