"""What stands behind the port `FlowFiles`: uploads by their owner, remote files through the guarded client.

Knows no store and no node. An upload of another user, or of another app, reads as one that is not there.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from parlour.domain.files import File, type_of
from parlour.domain.ids import Clock, NewId
from parlour.domain.message import Owner
from parlour.domain.problems import FetchFailed, FileNotFound, FileTooLarge
from parlour.domain.uploads import Upload
from parlour.ports.blobs import Blobs
from parlour.ports.uploads import Uploads
from parlour.ports.web import Web, WebRequest

GOOD = range(200, 300)


class OwnedFiles:
    """`address` makes, of a made file's id and extension, an address that opens without a key."""

    def __init__(
        self, uploads: Uploads, blobs: Blobs, web: Web, *, address: Callable[[str, str], str], now: Clock, new_id: NewId
    ) -> None:
        self._uploads = uploads
        self._blobs = blobs
        self._web = web
        self._address = address
        self._now = now
        self._new_id = new_id

    async def read(self, owner: Owner, file: File, most: int, app: str = "") -> bytes:
        if file.transfer_method == "remote_url":
            return await self._fetched(file, most, app)
        upload = await self._uploads.find(owner, file.related_id) if file.related_id else None
        if upload is None:
            raise FileNotFound(f"{file.name or 'A file'}: this user has no such upload in this app.")
        if upload.size > most:
            raise too_large(upload.name, most)
        blob = await self._blobs.open(upload.id)
        if blob is None:
            raise FileNotFound(f"{upload.name}: its content is gone, upload it again.")
        async with aclosing(blob.pieces) as pieces:
            return b"".join([piece async for piece in pieces])

    async def keep(self, owner: Owner, name: str, mime_type: str, data: bytes) -> File:
        upload_id, extension = self._new_id(), extension_of(name)
        async with aclosing(whole(data)) as pieces:
            await self._blobs.put(upload_id, pieces)
        await self._uploads.add(Upload(upload_id, owner, name, len(data), extension, mime_type, self._now()))
        return File(
            type=type_of(name, mime_type),
            transfer_method="tool_file",
            name=name,
            extension=f".{extension}" if extension else "",
            mime_type=mime_type,
            size=len(data),
            url=self._address(upload_id, extension),
            related_id=upload_id,
        )

    async def _fetched(self, file: File, most: int, app: str) -> bytes:
        name = file.name or "A file"
        try:
            async with self._web.fetch(WebRequest(file.url, app=app, most=most)) as answer:
                status, data = answer.status, await answer.body()
        except FetchFailed as failure:
            if failure.why == "too_large":
                raise too_large(name, most) from None
            raise
        if status not in GOOD:
            raise FetchFailed(f"{name} cannot be had: its address answers {status}.")
        return data


async def whole(data: bytes) -> AsyncGenerator[bytes, None]:
    if data:
        yield data


def extension_of(name: str) -> str:
    """Lower case, without the dot; empty if the name has none."""
    return name.rpartition(".")[2].lower() if "." in name.strip(".") else ""


def too_large(name: str, most: int) -> FileTooLarge:
    return FileTooLarge(f"{name} is too large: at most {most} bytes are taken here.")
