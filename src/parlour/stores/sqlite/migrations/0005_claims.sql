-- Keys of requests that may come again, and the messages that they began. A message may go before its key does.

CREATE TABLE claims (
    app_id     TEXT NOT NULL,
    user       TEXT NOT NULL,
    key        TEXT NOT NULL,
    body       TEXT NOT NULL,             -- a digest of the request
    task_id    TEXT NOT NULL,
    message_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    PRIMARY KEY (app_id, user, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_by_expiry ON claims (expires_at);
