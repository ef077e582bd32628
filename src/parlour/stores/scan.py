"""Vectors compared one by one, in memory. Does not know where they are kept, nor what they stand for.

numpy is loaded with the first vector: a server without knowledge goes without it.
"""

import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

MOST = 1024 * 1024 * 1024
"""Bytes of vectors that are kept; the datasets that were asked longest ago go first."""
BLOCKS = 32
"""Blocks of new vectors before they become one."""

Array = Any
"""An array of numpy, which is not loaded when this is read."""


class Ranking:
    """Rows by their likeness to a question, the best first."""

    def __init__(self, numpy: Any, rows: Array, scores: Array) -> None:
        self._numpy = numpy
        self._rows = rows
        self._scores = scores

    def portions(self, least: int) -> Iterator[list[tuple[int, float]]]:
        """The best rows, at least so many, then as many again, twice, …; each with its score."""
        start, size = 0, max(2 * least, 16)
        while start < len(self._scores):
            end = min(start + size, len(self._scores))
            best = self._best(end)[start:]
            yield list(zip(self._rows[best].tolist(), self._scores[best].tolist(), strict=True))
            start, size = end, 4 * size

    def _best(self, count: int) -> Array:
        numpy = self._numpy
        if count < len(self._scores):
            best = numpy.argpartition(-self._scores, count - 1)[:count]
        else:
            best = numpy.arange(len(self._scores))
        return best[numpy.lexsort((self._rows[best], -self._scores[best]))]


class Scan:
    """The vectors of one dataset: those of one length."""

    def __init__(self, size: int) -> None:
        self.lock = threading.Lock()
        """Held while the scan grows, and until its ranking is made."""
        self.last = 0
        """The highest row."""
        self._size = size
        self._numpy: Any = import_module("numpy")  # not on top: see the module's text
        self._rows: list[Array] = []
        self._groups: list[Array] = []
        self._vectors: list[Array] = []

    @property
    def held(self) -> int:
        """Bytes."""
        return sum(block.nbytes for block in self._vectors)

    def extend(self, new: Sequence[tuple[int, int, bytes]]) -> None:
        """Add rows (a number, that of its group, its vector) with higher numbers than those before."""
        if not new:
            return
        numpy = self._numpy
        self._rows.append(numpy.array([row for row, _, _ in new], "int64"))
        self._groups.append(numpy.array([group for _, group, _ in new], "int64"))
        flat = numpy.frombuffer(b"".join(vector for _, _, vector in new), "<f4")
        self._vectors.append(flat.reshape(len(new), self._size // 4))
        self.last = new[-1][0]
        if len(self._rows) > BLOCKS:
            for blocks in (self._rows, self._groups, self._vectors):
                blocks[:] = [numpy.concatenate(blocks)]

    def ranking(self, vector: bytes, groups: Sequence[int] | None) -> Ranking:
        """All rows, or those of these groups."""
        numpy = self._numpy
        asked = numpy.frombuffer(vector, "<f4")
        if not self._rows:
            return Ranking(numpy, numpy.empty(0, "int64"), numpy.empty(0, "float32"))
        rows, scores = numpy.concatenate(self._rows), numpy.concatenate([block @ asked for block in self._vectors])
        if groups is not None:
            kept = numpy.isin(numpy.concatenate(self._groups), numpy.array(groups, "int64"))
            rows, scores = rows[kept], scores[kept]
        return Ranking(numpy, rows, scores)


class Scans:
    """The scans of datasets; those in use stay, as far as memory allows."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int], Scan] = {}
        """Last used last."""

    def of(self, dataset: str, size: int) -> Scan:
        """The scan of a dataset's vectors of that many bytes, empty if it was not in use."""
        key = dataset, size
        with self._lock:
            scan = self._kept.pop(key, None) or Scan(size)
            while self._kept and sum(one.held for one in self._kept.values()) + scan.held > self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = scan
            return scan
