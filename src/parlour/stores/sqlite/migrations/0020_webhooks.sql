-- Who is told of the end of a run that nobody waits for. A run may go before its webhook does.

CREATE TABLE webhooks (
    run_id     TEXT NOT NULL PRIMARY KEY,
    app_id     TEXT NOT NULL,
    user       TEXT NOT NULL,
    app        TEXT NOT NULL,             -- the name that its secret is known by
    url        TEXT NOT NULL,
    created_at REAL NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    worker     TEXT NOT NULL DEFAULT '',  -- who holds it, or held it last
    due        REAL NOT NULL,             -- when it is tried next, or its worker's time is over
    fate       TEXT NOT NULL DEFAULT ''   -- how it ended; then it is due to be forgotten
) STRICT, WITHOUT ROWID;

CREATE INDEX webhooks_by_time ON webhooks (due);
CREATE INDEX webhooks_owed ON webhooks (attempts) WHERE fate = '';
CREATE INDEX webhooks_by_user ON webhooks (app_id, user);
