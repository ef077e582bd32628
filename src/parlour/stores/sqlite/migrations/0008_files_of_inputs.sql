-- Files in a message's inputs are held by it as those that it shows are.

ALTER TABLE message_files ADD COLUMN variable TEXT NOT NULL DEFAULT '';  -- of the form; empty for a file that is shown
