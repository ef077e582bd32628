"""Pruning: in small pieces, with others' work in between, and blobs before they are forgotten."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from parlour.ports.retention import Pruned
from parlour.runs.pruning import PIECE, prune
from parlour.stores.blobs import MemoryBlobs

pytestmark = pytest.mark.anyio


class Recorded:
    """A store with so many of everything, and what was asked of it."""

    def __init__(self, messages: int, uploads: Sequence[str], keys: int, runs: int = 0) -> None:
        self.asked: list[str] = []
        self._runs = runs
        self._messages, self._uploads, self._keys = messages, list(uploads), keys

    async def old(self, before: float, now: float) -> Pruned:
        raise NotImplementedError

    async def runs(self, before: float, limit: int) -> int:
        del before
        some = min(limit, self._runs)
        self._runs -= some
        self.asked.append(f"runs {some}")
        return some

    async def messages(self, before: float, limit: int) -> Pruned:
        del before
        some = min(limit, self._messages)
        self._messages -= some
        self.asked.append(f"messages {some}")
        return Pruned(messages=some)

    async def uploads(self, before: float, limit: int) -> tuple[str, ...]:
        del before
        return tuple(self._uploads[:limit])

    async def deleted(self, names: Sequence[str]) -> None:
        self.asked.append(f"deleted {len(names)}")
        self._uploads = [one for one in self._uploads if one not in names]

    async def keys(self, now: float, limit: int) -> int:
        del now
        some = min(limit, self._keys)
        self._keys -= some
        self.asked.append(f"keys {some}")
        return some


async def bytes_of(text: bytes) -> AsyncGenerator[bytes, None]:
    yield text


async def test_each_piece_is_small_and_between_two_of_them_there_is_a_breath() -> None:
    names = [f"u{number}" for number in range(PIECE + 1)]
    store, blobs, heard = Recorded(2 * PIECE + 1, names, 3, PIECE + 1), MemoryBlobs(), list[Pruned]()
    for name in names:
        await blobs.put(name, bytes_of(b"x"))

    async def breath(seconds: float) -> None:
        assert seconds > 0
        store.asked.append("breath")

    total = await prune(store, blobs, 5.0, 9.0, told=heard.append, sleep=breath)
    assert total == Pruned(messages=2 * PIECE + 1, uploads=PIECE + 1, keys=3, runs=PIECE + 1)
    assert heard[-1] == total
    assert store.asked == [
        *(f"runs {PIECE}", "breath", "runs 1", "breath", "runs 0"),
        *(f"messages {PIECE}", "breath") * 2,
        *("messages 1", "breath", "messages 0"),
        *(f"deleted {PIECE}", "breath", "deleted 1", "breath"),
        *("keys 3", "breath", "keys 0"),
    ]
    assert [await blobs.open(name) for name in names] == [None] * len(names)
