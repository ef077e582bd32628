"""POST /files/upload: a multipart body as it comes, and the answer (contract 5.7).

Does not know where the bytes go: `Form.feed` hands on those of the file, a chunk at a time.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated
from urllib.parse import unquote

from msgspec import Meta, Struct
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from parlour.domain.files import IMAGES, SOUNDS, VIDEOS
from parlour.domain.people import end_user_id
from parlour.domain.problems import (
    BadRequest,
    FilenameNotExists,
    FileTooLarge,
    InvalidParam,
    NoFileUploaded,
    Problem,
    TooManyFiles,
    UnsupportedFileType,
)
from parlour.domain.uploads import Upload
from parlour.wire import body as read
from parlour.wire.bodies import Seconds
from parlour.wire.encode import clean_text, encode
from parlour.wire.queries import single

MEGABYTE = 1024 * 1024

LONGEST_NAME = 200
LONGEST_FIELD = 64 * 1024
"""Bytes of all fields together that are no file. Ours."""
MOST_PARTS = 100
"""Ours."""

TENANT = "5d4f5a0e-6d0b-5c0f-9a3e-2f7b1c9d8e60"
"""Who all files belong to: there is one tenant. Clients only want a UUID here."""

_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_EXTENDED = re.compile(rb";\s*filename\*\s*=\s*([\w-]+)'[^';]*'([^\s;]*)", re.IGNORECASE)
_MIME = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)


class FileUploadResponse(Struct):
    """A file that was kept; its `id` is the `upload_file_id` of later messages."""

    id: str
    reference: str | None
    name: str
    size: Annotated[int, Meta(description="Bytes.")]
    extension: str
    mime_type: str
    created_by: Annotated[str, Meta(description="The id of the end user.")]
    created_at: Seconds
    preview_url: str | None
    source_url: Annotated[str, Meta(description="Signed: opens without a key, for five minutes.")]
    original_url: str | None
    user_id: str | None
    tenant_id: str
    conversation_id: str | None
    file_key: str | None


class PreviewQuery(Struct):
    """How a file is to be sent."""

    as_attachment: Annotated[bool, Meta(description="To be saved rather than shown.")] = False


class SignedQuery(Struct):
    """What makes an address valid; given out whole, as the `url` of a file."""

    timestamp: str
    nonce: str
    sign: str
    as_attachment: Annotated[bool, Meta(description="To be saved rather than shown.")] = False


class SignedDocumentQuery(SignedQuery, kw_only=True):
    """The same of the file of a document."""

    tenant: str


class FileUploadRequest(Struct):
    """One file, as multipart/form-data."""

    file: Annotated[
        str, Meta(description="One part, with a file name and a Content-Type.", extra_json_schema={"format": "binary"})
    ]
    user: Annotated[str, Meta(description="Your own name for your user.")] = read.DEFAULT_USER


class Part(Struct):
    """One part of the body, as far as it has come."""

    name: str = ""
    filename: str | None = None
    mime_type: str = ""
    value: bytearray = bytearray()


class Sent(Struct, frozen=True):
    """What a whole body says of its file."""

    name: str
    extension: str
    mime_type: str
    user: str


class Taking(Struct, frozen=True):
    """Which file a form has to have."""

    missing: type[Problem]
    """There is none."""
    check: Callable[[Part], None]
    """Raises if this is none that is taken."""
    most: Callable[[Part], int]
    """Bytes that it may have."""
    too_large: type[Problem]


class Form:
    """A multipart body. `feed` it chunk by chunk, then ask it what was `sent`."""

    def __init__(self, content_type: str, taking: Taking | None = None) -> None:
        self._taking = taking or UPLOAD
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise self._taking.missing
        self.file: Part | None = None
        """The one that came."""
        self._part = Part()
        self._parts = 0
        self._header = [b"", b""]
        self._pairs: list[tuple[str, str]] = []
        self._gathered = 0
        self._size = 0
        self._ended = False
        self._out: list[memoryview] = []
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._part_end,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise BadRequest(f"The multipart body cannot be read: {error}") from None

    def feed(self, chunk: bytes) -> list[memoryview]:
        """Take the next chunk; the bytes of the file in it, where they lie: two hundred copies at once are much.

        Raises:
            Problem: the body is no multipart, or its file cannot be taken.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadRequest(f"The multipart body cannot be read: {error}") from None
        out, self._out = self._out, []
        return out

    def sent(self) -> Sent:
        """What the body said; to be asked at its end.

        Raises:
            Problem: it was cut short, or has no file.
        """
        user = read.optional_user(self.fields())
        if self.file is None:
            raise self._taking.missing
        name = shortened(self.file.filename or "")
        return Sent(name, extension_of(name), self.file.mime_type, user)

    def fields(self) -> dict[str, str]:
        """What the body said that is no file; to be asked at its end.

        Raises:
            BadRequest: it was cut short.
        """
        if not self._ended:
            raise BadRequest("The multipart body ends in the middle: its last boundary is missing.")
        return single(self._pairs)

    def _begin(self) -> None:
        self._part = Part(value=bytearray())
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise BadRequest(f"The multipart body has more than {MOST_PARTS} parts.")

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _header_end(self) -> None:
        name, value = self._header
        self._header = [b"", b""]
        match name.lower():
            case b"content-disposition":
                _, options = parse_options_header(value)
                self._part.name = decoded(options.get(b"name", b""))
                self._part.filename = named(value, options.get(b"filename"))
            case b"content-type":
                self._part.mime_type = decoded(value).partition(";")[0].strip().lower()
            case _:
                pass

    def _headers_end(self) -> None:
        if self._part.filename is None:
            return
        if self.file is not None:
            raise TooManyFiles
        self.file = self._part
        self._taking.check(self._part)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.filename is not None:
            self._size += end - start
            limit = self._taking.most(self._part)
            if self._size > limit:
                said = f"File size exceeded: the limit for such a file is {limit // MEGABYTE} MB."
                raise self._taking.too_large(said)
            self._out.append(memoryview(data)[start:end])
            return
        self._gathered += end - start
        if self._gathered > LONGEST_FIELD:
            raise BadRequest(f"The fields of the form may have at most {LONGEST_FIELD} bytes together.")
        self._part.value += data[start:end]

    def _part_end(self) -> None:
        if self._part.filename is None:
            self._pairs.append((self._part.name, decoded(bytes(self._part.value))))

    def _end(self) -> None:
        self._ended = True


