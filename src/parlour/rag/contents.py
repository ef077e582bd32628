"""The port `Contents`: uploads from where they are kept, addresses over the web, documents as their text.

Does not know whose a file is, nor how any of these is done.
"""

import base64
import mimetypes
import re
from contextlib import aclosing, suppress
from email.message import Message
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from parlour.domain.files import FileRef
from parlour.domain.problems import ContentUnavailable, DocumentUnreadable, FetchFailed
from parlour.ports.blobs import Blobs
from parlour.ports.contents import Described
from parlour.ports.documents import Documents
from parlour.ports.web import MEGABYTE, Web, WebRequest, WebResponse
from parlour.rag import sniffing

LARGEST_PICTURE = 10 * MEGABYTE
LARGEST_DOCUMENT = 15 * MEGABYTE
LONGEST_TEXT = 2 * MEGABYTE
"""Characters of a document that a model is given; no model reads more."""
KEPT_TEXT = 4 * MEGABYTE
"""Characters of documents that are not read again."""
UNKNOWN = "application/octet-stream"
LOOK = 10.0
"""Seconds in which an address says what it has; somebody waits for it."""
LOAD = 60.0
REACH = 3.0
"""Seconds until an address takes a connection: what is dead by now must not use up the time of what is not."""
_FROM = re.compile(r"bytes \d+-\d+/(\d+)")


class FileContents:
    """Reads files wherever they are."""

    def __init__(self, blobs: Blobs, web: Web, documents: Documents) -> None:
        self._blobs = blobs
        self._web = web
        self._documents = documents
        self._texts: dict[str, str] = {}
        """Of the latest documents, by upload: every turn of a conversation shows them again."""

    async def describe(self, url: str, app: str) -> Described:
        """By HEAD; where that is refused (signed addresses are for one method), by a first byte."""
        status = 0
        look = WebRequest(url, "HEAD", app=app, connect_seconds=REACH, total_seconds=LOOK)
        byte = replace(look, method="GET", headers=(("Range", "bytes=0-0"),), most=1 << 40)
        try:
            for request in (look, byte):
                async with self._web.fetch(request) as response:
                    if response.status < 300:
                        return described(response, url)
                    status = response.status
        except FetchFailed as failed:
            raise ContentUnavailable(failed.message) from None
        raise ContentUnavailable(f"Its address answers with the status {status}.")

    async def shown(self, file: FileRef, app: str) -> str:
        match file.type:
            case "image":
                return await self._picture(file, app)
            case "document" | "custom":
                return await self._text(file, app)
            case _:
                return ""

    def reads(self, name: str, mime_type: str) -> bool:
        return self._documents.reads(name, mime_type)

    def kind(self, head: bytes) -> str:
        return sniffing.kind(head)

    async def _picture(self, file: FileRef, app: str) -> str:
        content = await self._data(file, app, LARGEST_PICTURE)
        kind = self.kind(content)
        if not kind.startswith("image/"):
            raise ContentUnavailable("Its content is no picture.")
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    async def _text(self, file: FileRef, app: str) -> str:
        if not self._documents.reads(file.name, file.mime_type):
            return ""
        if (known := self._texts.get(file.upload_file_id)) is not None:
            return known
        content = await self._data(file, app, LARGEST_DOCUMENT)
        try:
            text = await self._documents.text(content, file.name, file.mime_type)
        except DocumentUnreadable as failed:
            raise ContentUnavailable(failed.message) from None
        if len(text) > LONGEST_TEXT:
            raise ContentUnavailable(f"Its text is too long for a model: at most {LONGEST_TEXT} characters.")
        if file.upload_file_id:
            self._texts[file.upload_file_id] = text
            while sum(map(len, self._texts.values())) > KEPT_TEXT:
                del self._texts[next(iter(self._texts))]
        return text

    async def _data(self, file: FileRef, app: str, most: int) -> bytes:
        return await (
            self._uploaded(file.upload_file_id, most) if file.upload_file_id else self._remote(file, app, most)
        )

    async def _uploaded(self, upload_id: str, most: int) -> bytes:
        blob = await self._blobs.open(upload_id)
        if blob is None:
            raise ContentUnavailable("It is gone, upload it again.")
        async with aclosing(blob.pieces) as pieces:
            if blob.size > most:
                raise too_large(most)
            return b"".join([piece async for piece in pieces])

    async def _remote(self, file: FileRef, app: str, most: int) -> bytes:
        request = WebRequest(file.url, app=app, connect_seconds=REACH, total_seconds=LOAD, most=most)
        try:
            async with self._web.fetch(request) as response:
                if response.status != 200:
                    raise ContentUnavailable(f"Its address answers with the status {response.status}.")
                return await response.body()
        except FetchFailed as failed:
            raise (too_large(most) if failed.why == "too_large" else ContentUnavailable(failed.message)) from None


def too_large(most: int) -> ContentUnavailable:
    return ContentUnavailable(f"It is too long for a model: it may have at most {most // MEGABYTE} MB.")


def described(response: WebResponse, url: str) -> Described:
    name = named(response.header("content-disposition")) or last(url) or last(response.url) or "file"
    kind = response.header("content-type").partition(";")[0].strip().lower()
    if kind in {"", UNKNOWN}:
        kind = mimetypes.guess_type(name)[0] or UNKNOWN
    if "." not in name:
        name += mimetypes.guess_extension(kind) or ""
    size = -1
    with suppress(ValueError):
        size = int(response.header("content-length") or -1) if not response.header("content-encoding") else -1
    if part := _FROM.fullmatch(response.header("content-range")):
        size = int(part[1])
    return Described(name, kind, size)


def named(disposition: str) -> str:
    """The file's name in a Content-Disposition, whichever way it is written; no folders."""
    said = Message()
    said["content-disposition"] = disposition
    return re.split(r"[/\\]", said.get_filename(""))[-1].strip()


def last(url: str) -> str:
    return unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2]
