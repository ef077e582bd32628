-- Which forms a run waits for now, and how a run that waits is found.

DROP INDEX forms_by_time;
ALTER TABLE forms ADD COLUMN current INTEGER NOT NULL DEFAULT 1;  -- whether its run's last pause is for it
CREATE INDEX forms_by_time ON forms (expires_at) WHERE current = 1;

CREATE INDEX workflow_runs_waiting ON workflow_runs (json_extract(run, '$.task_id')) WHERE status = 'paused';

-- A run that goes on, or is over, waits for nobody.
CREATE TRIGGER forms_rest AFTER UPDATE OF state ON workflow_runs WHEN old.state IS NOT NULL AND new.state IS NULL
BEGIN
    UPDATE forms SET current = 0 WHERE run_id = new.id;
END;
