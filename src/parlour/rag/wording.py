"""How much of a query's words is in each of a few texts. Knows no index: the texts are those that it found."""

import math
from collections.abc import Sequence

from parlour.domain.terms import counted, terms
from parlour.rag.passages import COMMON

SATURATION = 0.4
LENGTH = 0.5
"""How much more often a longer text has to say a word, as in BM25."""


def wording(query: str, texts: Sequence[str]) -> tuple[float, ...]:
    """For each text, within [0, 1]: the share of the query's words that it has, weighed by how rare they are here."""
    wanted = [term for term in dict.fromkeys(terms(query)) if term not in COMMON] or list(dict.fromkeys(terms(query)))
    said = [counted(text, wanted) for text in texts]
    holding = [len(said) - counts.count(0) for counts in zip(*(counts for counts, _ in said), strict=True)]
    rare = [math.log(1 + (len(texts) - held + 0.5) / (held + 0.5)) for held in holding]
    whole = sum(rare)
    usual = sum(length for _, length in said) / len(said) if said else 1.0
    return tuple(
        sum(weight * often(n, length / (usual or 1.0)) for weight, n in zip(rare, counts, strict=True) if n) / whole
        if whole
        else 0.0
        for counts, length in said
    )


def often(count: int, length: float) -> float:
    """How much a word counts that a text of this length has so many times: never more than one."""
    return min(1.0, count * (1 + SATURATION) / (count + SATURATION * (1 - LENGTH + LENGTH * length)))
