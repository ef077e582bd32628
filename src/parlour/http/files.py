"""The routes of files: upload, preview by key, preview by signed address. Knows no store, and nothing of chats."""

from collections.abc import AsyncGenerator
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
from parlour.http.rim import app_of, json, query_of
from parlour.ports.blobs import Blob
from parlour.wire import queries, uploads
from parlour.wire.body import lenient_boolean

WRITTEN_TO_RUN = frozenset({"text/html", "application/xhtml+xml"})
WRITTEN_TO_RUN_NAMES = frozenset({"html", "htm", "xhtml", "shtml"})


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/files/upload", partial(upload, house), methods=["POST"]),
        Route("/v1/files/{file_id}/preview", partial(preview, house), methods=["GET"]),
        Route("/files/{file_id}/file-preview", partial(signed, house), methods=["GET"]),
    ]


async def upload(house: House, request: Request) -> Response:
    """Keep a file; its bytes go to their place as they come."""
    app = await app_of(house, request)
    form = uploads.Form(request.headers.get("content-type", ""))
    upload_id = house.new_id()
    async with aclosing(pieces(form, request)) as sent:
        size = await house.blobs.put(upload_id, sent)
    try:
        said = form.sent()
    except Problem:
        await house.blobs.delete(upload_id)
        raise
    owner = Owner(app.card.id, said.user)
    kept = Upload(upload_id, owner, said.name, size, said.extension, said.mime_type, house.now())
    await house.uploads.add(kept)
    house.guests.note(owner)
    return json(uploads.kept(kept, house.signer.address(str(request.base_url), upload_id)), 201)


async def pieces(form: uploads.Form, request: Request) -> AsyncGenerator[bytes, None]:
    """The bytes of the form's file."""
    async with aclosing(request.stream()) as stream:
        async for chunk in stream:
            piece = form.feed(chunk)
            del chunk  # the other copy of the same bytes
            if piece:
                yield piece


async def preview(house: House, request: Request) -> Response:
    """A file that some message of the key's app shows."""
    app = await app_of(house, request)
    found = await house.uploads.look_up(queries.path_uuid(request.path_params["file_id"]))
    if found is None or not found.attached:
        raise FileNotFound
    if found.upload.owner.app_id != app.card.id:
        raise FileAccessDenied
    download = lenient_boolean(query_of(request).get("as_attachment", "")) is True
    return await body_of_file(house, found.upload, download=download)


async def signed(house: House, request: Request) -> Response:
    """A file by an address that this server has given out not long ago."""
    file_id, query = request.path_params["file_id"], query_of(request)
    if not house.signer.accepts(file_id, query):
        raise FileNotFound
    found = await house.uploads.look_up(file_id)
    if found is None:
        raise FileNotFound
    return await body_of_file(house, found.upload, download=lenient_boolean(query.get("as_attachment", "")) is True)


async def body_of_file(house: House, kept: Upload, *, download: bool) -> Response:
    blob = await house.blobs.open(kept.id)
    if blob is None:
        raise FileNotFound
    return FileBody(blob, headers_of(kept, blob.size, download=download))


def headers_of(kept: Upload, size: int, *, download: bool) -> list[tuple[bytes, bytes]]:
    """What a page could run in the server's name is never shown, only saved."""
    headers = {
        "content-type": kept.mime_type,
        "content-length": str(size),
        "cache-control": "public, max-age=3600",
        "x-content-type-options": "nosniff",
        "content-security-policy": "script-src 'none'",
    }
    if kept.mime_type.startswith(("audio/", "video/")):
        headers["accept-ranges"] = "bytes"
    if download or kept.mime_type in WRITTEN_TO_RUN or kept.extension in WRITTEN_TO_RUN_NAMES:
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(kept.name, safe='')}"
        headers["content-type"] = "application/octet-stream"
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


class FileBody(Response):
    """The bytes of a file, a piece at a time."""

    def __init__(self, blob: Blob, headers: list[tuple[bytes, bytes]]) -> None:
        self.blob = blob
        self.shown = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        async with aclosing(self.blob.pieces) as pieces:
            await send({"type": "http.response.start", "status": 200, "headers": self.shown})
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
