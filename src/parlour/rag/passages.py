"""Pieces of text as the passages that are kept, and as what the index holds of them. Knows no store and no model."""

import hashlib
from collections import Counter
from collections.abc import Sequence

from msgspec import structs

from parlour.domain.ids import NewId
from parlour.domain.passages import ChildChunk, Node, Segment
from parlour.domain.terms import terms
from parlour.rag.split import Piece, weight

KEYWORDS = 10
COMMON = frozenset(
    """a about all also an and any are as at be because been but by can could did do does for from had has have he her
    his how i if in into is it its may more most no not of on one only or other our out she should so some such than
    that the their them then there these they this to up was we were what when where which who will with would you your
    的 是 了 在 和 有 我 他 她 它 们 这 那 就 也 都 而 及 与 着 或 一个 没有 我们 你们 他们 以及""".split()  # noqa: SIM905
)
"""Words that tell nothing of a text."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def keywords(text: str) -> tuple[str, ...]:
    """The words that a text has most."""
    counted = Counter(term for term in terms(text) if term not in COMMON and len(term) > 1 and not term.isdecimal())
    return tuple(term for term, _ in counted.most_common(KEYWORDS))


def weighed(segment: Segment) -> Segment:
    """The passage with what follows from its text."""
    text = spoken(segment)
    return structs.replace(
        segment,
        words=len(text),
        tokens=weight(text),
        digest=digest(text),
        keywords=segment.keywords or keywords(text),
    )


def spoken(segment: Segment) -> str:
    """All that a passage says."""
    return segment.content if segment.answer is None else f"{segment.content}\n{segment.answer}"


def cut_into(segment: Segment, parts: Sequence[str], now: float, new_id: NewId) -> tuple[ChildChunk, ...]:
    """The parts of a passage."""
    return tuple(
        ChildChunk(new_id(), segment.id, segment.document_id, at, part, now, len(part), "automatic", now)
        for at, part in enumerate(parts, 1)
    )


def new_segment(document_id: str, position: int, piece: Piece, answer: str | None, now: float) -> Segment:
    """A passage, still without an id."""
    return weighed(Segment("", document_id, position, piece.text, now, answer, updated_at=now))


def bare_nodes(segments: Sequence[Segment], children: Sequence[ChildChunk]) -> tuple[Node, ...]:
    """What the index is to hold, still without vectors: parts stand for a passage that has some."""
    parted = {chunk.segment_id for chunk in children}
    return (
        *(Node(one.id, one.id, spoken(one)) for one in segments if one.id not in parted),
        *(Node(chunk.id, chunk.segment_id, chunk.content) for chunk in children),
    )
