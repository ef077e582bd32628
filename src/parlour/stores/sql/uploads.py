"""Uploads in SQL: the port `Uploads`, and the files of messages for `messages.py`. Knows no threads and no bytes."""

from typing import Literal, cast

from msgspec import json

from parlour.domain.files import Attachment, FileType, TransferMethod, named_in
from parlour.domain.message import Message, Owner
from parlour.domain.uploads import Upload
from parlour.ports.uploads import Shown
from parlour.stores.sql.database import Database

ADD = """
INSERT INTO uploads (id, app_id, user, name, size, extension, mime_type, created_at)
VALUES (:id, :app_id, :user, :name, :size, :extension, :mime_type, :created_at)
"""

FIND = """
SELECT id, app_id, user, name, size, extension, mime_type, created_at
FROM uploads
WHERE id = :id AND app_id = :app_id AND user = :user
"""

# The condition on the empty string is what lets the partial index be used.
LOOK_UP = """
SELECT id, app_id, user, name, size, extension, mime_type, created_at,
    EXISTS (SELECT 1 FROM message_files WHERE upload_file_id = :id AND upload_file_id <> '')
FROM uploads
WHERE id = :id
"""

# Of a message that is being selected: the files that it shows, in the order of the members of `Attachment`.
FILES = """(
    SELECT json_group_array(
        json_array(id, type, transfer_method, url, upload_file_id, name, mime_type, size, belongs_to)
    ) FROM (
        SELECT * FROM message_files WHERE message_id = messages.id AND variable = '' ORDER BY position
    ) AS shown
)"""

# For `fill`: a row of NULLs writes nothing, nor does a file whose message was refused, or that is there already.
ATTACH = """
INSERT INTO message_files
    (message_id, position, id, type, transfer_method, url, upload_file_id, name, mime_type, size, belongs_to, variable)
WITH asked
    (message_id, position, id, type, transfer_method, url, upload_file_id, name, mime_type, size, belongs_to, variable)
    AS (VALUES {rows})
SELECT * FROM asked WHERE EXISTS (SELECT 1 FROM messages WHERE messages.id = asked.message_id)
ON CONFLICT DO NOTHING
"""

Row = tuple[object, ...]

BEHIND = 10_000
"""A position that no file of a question has."""

UploadRow = tuple[str, str, str, str, int, str, str, float]

FileRow = tuple[str, FileType, TransferMethod, str, str, str, str, int, Literal["user", "assistant"]]

decode_files = json.Decoder(list[FileRow]).decode


class SqlUploads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, upload: Upload) -> None:
        row = {
            "id": upload.id,
            "app_id": upload.owner.app_id,
            "user": upload.owner.user,
            "name": upload.name,
            "size": upload.size,
            "extension": upload.extension,
            "mime_type": upload.mime_type,
            "created_at": upload.created_at,
        }
        await self._database.write(lambda connection: connection.execute(ADD, row).rowcount)

    async def find(self, owner: Owner, upload_id: str) -> Upload | None:
        asked = {"id": upload_id, "app_id": owner.app_id, "user": owner.user}
        row: UploadRow | None = await self._database.read(lambda connection: connection.execute(FIND, asked).fetchone())
        return None if row is None else upload_from(row)

    async def look_up(self, upload_id: str) -> Shown | None:
        row: tuple[object, ...] | None = await self._database.read(
            lambda connection: connection.execute(LOOK_UP, {"id": upload_id}).fetchone()
        )
        return None if row is None else Shown(upload_from(cast("UploadRow", row[:-1])), attached=bool(row[-1]))


def upload_from(row: UploadRow) -> Upload:
    upload_id, app_id, user, name, size, extension, mime_type, created_at = row
    return Upload(upload_id, Owner(app_id, user), name, size, extension, mime_type, created_at)


def file_rows(message: Message) -> tuple[Row, ...]:
    """What `ATTACH` is filled with when a question is written: the files that it shows, and those in its inputs."""
    shown = [(file, "") for file in message.files]
    held = [(file.attached(""), variable) for variable, file in named_in(message.inputs)]
    return tuple(row(message.id, position, file, variable) for position, (file, variable) in enumerate([*shown, *held]))


def made_rows(message: Message) -> tuple[Row, ...]:
    """The same when its answer is written: the files that it made, behind all others."""
    made = (file for file in message.files if file.belongs_to == "assistant")
    return tuple(row(message.id, BEHIND + number, file) for number, file in enumerate(made))


def row(message_id: str, position: int, file: Attachment, variable: str = "") -> Row:
    return (
        message_id,
        position,
        file.id,
        file.type,
        file.transfer_method,
        file.url,
        file.upload_file_id,
        file.name,
        file.mime_type,
        file.size,
        file.belongs_to,
        variable,
    )


def files_from(text: str) -> tuple[Attachment, ...]:
    """The files of a message, as `FILES` selects them."""
    return tuple(Attachment(*row) for row in decode_files(text))
