"""Files through obstore: a local folder, or a bucket by its address; and in memory, for trials and tests.

Does not know what the bytes mean. A piece at a time is in memory, never a whole file (but in `MemoryBlobs`).
"""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from parlour.ports.blobs import Blob

LOCAL_BUFFER = 64 * 1024
"""Bytes that one upload may gather on their way to a local disk: two hundred at a time must stay small."""

BUCKET_BUFFER = 5 * 1024 * 1024
"""The smallest part that S3 takes."""

PIECE = 64 * 1024
"""Bytes read at a time."""


class ObjectBlobs:
    """Each blob is one object. A local one is written beside its place and renamed: half of it is never readable."""

    def __init__(self, store: ObjectStore, buffer: int) -> None:
        self._store = store
        self._buffer = buffer

    @classmethod
    def at(cls, url: str) -> "ObjectBlobs":
        """The store of that address: `file:///folder` (made where it is missing), `s3://bucket/prefix`, …

        Raises:
            ValueError: there is no such kind of store, or it cannot be used.
        """
        try:
            if urlsplit(url).scheme == "file":
                folder = Path(unquote(urlsplit(url).path))
                return cls(LocalStore(folder, mkdir=True), LOCAL_BUFFER)
            return cls(from_url(url), BUCKET_BUFFER)
        except (BaseError, OSError) as error:
            raise ValueError(str(error)) from error

    async def put(self, name: str, pieces: AsyncIterable[bytes]) -> int:
        size = 0
        # Dropped without `close` by an error in between: what was written so far never gets its name.
        writer = obstore.open_writer_async(self._store, name, buffer_size=self._buffer, max_concurrency=1)
        async for piece in pieces:
            size += len(piece)
            await writer.write(piece)
        await writer.close()
        return size

    async def open(self, name: str, part: tuple[int, int] | None = None) -> Blob | None:
        try:
            found = await obstore.get_async(self._store, name, options={"range": part} if part else None)
        except FileNotFoundError:
            return None
        return Blob(found.meta["size"], read(found.stream(min_chunk_size=PIECE)))

    async def delete(self, name: str) -> None:
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, name)


async def read(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    async for piece in stream:
        yield piece


class MemoryBlobs:
    """Whole files in the memory of one process, gone with it."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put(self, name: str, pieces: AsyncIterable[bytes]) -> int:
        blob = b"".join([piece async for piece in pieces])
        self._blobs[name] = blob
        return len(blob)

    async def open(self, name: str, part: tuple[int, int] | None = None) -> Blob | None:
        blob = self._blobs.get(name)
        return None if blob is None else Blob(len(blob), slices(blob[slice(*part)] if part else blob))

    async def delete(self, name: str) -> None:
        self._blobs.pop(name, None)


async def slices(blob: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(blob), PIECE):
        yield blob[start : start + PIECE]
