"""Several generators as one stream, each item as it comes: the only fan-in of the house.

Does not know what they say. A single source is read in place, without a task and
a queue: nearly every token of a flow comes that way. The queue has no bound, as its reader never waits for a client.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Merge(Generic[Item]):
    """`add` sources at any time, read with `next`, and always `close` it."""

    def __init__(self) -> None:
        self._sources: dict[str, AsyncGenerator[Item, None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._queue: asyncio.Queue[tuple[str, Item] | str] = asyncio.Queue()
        """Items by source; a source's key alone when it is over."""

    def add(self, key: str, source: AsyncGenerator[Item, None]) -> None:
        self._sources[key] = source

    async def next(self) -> tuple[str, Item] | None:
        """The next item and its source's key; None when all sources have ended.

        Raises:
            What a source raises.
        """
        while self._sources:
            if len(self._sources) == 1 and not self._tasks:
                ((key, source),) = self._sources.items()
                try:
                    return key, await anext(source)
                except StopAsyncIteration:
                    del self._sources[key]
                    continue
            for key in [key for key in self._sources if key not in self._tasks]:
                task = self._tasks[key] = asyncio.create_task(self._pump(key), name=f"flow {key}")
                task.add_done_callback(lambda _, key=key: self._queue.put_nowait(key))
            said = await self._queue.get()
            if not isinstance(said, str):
                return said
            del self._sources[said]
            self._tasks.pop(said).result()
        return None

    async def close(self) -> None:
        """End every source, and wait for it."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        for source in self._sources.values():
            await source.aclose()
        self._sources.clear()
        self._tasks.clear()

    async def _pump(self, key: str) -> None:
        async for item in self._sources[key]:
            self._queue.put_nowait((key, item))
