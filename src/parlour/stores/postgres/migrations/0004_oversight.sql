-- Runs and conversations of all apps are listed by their time; a user's runs and uploads are found to be deleted.

DROP INDEX workflow_runs_by_age;
CREATE INDEX workflow_runs_by_age ON workflow_runs (created_at, sequence, app_id, "user", status);
CREATE INDEX workflow_runs_by_user ON workflow_runs (app_id, "user");
CREATE INDEX conversations_by_age ON conversations (created_at, id, app_id, "user");
CREATE INDEX uploads_by_user ON uploads (app_id, "user");

-- A member by its path, as text: `$.price.unit`.
CREATE FUNCTION json_extract(given TEXT, path TEXT) RETURNS TEXT
LANGUAGE SQL IMMUTABLE PARALLEL SAFE RETURN given::JSON #>> string_to_array(substr(path, 3), '.');