def check(part: Part) -> None:
    """Whether this part is a file to be taken.

    Raises:
        Problem: it is not, and why.
    """
    if part.name != "file":
        raise NoFileUploaded
    if not part.filename:
        raise FilenameNotExists
    if "/" in part.filename or "\\" in part.filename:
        raise InvalidParam("file: the file's name must not contain / or \\.", params="file")
    if not _MIME.fullmatch(part.mime_type):
        raise UnsupportedFileType


def named(disposition: bytes, filename: bytes | None) -> str | None:
    """The name of a part's file: `filename*` before `filename` (RFC 6266), as Dify reads them.

    A form should not have it (RFC 7578), but .NET's client, and older ones of Python, write names beyond ASCII so.
    """
    extended = _EXTENDED.search(_QUOTED.sub(b"", disposition))
    with suppress(LookupError):
        if extended is not None:
            return clean_text(unquote(extended[2].decode("latin-1"), extended[1].decode("latin-1")))
    return None if filename is None else decoded(filename)


def decoded(value: bytes) -> str:
    """Text of a form: UTF-8, or what older clients send."""
    try:
        return clean_text(value.decode())
    except UnicodeDecodeError:
        return clean_text(value.decode("latin-1"))


def extension_of(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def shortened(name: str) -> str:
    """At most 200 characters, and the extension."""
    if len(name) <= LONGEST_NAME:
        return name
    extension = name.rpartition(".")[2] if extension_of(name) else ""
    return f"{name[:LONGEST_NAME]}.{extension[:LONGEST_NAME]}" if extension else name[:LONGEST_NAME]


def limit_of(extension: str) -> int:
    """How many bytes a file may have, by its extension."""
    if extension in IMAGES:
        return 10 * MEGABYTE
    if extension in VIDEOS:
        return 100 * MEGABYTE
    return (50 if extension in SOUNDS else 15) * MEGABYTE


UPLOAD = Taking(NoFileUploaded, check, lambda part: limit_of(extension_of(part.filename or "")), FileTooLarge)


def kept(upload: Upload, address: str) -> bytes:
    """The answer to an upload; `address` is signed."""
    return encode(
        FileUploadResponse(
            id=upload.id,
            reference=None,
            name=upload.name,
            size=upload.size,
            extension=upload.extension,
            mime_type=upload.mime_type,
            created_by=end_user_id(upload.owner),
            created_at=int(upload.created_at),
            preview_url=None,
            source_url=address,
            original_url=None,
            user_id=None,
            tenant_id=TENANT,
            conversation_id=None,
            file_key=None,
        )
    )
