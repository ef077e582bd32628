-- Figures are made of columns, by an index that holds all of them: how long users waited, and what was spent.

ALTER TABLE messages ADD COLUMN app_id TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN "user" TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN graph BIGINT NOT NULL DEFAULT 0;      -- 1 where a graph answers it
ALTER TABLE messages ADD COLUMN task_id TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN calls TEXT NOT NULL DEFAULT '[]';
ALTER TABLE messages ADD COLUMN took DOUBLE PRECISION;
ALTER TABLE messages ADD COLUMN first_text DOUBLE PRECISION;
ALTER TABLE messages ADD COLUMN tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN cost DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN currency TEXT NOT NULL DEFAULT '';

ALTER TABLE workflow_runs ADD COLUMN took DOUBLE PRECISION;
ALTER TABLE workflow_runs ADD COLUMN first_text DOUBLE PRECISION;
ALTER TABLE workflow_runs ADD COLUMN tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workflow_runs ADD COLUMN cost DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE workflow_runs ADD COLUMN currency TEXT NOT NULL DEFAULT '';

-- Of what was said before, only the time of its models is known.
UPDATE messages SET
    app_id = (SELECT app_id FROM conversations WHERE id = conversation_id),
    "user" = (SELECT "user" FROM conversations WHERE id = conversation_id),
    graph = CASE WHEN id IN (SELECT message_id FROM workflow_runs) THEN 1 ELSE 0 END,
    took = CASE WHEN status = 'normal' THEN CAST(json_extract(usage, '$.latency') AS DOUBLE PRECISION) END,
    first_text = CAST(json_extract(usage, '$.time_to_first_token') AS DOUBLE PRECISION),
    tokens = coalesce(CAST(json_extract(usage, '$.prompt_tokens') AS BIGINT)
        + CAST(json_extract(usage, '$.completion_tokens') AS BIGINT), 0),
    cost = coalesce(
        CAST(json_extract(usage, '$.paid.prompt') AS DOUBLE PRECISION) + CAST(json_extract(usage, '$.paid.completion') AS DOUBLE PRECISION),
        (CAST(json_extract(usage, '$.prompt_tokens') AS BIGINT) * CAST(json_extract(usage, '$.price.prompt') AS DOUBLE PRECISION)
            + CAST(json_extract(usage, '$.completion_tokens') AS BIGINT)
                * CAST(json_extract(usage, '$.price.completion') AS DOUBLE PRECISION))
            * CAST(json_extract(usage, '$.price.unit') AS DOUBLE PRECISION),
        0
    ),
    currency = coalesce(json_extract(usage, '$.price.currency'), '');

UPDATE workflow_runs SET
    took = CAST(json_extract(run, '$.finished_at') AS DOUBLE PRECISION) - created_at,
    tokens = coalesce(CAST(json_extract(run, '$.total_tokens') AS BIGINT), 0),
    cost = coalesce(
        CAST(json_extract(run, '$.usage.paid.prompt') AS DOUBLE PRECISION) + CAST(json_extract(run, '$.usage.paid.completion') AS DOUBLE PRECISION),
        (CAST(json_extract(run, '$.usage.prompt_tokens') AS BIGINT) * CAST(json_extract(run, '$.usage.price.prompt') AS DOUBLE PRECISION)
            + CAST(json_extract(run, '$.usage.completion_tokens') AS BIGINT)
                * CAST(json_extract(run, '$.usage.price.completion') AS DOUBLE PRECISION))
            * CAST(json_extract(run, '$.usage.price.unit') AS DOUBLE PRECISION),
        0
    ),
    currency = coalesce(json_extract(run, '$.usage.price.currency'), '');

DROP INDEX messages_by_age;
CREATE INDEX messages_by_age ON messages
    (created_at, sequence, app_id, "user", status, graph, took, first_text, tokens, cost, currency);
DROP INDEX workflow_runs_by_age;
CREATE INDEX workflow_runs_by_age ON workflow_runs
    (created_at, sequence, app_id, "user", status, message_id, took, first_text, tokens, cost, currency);
