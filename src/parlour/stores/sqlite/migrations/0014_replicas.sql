-- Runs that wait are found by their task without looking into them.

ALTER TABLE workflow_runs ADD COLUMN task_id TEXT NOT NULL DEFAULT '';
UPDATE workflow_runs SET task_id = coalesce(json_extract(run, '$.task_id'), '');
DROP INDEX workflow_runs_waiting;
CREATE INDEX workflow_runs_waiting ON workflow_runs (task_id) WHERE status = 'paused';
