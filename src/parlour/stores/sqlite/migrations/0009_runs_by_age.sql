-- The runs of a chatflow are listed, too, and old ones are found by their age.

DROP INDEX workflow_runs_by_app;
CREATE INDEX workflow_runs_by_app ON workflow_runs (app_id, created_at, sequence);
CREATE INDEX workflow_runs_by_age ON workflow_runs (created_at);
