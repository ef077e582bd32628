-- Annotations that answer: how it stands with each app, what is to be done, what was done, and by what they are found.

CREATE TABLE annotation_replies (
    app_id TEXT NOT NULL PRIMARY KEY,
    setting TEXT,                         -- how they answer, as JSON; NULL where they do not
    declared TEXT                         -- what the app's file said of it, as JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE annotation_jobs (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL,
    status TEXT NOT NULL,
    job TEXT NOT NULL                     -- all of it, as JSON
) STRICT;
CREATE INDEX annotation_jobs_by_app ON annotation_jobs (app_id, sequence);

-- Never written twice: what changes is deleted and made anew, so a higher sequence is all that is new.
CREATE TABLE annotation_vectors (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    annotation_id TEXT NOT NULL REFERENCES annotations (id) ON DELETE CASCADE,
    app_id TEXT NOT NULL,
    model TEXT NOT NULL,
    vector BLOB NOT NULL,                 -- 32-bit floats, little-endian
    UNIQUE (annotation_id, model)
) STRICT;
CREATE INDEX annotation_vectors_by_app ON annotation_vectors (app_id, model, sequence);

CREATE TABLE annotation_uses (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    annotation_id TEXT NOT NULL REFERENCES annotations (id) ON DELETE CASCADE,
    used TEXT NOT NULL                    -- JSON
) STRICT;
CREATE INDEX annotation_uses_by_annotation ON annotation_uses (annotation_id, sequence);

-- The annotations of an app are work as documents are.
CREATE TABLE work (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT UNIQUE REFERENCES documents (id) ON DELETE CASCADE,
    app_id TEXT UNIQUE,
    worker TEXT NOT NULL DEFAULT '',  -- who is at it
    held_until REAL NOT NULL DEFAULT 0
) STRICT;
INSERT INTO work (sequence, document_id, worker, held_until)
SELECT sequence, document_id, worker, held_until FROM indexing;
DROP TABLE indexing;
ALTER TABLE work RENAME TO indexing;
