"""The routes of files: upload, preview by key, preview by signed address. Knows no store, and nothing of chats."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from parlour.domain.message import Owner
from parlour.domain.problems import FileAccessDenied, FileNotFound, Problem
from parlour.domain.uploads import Upload
from parlour.http.house import House
from parlour.http.rim import app_of, base_of, json, pieces_of, query_of
from parlour.http.visitors import user_of
from parlour.ports.blobs import Blob
from parlour.wire import queries, ranges, uploads
from parlour.wire.body import lenient_boolean

WRITTEN_TO_RUN = frozenset({"html", "htm", "xhtml", "shtml", "xht", "svg", "svgz", "xml", "xsl", "xslt", "js", "mjs"})
"""Extensions of what a browser would run."""
FAMILIES = {"image": "image", "audio": "moving", "video": "moving", "application": "application", "font": "font"}
"""The same containers hold sound and film."""
PIECE = 64 * 1024
"""Bytes of an upload that are on their way to their place at a time."""
HEAD = 4096
"""Bytes that tell what a content is."""


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/files/upload", partial(upload, house), methods=["POST"]),
        Route("/v1/files/{file_id}/preview", partial(preview, house), methods=["GET"]),
        Route("/files/{file_id}/file-preview", partial(signed, house), methods=["GET"]),
        Route("/files/tools/{file_id}", partial(made, house), methods=["GET"]),
    ]


async def upload(house: House, request: Request) -> Response:
    """Keep a file; its bytes go to their place as they come."""
    app = await app_of(house, request)
    form = uploads.Form(request.headers.get("content-type", ""))
    upload_id = house.new_id()
    async with aclosing(file_of(form, house, request)) as sent:
        size = await house.blobs.put(upload_id, sent)
    try:
        said = form.sent()
        owner = Owner(app.card.id, user_of(request, said.user))
    except Problem:
        await house.blobs.delete(upload_id)
        raise
    kept = Upload(upload_id, owner, said.name, size, said.extension, said.mime_type, house.now())
    await house.uploads.add(kept)
    house.guests.note(owner)
    return json(uploads.kept(kept, house.signer.address(base_of(house, request), upload_id)), 201)


async def file_of(form: uploads.Form, house: House, request: Request) -> AsyncGenerator[memoryview, None]:
    """The bytes of the form's file."""
    async with aclosing(pieces_of(house, request)) as sent:
        async for piece in sent:
            for found in form.feed(piece):
                for start in range(0, len(found), PIECE):
                    yield found[start : start + PIECE]


async def preview(house: House, request: Request) -> Response:
    """A file that some message of the key's app shows."""
    app = await app_of(house, request)
    found = await house.uploads.look_up(queries.path_uuid(request.path_params["file_id"]))
    if found is None or not found.attached:
        raise FileNotFound
    if found.upload.owner.app_id != app.card.id:
        raise FileAccessDenied
    return await body_of_file(house, request, found.upload)


async def signed(house: House, request: Request) -> Response:
    """A file by an address that this server has given out not long ago."""
    file_id = request.path_params["file_id"]
    if not house.signer.accepts(file_id, query_of(request)):
        raise FileNotFound
    found = await house.uploads.look_up(file_id)
    if found is None:
        raise FileNotFound
    return await body_of_file(house, request, found.upload)


async def made(house: House, request: Request) -> Response:
    """The same of a file that a tool or a node has made; it is refused in another way (contract 5.7)."""
    file_id = request.path_params["file_id"].partition(".")[0]
    if not house.signer.accepts(file_id, query_of(request), "tools"):
        raise FileAccessDenied
    found = await house.uploads.look_up(file_id)
    if found is None:
        raise FileNotFound
    return await body_of_file(house, request, found.upload)


async def body_of_file(house: House, request: Request, kept: Upload) -> Response:
    """The file, or the part of it that was asked for, from its place to the socket."""
    edition = ranges.Edition(kept.id, kept.created_at)
    caching = {"cache-control": "public, max-age=3600"} | edition.headers
    if ranges.is_kept(request.headers, edition):
        return Response(status_code=304, headers=caching)
    download = lenient_boolean(query_of(request).get("as_attachment", "")) is True
    headers = caching | await headers_of(house, kept, download)
    part = ranges.span(request.headers, kept.size, edition)
    blob = await house.blobs.open(kept.id, part)
    if blob is None:
        raise FileNotFound
    start, end = part or (0, blob.size)
    headers["content-length"] = str(end - start)
    if part is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{blob.size}"
    return FileBody(blob, 206 if part is not None else 200, headers)


async def headers_of(house: House, kept: Upload, download: bool) -> dict[str, str]:  # noqa: FBT001 -- a fact
    """What a file goes out as. Neither what a page could run in the server's name, nor what is not of the type that
    its sender said, is ever shown: it is only saved."""
    headers = {"x-content-type-options": "nosniff", "content-security-policy": "script-src 'none'"}
    if kept.mime_type.startswith(("audio/", "video/")):
        headers["accept-ranges"] = "bytes"
    if download or not safe(kept.mime_type, kept.extension, house.contents.kind(await head(house, kept))):
        saved = f"attachment; filename*=UTF-8''{quote(kept.name, safe='')}"
        return headers | {"content-disposition": saved, "content-type": "application/octet-stream"}
    return headers | {"content-type": kept.mime_type}


async def head(house: House, kept: Upload) -> bytes:
    """The first bytes of it."""
    blob = await house.blobs.open(kept.id, (0, HEAD)) if kept.size else None
    if blob is None:
        return b""
    async with aclosing(blob.pieces) as pieces:
        return b"".join([piece async for piece in pieces])


def safe(declared: str, extension: str, content: str) -> bool:
    """Whether a browser may show what is declared as one type and, by its content, is of another (or of none)."""
    if extension in WRITTEN_TO_RUN or may_run(declared):
        return False
    if not content or declared.startswith("text/"):
        return True  # a text is shown as text, whatever it says
    return not may_run(content) and FAMILIES.get(family(declared), "") == FAMILIES.get(family(content), "")


def may_run(mime_type: str) -> bool:
    return mime_type.endswith(("/xml", "+xml", "html", "javascript", "ecmascript", "flash")) or family(mime_type) in {
        "multipart",
        "message",
    }


def family(mime_type: str) -> str:
    return mime_type.partition("/")[0]


class FileBody(Response):
    """The bytes of a file, a piece at a time."""

    def __init__(self, blob: Blob, status: int, headers: Mapping[str, str]) -> None:
        self.blob = blob
        self.status_code = status
        self.shown = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        async with aclosing(self.blob.pieces) as pieces:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.shown})
            if scope["method"] != "HEAD":
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
