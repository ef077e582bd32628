-- Annotations that answer: how it stands with each app, what is to be done, what was done, and by what they are found.

CREATE TABLE annotation_replies (
    app_id TEXT NOT NULL PRIMARY KEY,
    setting TEXT,
    declared TEXT
);
CREATE TRIGGER annotation_replies_change AFTER INSERT OR UPDATE OF setting, declared OR DELETE ON annotation_replies
FOR EACH ROW EXECUTE FUNCTION count_change();

CREATE TABLE annotation_jobs (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL,
    status TEXT NOT NULL,
    job TEXT NOT NULL
);
CREATE INDEX annotation_jobs_by_app ON annotation_jobs (app_id, sequence);

-- Never written twice: what changes is deleted and made anew, so a higher sequence is all that is new.
CREATE TABLE annotation_vectors (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    annotation_id TEXT NOT NULL REFERENCES annotations (id) ON DELETE CASCADE,
    app_id TEXT NOT NULL,
    model TEXT NOT NULL,
    vector BYTEA NOT NULL,
    UNIQUE (annotation_id, model)
);
CREATE INDEX annotation_vectors_by_app ON annotation_vectors (app_id, model, sequence);

CREATE TABLE annotation_uses (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    annotation_id TEXT NOT NULL REFERENCES annotations (id) ON DELETE CASCADE,
    used TEXT NOT NULL
);
CREATE INDEX annotation_uses_by_annotation ON annotation_uses (annotation_id, sequence);

-- The annotations of an app are work as documents are.
ALTER TABLE indexing ALTER COLUMN document_id DROP NOT NULL;
ALTER TABLE indexing ADD COLUMN app_id TEXT UNIQUE;
