-- Uploads that runs of graphs and variables of conversations name are held by them, as those of messages are.

-- What a run has ever named, it holds until it goes: by its inputs and outputs, by what it was laid aside as, and by
-- what was sent with its forms.
CREATE TABLE run_uploads (
    run_id    TEXT NOT NULL REFERENCES workflow_runs (id) ON DELETE CASCADE,
    upload_id TEXT NOT NULL,
    PRIMARY KEY (run_id, upload_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_uploads_by_upload ON run_uploads (upload_id);

CREATE TABLE variable_uploads (
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    variable_id     TEXT NOT NULL,
    upload_id       TEXT NOT NULL,
    PRIMARY KEY (conversation_id, variable_id, upload_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX variable_uploads_by_upload ON variable_uploads (upload_id);

-- A file within JSON has its upload as `related_id`, one that came with a question as `upload_file_id`. Most name none:
-- a look at the text spares reading it.
CREATE TRIGGER runs_hold_uploads_that_they_begin_with AFTER INSERT ON workflow_runs
WHEN instr(new.run, '"related_id":"')
BEGIN
    INSERT OR IGNORE INTO run_uploads
    SELECT new.id, atom FROM json_tree(new.run) WHERE key = 'related_id' AND atom <> '';
END;

CREATE TRIGGER runs_hold_uploads_that_they_put_out AFTER UPDATE OF run ON workflow_runs
WHEN instr(new.run, '"related_id":"')
BEGIN
    INSERT OR IGNORE INTO run_uploads
    SELECT new.id, atom FROM json_tree(new.run) WHERE key = 'related_id' AND atom <> '';
END;

CREATE TRIGGER runs_hold_uploads_that_they_need_to_go_on AFTER UPDATE OF state ON workflow_runs
WHEN instr(new.state, '"related_id":"') OR instr(new.state, '"upload_file_id":"')
BEGIN
    INSERT OR IGNORE INTO run_uploads
    SELECT new.id, atom FROM json_tree(CAST(new.state AS TEXT))
    WHERE key IN ('related_id', 'upload_file_id') AND atom <> '';
END;

CREATE TRIGGER runs_hold_uploads_of_their_forms AFTER UPDATE OF inputs ON forms
WHEN instr(new.inputs, '"related_id":"')
BEGIN
    INSERT OR IGNORE INTO run_uploads
    SELECT new.run_id, atom FROM json_tree(new.inputs) WHERE key = 'related_id' AND atom <> '';
END;

CREATE TRIGGER variables_hold_uploads AFTER INSERT ON conversation_variables
WHEN instr(new.value, '"related_id":"')
BEGIN
    INSERT OR IGNORE INTO variable_uploads
    SELECT new.conversation_id, new.id, atom FROM json_tree(new.value) WHERE key = 'related_id' AND atom <> '';
END;

CREATE TRIGGER variables_hold_other_uploads AFTER UPDATE OF value ON conversation_variables
WHEN instr(old.value, '"related_id":"') OR instr(new.value, '"related_id":"')
BEGIN
    DELETE FROM variable_uploads WHERE conversation_id = new.conversation_id AND variable_id = new.id;
    INSERT OR IGNORE INTO variable_uploads
    SELECT new.conversation_id, new.id, atom FROM json_tree(new.value) WHERE key = 'related_id' AND atom <> '';
END;

-- Those that are there already.
UPDATE workflow_runs SET run = run WHERE instr(run, '"related_id":"');
UPDATE workflow_runs SET state = state
WHERE instr(state, '"related_id":"') OR instr(state, '"upload_file_id":"');
UPDATE forms SET inputs = inputs WHERE instr(inputs, '"related_id":"');
UPDATE conversation_variables SET value = value WHERE instr(value, '"related_id":"');
