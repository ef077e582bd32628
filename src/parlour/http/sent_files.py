"""The files that a request names, looked up: whose they are, what they are, and what a model is given of them.

Knows no store. An upload of another user, or of another app, reads as one that is not there (contract 6.1).
"""

import base64
from contextlib import aclosing
from typing import cast
from urllib.parse import unquote, urlsplit

from msgspec import structs

from parlour.domain.app import App, Field
from parlour.domain.files import IMAGES, SOUNDS, VIDEOS, FileRef, FileRules, FileType
from parlour.domain.message import Message, Owner, Page
from parlour.domain.problems import InvalidParam
from parlour.domain.turn import Ask
from parlour.domain.uploads import Upload
from parlour.http.house import House
from parlour.wire.encode import clean_text
from parlour.wire.uploads import limit_of

LARGEST_IMAGE = limit_of("png")
"""Bytes; whatever its name says, it is held in memory for the model."""

LARGEST_TEXT = 2 * 1024 * 1024
"""Bytes of a document that a model is given; no model reads more."""

PROSE = frozenset({"txt", "text", "md", "mdx", "markdown", "html", "htm", "log", "vtt"})
FIGURES = frozenset({"csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "ini", "toml", "properties"})
TEXT_TYPES = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})


async def looked_up(house: House, app: App, ask: Ask) -> Ask:
    """The same with its uploads found, their names and types told, and what the model is to see read.

    Raises:
        InvalidParam: an upload is not there, or the app does not take it.
    """
    owner = Owner(app.card.id, ask.user)
    if ask.files:
        rules = app.features.files
        files = tuple([await with_data(house, await found(house, owner, file, rules, "files")) for file in ask.files])
        ask = structs.replace(ask, files=files)
    inputs = {field.variable: await filled(house, owner, field, ask.inputs.get(field.variable)) for field in app.form}
    return structs.replace(ask, inputs=inputs)


async def filled(house: House, owner: Owner, field: Field, value: object) -> object:
    """The value of one variable of a form, with the files in it found."""
    if isinstance(value, FileRef):
        return await found(house, owner, value, field.files, field.variable)
    if field.kind == "file-list" and isinstance(value, tuple):
        several = cast("tuple[FileRef, ...]", value)
        return tuple([await found(house, owner, file, field.files, field.variable) for file in several])
    return value


async def found(house: House, owner: Owner, file: FileRef, rules: FileRules, field: str) -> FileRef:
    """The file with what is known of its upload; one that was named by address alone stays as it is."""
    if not file.upload_file_id:
        return structs.replace(file, name=clean_text(unquote(urlsplit(file.url).path.rpartition("/")[2])))
    upload = await house.uploads.find(owner, file.upload_file_id)
    if upload is None:
        raise InvalidParam(
            f"{field}: invalid upload file: this user has no upload {file.upload_file_id} in this app. "
            "A file belongs to the `user` and the app that it was uploaded with.",
            params=field,
        )
    if file.type == "custom" and rules.extensions and f".{upload.extension}" not in rules.extensions:
        raise InvalidParam(
            f"{field}: file validation failed for {upload.name}: the extension "
            f"{upload.extension or '(none)'} is not allowed here.",
            params=field,
        )
    declared = detected(upload) if file.type == "custom" else file.type
    return structs.replace(file, type=declared, name=upload.name, mime_type=upload.mime_type, size=upload.size)


def detected(upload: Upload) -> FileType:
    """What a file is that its sender called `custom` (contract 2.4)."""
    kind = upload.mime_type.partition("/")[0]
    if upload.extension in IMAGES or kind == "image":
        return "image"
    if upload.extension in VIDEOS or kind == "video":
        return "video"
    if upload.extension in SOUNDS or kind == "audio":
        return "audio"
    return "document" if is_text(upload.name, upload.mime_type) else "custom"


def is_text(name: str, mime_type: str) -> bool:
    return (
        name.rpartition(".")[2].lower() in PROSE | FIGURES or mime_type.startswith("text/") or mime_type in TEXT_TYPES
    )


async def with_data(house: House, file: FileRef) -> FileRef:
    """The file with what a model is given of it, where it is an upload that a model can be given."""
    if not file.upload_file_id or not (file.type == "image" or is_text(file.name, file.mime_type)):
        return file
    most = LARGEST_IMAGE if file.type == "image" else LARGEST_TEXT
    if file.size > most:
        raise InvalidParam(
            f"files: {file.name} is too long for a model: as {file.type} it may have at most {most} bytes.",
            params="files",
        )
    blob = await house.blobs.open(file.upload_file_id)
    if blob is None:
        raise InvalidParam(f"files: invalid upload file: {file.name} is gone, upload it again.", params="files")
    async with aclosing(blob.pieces) as pieces:
        content = b"".join([piece async for piece in pieces])
    if file.type == "image":
        return structs.replace(file, data=f"data:{image_type(file)};base64,{base64.b64encode(content).decode()}")
    return structs.replace(file, data=text_of(content))


def image_type(file: FileRef) -> str:
    """The MIME type that a model is told: providers refuse a picture that its sender called a stream of bytes."""
    extension = file.name.rpartition(".")[2].lower()
    if file.mime_type.startswith("image/") or extension not in IMAGES:
        return file.mime_type
    return "image/" + {"jpg": "jpeg", "svg": "svg+xml"}.get(extension, extension)


def text_of(content: bytes) -> str:
    """A document in whatever encoding it may have; NULs, which no store and no model takes, go."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace").replace("\0", "")
    try:
        return content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace").replace("\0", "")


def addressed(house: House, page: Page[Message], base: str) -> Page[Message]:
    """The messages with an address for each upload in them, valid from now on."""
    return Page(
        tuple(
            structs.replace(
                message,
                files=tuple(
                    structs.replace(file, url=house.signer.address(base, file.upload_file_id))
                    if file.upload_file_id
                    else file
                    for file in message.files
                ),
            )
            if message.files
            else message
            for message in page.items
        ),
        page.has_more,
    )
