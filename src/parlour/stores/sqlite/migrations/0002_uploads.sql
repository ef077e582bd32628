-- Uploaded files (their bytes are kept elsewhere), and the files of messages.

CREATE TABLE uploads (
    id         TEXT NOT NULL PRIMARY KEY,
    app_id     TEXT NOT NULL,
    user       TEXT NOT NULL,
    name       TEXT NOT NULL,
    size       INTEGER NOT NULL,
    extension  TEXT NOT NULL,
    mime_type  TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;

-- What a message shows of a file is written down with it: it stays as it was when it was sent.
CREATE TABLE message_files (
    message_id      TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    id              TEXT NOT NULL,
    type            TEXT NOT NULL,
    transfer_method TEXT NOT NULL,
    url             TEXT NOT NULL,
    upload_file_id  TEXT NOT NULL,        -- empty for a file that was never uploaded
    name            TEXT NOT NULL,
    mime_type       TEXT NOT NULL,
    size            INTEGER NOT NULL,
    PRIMARY KEY (message_id, position)
) STRICT;

CREATE INDEX message_files_by_upload ON message_files (upload_file_id) WHERE upload_file_id <> '';
