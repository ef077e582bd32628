"""Bytes kept by name, written and read as streams. Does not know what the bytes mean, nor where they are kept."""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Protocol

from msgspec import Struct


class Blob(Struct, frozen=True):
    """Bytes that are being read. Close `pieces` in the end (`aclosing`), read or not."""

    size: int
    """Of the whole, also where a part is read."""
    pieces: AsyncGenerator[bytes, None]


class Blobs(Protocol):
    async def put(self, name: str, pieces: AsyncIterable[bytes | memoryview]) -> int:
        """Keep all pieces under that name; how many bytes they had.

        Whole or not at all: nobody can read a part, not after an error in `pieces` and not after a crash.
        """
        ...

    async def open(self, name: str, part: tuple[int, int] | None = None) -> Blob | None:
        """Read the whole, or from where to before where: the first is within the whole, the second may be beyond it.

        None if there is nothing of that name.
        """
        ...

    async def delete(self, name: str) -> None:
        """Nothing of that name is left, whether there was or not."""
        ...
