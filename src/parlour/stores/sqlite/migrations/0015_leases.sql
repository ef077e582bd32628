-- Serving processes, and which of them runs what.

CREATE TABLE replicas (
    id          TEXT NOT NULL PRIMARY KEY,
    alive_until REAL NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE messages ADD COLUMN replica TEXT NOT NULL DEFAULT '';
ALTER TABLE workflow_runs ADD COLUMN replica TEXT NOT NULL DEFAULT '';
