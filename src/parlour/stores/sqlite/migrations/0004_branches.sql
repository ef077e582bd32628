-- Whether a conversation branches at all: most never do, and are read without following anybody's parents.
CREATE INDEX messages_branching ON messages (conversation_id) WHERE parent_id <> '00000000-0000-0000-0000-000000000000';
