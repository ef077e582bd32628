-- The steps of agents, and the files that their tools made.

ALTER TABLE messages ADD COLUMN thoughts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE message_files ADD COLUMN belongs_to TEXT NOT NULL DEFAULT 'user';
