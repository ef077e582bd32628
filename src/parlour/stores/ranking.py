"""Rows by their scores, the best first. Does not know what rows are, nor where scores come from.

numpy is loaded with the first ranking: a server that searches nothing goes without it.
"""

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

Array = Any
"""An array of numpy, which is not loaded when this is read."""
WIDE = 4_000_000
"""Rows that lie further apart than this are sorted, where others are counted in place."""
# One thread multiplies a dataset's vectors in the time that memory takes to bring them; a second one gains little, and
# spins while it waits for a core that others use. numpy reads this when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class Ranking:
    """See the module's text. Of rows with one score the lowest comes first."""

    def __init__(self, rows: Array, scores: Array) -> None:
        self._numpy = numpy()
        self._rows = rows
        self._scores = scores

    def __len__(self) -> int:
        return len(self._rows)

    def within(self, rows: Array | None) -> "Ranking":
        """Only these of its rows; None for all."""
        if rows is None:
            return self
        kept = self._numpy.isin(self._rows, rows)
        return Ranking(self._rows[kept], self._scores[kept])

    def portions(self, least: int) -> Iterator[list[tuple[int, float]]]:
        """The best rows, at least so many, then as many again, twice, …; each with its score."""
        start, size = 0, max(least + least // 4, 16)
        while start < len(self._scores):
            end = min(start + size, len(self._scores))
            best = self._best(end)[start:]
            yield list(zip(self._rows[best].tolist(), self._scores[best].tolist(), strict=True))
            start, size = end, 4 * size

    def _best(self, count: int) -> Array:
        scores = self._scores
        if count < len(scores):
            least = self._numpy.partition(scores, len(scores) - count)[len(scores) - count]
            best = self._numpy.flatnonzero(scores >= least)
        else:
            best = self._numpy.arange(len(scores))
        return best[self._numpy.lexsort((self._rows[best], -scores[best]))][:count]


def numpy() -> Any:
    return import_module("numpy")  # not on top: see the module's text


def summed(lists: Sequence[tuple[Array, float]]) -> Ranking:
    """Rows by the sum of what each list that has them is worth."""
    n = numpy()
    filled = [(rows, worth) for rows, worth in lists if len(rows)]
    if not filled:
        return Ranking(n.empty(0, "int64"), n.empty(0))
    rows = n.concatenate([rows for rows, _ in filled])
    worth = n.repeat([worth for _, worth in filled], [len(rows) for rows, _ in filled])
    first = rows.min()
    if rows.max() - first > WIDE:
        found, places = n.unique(rows, return_inverse=True)
        return Ranking(found, n.bincount(places, worth))
    scores = n.bincount(rows - first, worth)
    places = n.flatnonzero(scores)
    return Ranking(places + first, scores[places])


def numbers(text: str | None) -> Array:
    """Whole numbers that are written with commas between them."""
    n = numpy()
    return n.fromstring(text, "int64", sep=",") if text else n.empty(0, "int64")
