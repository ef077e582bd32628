"""Vectors compared one by one, in memory. Does not know where they are kept, nor what they stand for.

They lie in blocks of one size, so that nothing is copied when there are more.
"""

import threading
from collections.abc import Sequence

from parlour.stores.ranking import Array, Ranking, numpy

MOST = 1024 * 1024 * 1024
"""Bytes of vectors that are kept; the datasets that were asked longest ago go first."""
BLOCK = 4096
"""Vectors in a block. What is not yet written of it takes no memory."""


class Scan:
    """The vectors of one dataset: those of one length."""

    def __init__(self, size: int) -> None:
        self.lock = threading.Lock()
        """Held while the scan grows, and until its ranking is made."""
        self.last = 0
        """The highest row."""
        self._size = size
        self._numpy = numpy()
        self._count = 0
        self._rows: list[Array] = []
        self._vectors: list[Array] = []

    @property
    def held(self) -> int:
        """Bytes."""
        return self._count * self._size

    def extend(self, new: Sequence[tuple[int, bytes]]) -> None:
        """Add rows (a number, its vector) with higher numbers than those before."""
        while new:
            at = self._count % BLOCK
            if at == 0:
                self._rows.append(self._numpy.empty(BLOCK, "int64"))
                self._vectors.append(self._numpy.empty((BLOCK, self._size // 4), "<f4"))
            some, new = new[: BLOCK - at], new[BLOCK - at :]
            end = at + len(some)
            self._rows[-1][at:end] = [row for row, _ in some]
            flat = self._numpy.frombuffer(b"".join([vector for _, vector in some]), "<f4")
            self._vectors[-1][at:end] = flat.reshape(len(some), -1)
            self._count += len(some)
            self.last = some[-1][0]

    def ranking(self, vector: bytes) -> Ranking:
        asked = self._numpy.frombuffer(vector, "<f4")
        if not self._rows:
            return Ranking(self._numpy.empty(0, "int64"), asked[:0])
        last = (self._count - 1) % BLOCK + 1
        whole, written = self._vectors[:-1], self._vectors[-1][:last]
        scores = self._numpy.concatenate([block @ asked for block in (*whole, written)])
        return Ranking(self._numpy.concatenate(self._rows)[: self._count], scores)


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
