"""Files through obstore: a local folder, or a bucket by its address; and in memory, for trials and tests.

Does not know what the bytes mean. A piece at a time is in memory, never a whole file (but in `MemoryBlobs`).
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from parlour.domain.problems import StoreUnavailable
from parlour.ports.blobs import Blob

log = logging.getLogger(__name__)

LOCAL_BUFFER = 64 * 1024
"""Bytes that one upload may gather on their way to a local disk."""

LOCAL_AT_ONCE = 64
"""Uploads that are written at the same time; who comes later waits, and its bytes with it, outside."""

BUCKET_BUFFER = 5 * 1024 * 1024
"""The smallest part that S3 takes."""

BUCKET_AT_ONCE = 12
"""Each has a part that is sent and one that is gathered: 24 at once took 145 MB, two hundred would take more than
1 GB (measured)."""

PIECE = 64 * 1024
"""Bytes read at a time."""

PATIENCE = timedelta(seconds=30)
"""With a bucket that does not answer; the library's own three minutes are too long for who waits."""


class ObjectBlobs:
    """Each blob is one object. A local one is written beside its place and renamed: half of it is never readable."""

    def __init__(self, store: ObjectStore, buffer: int, at_once: int) -> None:
        self._store = store
        self._buffer = buffer
        self._places = asyncio.Semaphore(at_once)

    @classmethod
    def at(cls, url: str) -> "ObjectBlobs":
        """The store of that address: `file:///folder` (made where it is missing), `s3://bucket/prefix`, …

        Raises:
            ValueError: there is no such kind of store, or it cannot be used.
        """
        try:
            if urlsplit(url).scheme == "file":
                folder = Path(unquote(urlsplit(url).path))
                return cls(LocalStore(folder, mkdir=True), LOCAL_BUFFER, LOCAL_AT_ONCE)
            bucket = from_url(url, retry_config={"max_retries": 3, "retry_timeout": PATIENCE})
            return cls(bucket, BUCKET_BUFFER, BUCKET_AT_ONCE)
        except (BaseError, OSError) as error:
            raise ValueError(str(error)) from error

    async def put(self, name: str, pieces: AsyncIterable[bytes | memoryview]) -> int:
        async with self._places:
            return await self._put(name, pieces)

    async def _put(self, name: str, pieces: AsyncIterable[bytes | memoryview]) -> int:
        size = 0
        # Dropped without `close` by an error in between: what was written so far never gets its name.
        writer = obstore.open_writer_async(self._store, name, buffer_size=self._buffer, max_concurrency=1)
        async for piece in pieces:
            size += len(piece)
            with failing():
                await writer.write(piece)
        with failing():
            await writer.close()
        return size

    async def open(self, name: str, part: tuple[int, int] | None = None) -> Blob | None:
        try:
            with failing():
                found = await obstore.get_async(self._store, name, options={"range": part} if part else None)
        except FileNotFoundError:
            return None
        return Blob(found.meta["size"], read(found.stream(min_chunk_size=PIECE)))

    async def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), failing():
            await obstore.delete_async(self._store, name)


@contextmanager
def failing() -> Generator[None]:
    """A place that cannot be written to or does not answer, as the problem that it is for who asked."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        log.error("files cannot be kept or read: %s", str(error).partition("\n")[0])  # noqa: TRY400 -- no trace needed
        raise StoreUnavailable("The place where files are kept does not answer.") from error


async def read(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    async for piece in stream:
        yield piece


class MemoryBlobs:
    """Whole files in the memory of one process, gone with it."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put(self, name: str, pieces: AsyncIterable[bytes | memoryview]) -> int:
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
