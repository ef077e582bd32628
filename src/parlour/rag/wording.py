"""How much of a query's words is in each of a few texts. Knows no index: the texts are those that it found."""

import math
from collections import Counter
from collections.abc import Sequence

from parlour.domain.terms import indexed, terms
from parlour.rag.passages import COMMON

SATURATION = 0.4
LENGTH = 0.5
"""How much more often a longer text has to say a word, as in BM25."""


def wording(query: str, texts: Sequence[str]) -> tuple[float, ...]:
    """For each text, within [0, 1]: the share of the query's words that it has, weighed by how rare they are here."""
    wanted = [term for term in dict.fromkeys(terms(query)) if term not in COMMON] or list(dict.fromkeys(terms(query)))
    counted = [Counter(indexed(text)) for text in texts]
    holding = {term: sum(term in known for known in counted) for term in wanted}
    rare = {term: math.log(1 + (len(texts) - holding[term] + 0.5) / (holding[term] + 0.5)) for term in wanted}
    whole = sum(rare.values())
    lengths = [known.total() for known in counted]
    usual = sum(lengths) / len(lengths) if lengths else 1.0
    return tuple(
        sum(rare[term] * often(known[term], length / (usual or 1.0)) for term in wanted) / whole if whole else 0.0
        for known, length in zip(counted, lengths, strict=True)
    )


def often(count: int, length: float) -> float:
    """How much a word counts that a text of this length has so many times: never more than one."""
    return min(1.0, count * (1 + SATURATION) / (count + SATURATION * (1 - LENGTH + LENGTH * length)))
