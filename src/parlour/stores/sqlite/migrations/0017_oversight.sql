-- Runs and conversations of all apps are listed by their time; a user's runs and uploads are found to be deleted.

-- What lists are narrowed by stands in the index: runs that do not fit are passed over without reading them.
DROP INDEX workflow_runs_by_age;
CREATE INDEX workflow_runs_by_age ON workflow_runs (created_at, sequence, app_id, user, status);
CREATE INDEX workflow_runs_by_user ON workflow_runs (app_id, user);
CREATE INDEX conversations_by_age ON conversations (created_at, id, app_id, user);
CREATE INDEX uploads_by_user ON uploads (app_id, user);
