-- Figures are made of columns, by an index that holds all of them: how long users waited, and what was spent.

ALTER TABLE messages ADD COLUMN app_id TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN user TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN graph INTEGER NOT NULL DEFAULT 0;      -- 1 where a graph answers it
ALTER TABLE messages ADD COLUMN task_id TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN calls TEXT NOT NULL DEFAULT '[]';
ALTER TABLE messages ADD COLUMN took REAL;
ALTER TABLE messages ADD COLUMN first_text REAL;
ALTER TABLE messages ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN cost REAL NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN currency TEXT NOT NULL DEFAULT '';

ALTER TABLE workflow_runs ADD COLUMN took REAL;
ALTER TABLE workflow_runs ADD COLUMN first_text REAL;
ALTER TABLE workflow_runs ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflow_runs ADD COLUMN cost REAL NOT NULL DEFAULT 0;
ALTER TABLE workflow_runs ADD COLUMN currency TEXT NOT NULL DEFAULT '';

-- Of what was said before, only the time of its models is known.
UPDATE messages SET
    app_id = (SELECT app_id FROM conversations WHERE id = conversation_id),
    user = (SELECT user FROM conversations WHERE id = conversation_id),
    graph = CASE WHEN id IN (SELECT message_id FROM workflow_runs) THEN 1 ELSE 0 END,
    took = CASE WHEN status = 'normal' THEN CAST(json_extract(usage, '$.latency') AS REAL) END,
    first_text = CAST(json_extract(usage, '$.time_to_first_token') AS REAL),
    tokens = coalesce(CAST(json_extract(usage, '$.prompt_tokens') AS INTEGER)
        + CAST(json_extract(usage, '$.completion_tokens') AS INTEGER), 0),
    cost = coalesce(
        CAST(json_extract(usage, '$.paid.prompt') AS REAL) + CAST(json_extract(usage, '$.paid.completion') AS REAL),
        (CAST(json_extract(usage, '$.prompt_tokens') AS INTEGER) * CAST(json_extract(usage, '$.price.prompt') AS REAL)
            + CAST(json_extract(usage, '$.completion_tokens') AS INTEGER)
                * CAST(json_extract(usage, '$.price.completion') AS REAL))
            * CAST(json_extract(usage, '$.price.unit') AS REAL),
        0
    ),
    currency = coalesce(json_extract(usage, '$.price.currency'), '');

UPDATE workflow_runs SET
    took = CAST(json_extract(run, '$.finished_at') AS REAL) - created_at,
    tokens = coalesce(CAST(json_extract(run, '$.total_tokens') AS INTEGER), 0),
    cost = coalesce(
        CAST(json_extract(run, '$.usage.paid.prompt') AS REAL) + CAST(json_extract(run, '$.usage.paid.completion') AS REAL),
        (CAST(json_extract(run, '$.usage.prompt_tokens') AS INTEGER) * CAST(json_extract(run, '$.usage.price.prompt') AS REAL)
            + CAST(json_extract(run, '$.usage.completion_tokens') AS INTEGER)
                * CAST(json_extract(run, '$.usage.price.completion') AS REAL))
            * CAST(json_extract(run, '$.usage.price.unit') AS REAL),
        0
    ),
    currency = coalesce(json_extract(run, '$.usage.price.currency'), '');

DROP INDEX messages_by_age;
CREATE INDEX messages_by_age ON messages
    (created_at, sequence, app_id, user, status, graph, took, first_text, tokens, cost, currency);
DROP INDEX workflow_runs_by_age;
CREATE INDEX workflow_runs_by_age ON workflow_runs
    (created_at, sequence, app_id, user, status, message_id, took, first_text, tokens, cost, currency);
