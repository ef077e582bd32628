"""A request's members from a body that is not what it says it is, or is a form (ours, behind `server.lenient`).

What the body is, its own first bytes tell. Does not know which route it came to.
"""

import codecs
from typing import Any
from urllib.parse import parse_qsl

from msgspec import DecodeError, Struct, json
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from parlour.domain.problems import BadRequest
from parlour.wire import body as read
from parlour.wire.encode import encode
from parlour.wire.queries import single

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
STRUCTURED = ("inputs", "files", "value")
"""Members that are no text: in a form their value is JSON."""

MOST_FIELDS = 100


def decode(content_type: str, body: bytes) -> dict[str, object]:
    """The members of a body: of JSON, of multipart, and of a urlencoded form, whatever its header says.

    Raises:
        UnsupportedMediaType, BadRequest: it is none of them, or cannot be read.
    """
    text = body.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"--"):
        return members(multipart(text))
    if text[:1] not in (b"{", b"[", b"") and content_type.partition(";")[0].strip().lower() == FORM:
        return members(urlencoded(text))
    return read.decode(JSON if text[:1] in (b"{", b"[") else content_type, body)


def members(pairs: list[tuple[str, str]]) -> dict[str, object]:
    """Fields of a form as a JSON object has them, held to the same bounds."""
    found: dict[str, object] = dict(single(pairs))
    for name in STRUCTURED:
        value = found.get(name)
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            found[name] = parsed(value)
    return read.decode(JSON, encode(found))


def parsed(text: str) -> object:
    try:
        return json.decode(text)
    except (DecodeError, RecursionError):
        return text  # whoever reads the member says what it must be


def urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise BadRequest(f"The form has more than {MOST_FIELDS} fields.") from None


class Part(Struct):
    """One part of a multipart body, as far as it has come."""

    head: bytes = b""
    header: bytes = b""
    disposition: bytes = b""
    value: bytearray = bytearray()


def multipart(body: bytes) -> list[tuple[str, str]]:
    """The fields of a multipart body; its first line is its boundary, which the header may not have said.

    Raises:
        BadRequest: it cannot be read, ends in the middle, has a file, or too many fields.
    """
    boundary = body.split(b"\n", 1)[0].rstrip()[2:]
    parts: list[Part] = []
    ended: list[bool] = []

    def header(data: bytes, start: int, end: int) -> None:
        parts[-1].head += data[start:end]

    def value(data: bytes, start: int, end: int) -> None:
        parts[-1].header += data[start:end]

    def header_end() -> None:
        if parts[-1].head.lower() == b"content-disposition":
            parts[-1].disposition = parts[-1].header
        parts[-1].head = parts[-1].header = b""

    def content(data: bytes, start: int, end: int) -> None:
        parts[-1].value += data[start:end]

    callbacks: Any = {
        "on_part_begin": lambda: parts.append(Part(value=bytearray())),
        "on_header_field": header,
        "on_header_value": value,
        "on_header_end": header_end,
        "on_part_data": content,
        "on_end": lambda: ended.append(True),
    }
    try:
        MultipartParser(boundary, callbacks).write(body)
    except FormParserError as error:
        raise BadRequest(f"The multipart body cannot be read: {error}") from None
    if not ended:
        raise BadRequest("The multipart body ends in the middle: its last boundary is missing.")
    if len(parts) > MOST_FIELDS:
        raise BadRequest(f"The form has more than {MOST_FIELDS} fields.")
    return [field(part) for part in parts]


def field(part: Part) -> tuple[str, str]:
    _, options = parse_options_header(part.disposition)
    if b"filename" in options:
        raise BadRequest("Files go to POST /v1/files/upload first; `files` then names the upload.")
    return options.get(b"name", b"").decode("utf-8", "replace"), bytes(part.value).decode("utf-8", "replace")
