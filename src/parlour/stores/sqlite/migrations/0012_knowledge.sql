-- Datasets, their documents, the passages of these, and the index over the passages.

CREATE TABLE datasets (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    searched TEXT NOT NULL,  -- the name, folded
    created_at REAL NOT NULL,
    dataset TEXT NOT NULL,   -- all of it, as JSON
    UNIQUE (tenant, name)
) STRICT;
CREATE INDEX datasets_by_age ON datasets (tenant, created_at, sequence);

CREATE TABLE tags (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE INDEX tags_by_tenant ON tags (tenant, created_at, sequence);

CREATE TABLE tag_bindings (
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    tag_id TEXT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (dataset_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_bindings_by_tag ON tag_bindings (tag_id);

CREATE TABLE metadata_fields (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    UNIQUE (dataset_id, name)
) STRICT;

CREATE TABLE documents (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    searched TEXT NOT NULL,  -- the name, folded
    batch TEXT NOT NULL,
    blob TEXT NOT NULL,      -- where its bytes are
    enabled INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    status TEXT NOT NULL,    -- of its progress
    words INTEGER NOT NULL,  -- of its progress
    metadata TEXT NOT NULL,  -- JSON
    document TEXT NOT NULL,  -- all the rest of it, as JSON
    progress TEXT NOT NULL   -- JSON
) STRICT;
CREATE INDEX documents_by_place ON documents (dataset_id, position);

CREATE TABLE segments (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    status TEXT NOT NULL,
    hit_count INTEGER NOT NULL DEFAULT 0,
    segment TEXT NOT NULL    -- all of it, as JSON
) STRICT;
CREATE INDEX segments_by_place ON segments (document_id, position, status, hit_count);

CREATE TABLE child_chunks (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    segment_id TEXT NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    chunk TEXT NOT NULL      -- all of it, as JSON
) STRICT;
CREATE INDEX child_chunks_by_place ON child_chunks (segment_id, position);

-- Never written twice: what changes is deleted and made anew, so a higher sequence is all that is new.
CREATE TABLE nodes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL,
    segment_id TEXT NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    document INTEGER NOT NULL,  -- the sequence of the document
    vector BLOB                 -- 32-bit floats, little-endian
) STRICT;
CREATE INDEX nodes_by_dataset ON nodes (dataset_id, sequence);
CREATE INDEX nodes_by_segment ON nodes (segment_id);

CREATE VIRTUAL TABLE node_terms USING fts5 (dataset, terms, tokenize = "unicode61 remove_diacritics 0", detail = column);

CREATE TRIGGER nodes_forgotten AFTER DELETE ON nodes
BEGIN
    DELETE FROM node_terms WHERE rowid = old.sequence;
END;

CREATE TRIGGER child_chunks_forgotten AFTER DELETE ON child_chunks
BEGIN
    DELETE FROM nodes WHERE id = old.id;
END;

-- What is still to be indexed, oldest first.
CREATE TABLE indexing (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT NOT NULL UNIQUE REFERENCES documents (id) ON DELETE CASCADE,
    worker TEXT NOT NULL DEFAULT '',  -- who is at it
    held_until REAL NOT NULL DEFAULT 0
) STRICT;
