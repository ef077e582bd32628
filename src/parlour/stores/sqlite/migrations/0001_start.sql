-- Conversations, their messages, keys and published versions.
-- Times are seconds since 1970; what has an inner structure is JSON text.

CREATE TABLE conversations (
    id           TEXT NOT NULL PRIMARY KEY,
    app_id       TEXT NOT NULL,
    user         TEXT NOT NULL,
    name         TEXT NOT NULL,
    inputs       TEXT NOT NULL,
    introduction TEXT NOT NULL,
    version      TEXT NOT NULL,
    created_at   REAL NOT NULL,
    updated_at   REAL NOT NULL
) STRICT;

-- The two orders in which a user's conversations are listed; the id tells equal times apart.
CREATE INDEX conversations_by_creation ON conversations (app_id, user, created_at, id);
CREATE INDEX conversations_by_change ON conversations (app_id, user, updated_at, id);

-- The owner of a message is its conversation's.
CREATE TABLE messages (
    sequence        INTEGER PRIMARY KEY,  -- the order of writing
    id              TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent_id       TEXT NOT NULL,        -- the message that this one answers, once conversations branch
    query           TEXT NOT NULL,
    inputs          TEXT NOT NULL,
    answer          TEXT NOT NULL,
    status          TEXT NOT NULL,
    error           TEXT,
    usage           TEXT NOT NULL,
    citations       TEXT NOT NULL,
    created_at      REAL NOT NULL
) STRICT;

CREATE INDEX messages_in_order ON messages (conversation_id, created_at, sequence);

-- A start looks for what the last process left unfinished; it must not read every message for that.
CREATE INDEX messages_unfinished ON messages (status) WHERE status = 'running';

CREATE TABLE keys (
    sequence   INTEGER PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    app        TEXT NOT NULL,
    hint       TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;

CREATE TABLE versions (
    sequence   INTEGER PRIMARY KEY,       -- the order of publishing
    app        TEXT NOT NULL,
    id         TEXT NOT NULL,
    source     TEXT NOT NULL,
    created_at REAL NOT NULL,
    draft      INTEGER NOT NULL,
    UNIQUE (app, id)
) STRICT;
