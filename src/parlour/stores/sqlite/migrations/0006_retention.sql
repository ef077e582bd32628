-- What is old is found by its age, and blobs whose uploads were given up are remembered until they are deleted.

CREATE INDEX messages_by_age ON messages (created_at);
CREATE INDEX uploads_by_age ON uploads (created_at);

CREATE TABLE given_up_blobs (
    name TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
