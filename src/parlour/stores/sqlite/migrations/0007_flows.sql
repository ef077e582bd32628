-- Runs of graphs, the forms that paused ones wait for, their nodes, and the variables of conversations.

-- `run` is the whole of it as JSON; the other columns are what it is looked up by.
CREATE TABLE workflow_runs (
    sequence        INTEGER PRIMARY KEY,  -- the order of writing
    id              TEXT NOT NULL UNIQUE,
    app_id          TEXT NOT NULL,
    user            TEXT NOT NULL,
    message_id      TEXT NOT NULL,        -- empty for an app without messages
    conversation_id TEXT NOT NULL,
    status          TEXT NOT NULL,
    created_at      REAL NOT NULL,
    searched        TEXT NOT NULL,        -- inputs and outputs, folded, for keywords
    run             TEXT NOT NULL,
    state           BLOB                  -- all it takes to go on, while it waits for somebody
) STRICT;

CREATE INDEX workflow_runs_by_app ON workflow_runs (app_id, created_at, sequence) WHERE message_id = '';
CREATE INDEX workflow_runs_of_conversations ON workflow_runs (conversation_id) WHERE conversation_id <> '';
CREATE INDEX workflow_runs_unfinished ON workflow_runs (status) WHERE status = 'running';

-- What a conversation has said goes with it, the runs of graphs that said it too.
CREATE TRIGGER workflow_runs_go_with_conversations AFTER DELETE ON conversations
BEGIN
    DELETE FROM workflow_runs WHERE conversation_id = old.id;
END;

CREATE TABLE forms (
    sequence   INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    run_id     TEXT NOT NULL REFERENCES workflow_runs (id) ON DELETE CASCADE,
    app_id     TEXT NOT NULL,
    token      TEXT,                      -- none for a form that cannot be sent through the API
    asked      TEXT NOT NULL,
    expires_at REAL NOT NULL,
    action     TEXT,                      -- none until it is answered, empty when its time was over
    inputs     TEXT
) STRICT;

CREATE UNIQUE INDEX forms_by_token ON forms (token) WHERE token IS NOT NULL;
CREATE INDEX forms_of_runs ON forms (run_id);
CREATE INDEX forms_by_time ON forms (expires_at);

CREATE TABLE node_executions (
    sequence INTEGER PRIMARY KEY,
    run_id   TEXT NOT NULL REFERENCES workflow_runs (id) ON DELETE CASCADE,
    outcome  TEXT NOT NULL
) STRICT;

CREATE INDEX node_executions_of_runs ON node_executions (run_id, sequence);

CREATE TABLE conversation_variables (
    sequence        INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    id              TEXT NOT NULL,
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL,
    value           TEXT NOT NULL,
    description     TEXT NOT NULL,
    created_at      REAL NOT NULL,
    updated_at      REAL NOT NULL,
    UNIQUE (conversation_id, id)
) STRICT;
