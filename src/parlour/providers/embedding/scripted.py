"""Vectors and ranks by the words of a text alone, the same each time: for tests and demos. Knows no model."""

import zlib
from collections.abc import Sequence
from typing import Literal

from parlour.domain.dataset import ModelName
from parlour.domain.terms import terms
from parlour.domain.vectors import packed

SIZE = 256


class ScriptedVectors:
    """A text is the sum of its terms, each a direction of its own."""

    def check(self, model: ModelName) -> None:
        """There is nothing that could be missing."""

    async def embed(self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]) -> tuple[bytes, ...]:
        del model, of
        return tuple(vector(text) for text in texts)


class ScriptedRanks:
    """How many of the query's terms a text has."""

    def check(self, model: ModelName) -> None:
        """There is nothing that could be missing."""

    async def scores(self, model: ModelName, query: str, texts: Sequence[str]) -> tuple[float, ...]:
        del model
        wanted = set(terms(query))
        return tuple(len(wanted & set(terms(text))) / max(len(wanted), 1) for text in texts)


def vector(text: str) -> bytes:
    numbers = [0.0] * SIZE
    for term in terms(text):
        numbers[zlib.crc32(term.encode("utf-8", "replace")) % SIZE] += 1.0
    return packed(numbers)
