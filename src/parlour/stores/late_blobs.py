"""Files in a place that is opened when somebody first needs it: its library costs a server memory that may never have
one. Does not know what kind of place it is.
"""

import asyncio
from collections.abc import AsyncIterable, Callable

from parlour.domain.problems import StoreUnavailable
from parlour.ports.blobs import Blob, Blobs


class LateBlobs:
    """The port `Blobs`."""

    def __init__(self, opening: Callable[[], Blobs]) -> None:
        """`opening` may take its time, and raises ValueError where it cannot be done."""
        self._opening = opening
        self._opened: Blobs | None = None
        self._free = asyncio.Lock()

    async def put(self, name: str, pieces: AsyncIterable[bytes | memoryview]) -> int:
        return await (await self._place()).put(name, pieces)

    async def open(self, name: str, part: tuple[int, int] | None = None) -> Blob | None:
        return await (await self._place()).open(name, part)

    async def delete(self, name: str) -> None:
        await (await self._place()).delete(name)

    async def _place(self) -> Blobs:
        async with self._free:
            if self._opened is None:
                try:
                    self._opened = await asyncio.to_thread(self._opening)
                except ValueError as error:
                    raise StoreUnavailable("The place where files are kept cannot be opened.") from error
            return self._opened
