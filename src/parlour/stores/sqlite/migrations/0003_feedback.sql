-- Feedback on messages, annotations of apps, and end users.

CREATE TABLE feedbacks (
    sequence        INTEGER PRIMARY KEY,  -- the order of writing
    id              TEXT NOT NULL UNIQUE,
    app_id          TEXT NOT NULL,
    user            TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    message_id      TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
    rating          TEXT NOT NULL,
    content         TEXT,
    created_at      REAL NOT NULL,
    updated_at      REAL NOT NULL
) STRICT;

CREATE INDEX feedbacks_by_app ON feedbacks (app_id, created_at, sequence);

CREATE TABLE annotations (
    sequence   INTEGER PRIMARY KEY,       -- the order of writing
    id         TEXT NOT NULL UNIQUE,
    app_id     TEXT NOT NULL,
    question   TEXT NOT NULL,
    answer     TEXT NOT NULL,
    searched   TEXT NOT NULL,             -- both, folded, for keywords
    hit_count  INTEGER NOT NULL,
    created_at REAL NOT NULL
) STRICT;

CREATE INDEX annotations_by_app ON annotations (app_id, created_at, sequence);

-- An id is made from app and user, so one index serves.
CREATE TABLE end_users (
    id         TEXT NOT NULL PRIMARY KEY,
    app_id     TEXT NOT NULL,
    user       TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
