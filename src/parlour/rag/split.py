"""Texts cut into passages, and passages into the parts that they are found by. Knows no document and no index.

A separator of the rule cuts wherever it stands. A piece that is still too long is cut at the widest gap that it has
(paragraph, sentence, word), its pieces are joined up to the limit, and each joint repeats the end of the one before.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from parlour.domain.passages import ProcessRule, Segmentation
from parlour.domain.problems import InvalidParam
from parlour.domain.terms import CJK

AUTOMATIC = Segmentation("", 500, 50)
"""What a document is cut by that brings no rule of its own."""
LEAST, MOST = 50, 4000
"""Tokens that a rule may allow."""
GAPS = ("\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "；", "; ", "，", ", ", " ", "")
LEADING = ".。!！?？,，;；、 \t\n"
"""What a passage does not begin with: it ends the one before."""
IDEOGRAPH = re.compile(f"[{CJK}]")
LONGEST_PARENT = 10_000
"""Tokens of a document that is one passage."""


class Piece(Struct, frozen=True):
    """A passage, and its parts where it is found by these."""

    text: str
    parts: tuple[str, ...] = ()


def weight(text: str) -> int:
    """About as many tokens as a model takes the text for: an ideograph each, four other characters each."""
    ideographs = len(IDEOGRAPH.findall(text))
    return ideographs + (len(text) - ideographs + 3) // 4


def split(text: str, rule: ProcessRule) -> list[Piece]:
    """The passages of a text.

    Raises:
        InvalidParam: the rule cannot be kept.
    """
    if rule.mode == "automatic":
        return [Piece(one) for one in cut(text, AUTOMATIC)]
    if rule.mode == "custom":
        return [Piece(one) for one in cut(text, checked(rule.segmentation))]
    parts = checked(rule.parts, least=1)
    if rule.parent == "full-doc":
        whole = shortened(text, LONGEST_PARENT).strip()
        return [Piece(whole, tuple(cut(whole, parts)))] if whole else []
    return [Piece(one, tuple(cut(one, parts))) for one in cut(text, checked(rule.segmentation))]


def checked(how: Segmentation, least: int = LEAST) -> Segmentation:
    if not least <= how.max_tokens <= MOST:
        raise InvalidParam(f"Custom segment length should be between {least} and {MOST}.")
    if how.overlap >= how.max_tokens:
        raise InvalidParam(f"The overlap ({how.overlap}) must be less than the length of a segment ({how.max_tokens}).")
    return how


def cut(text: str, how: Segmentation) -> Iterator[str]:
    separator = how.separator.replace("\\n", "\n").replace("\\t", "\t")
    for block in text.split(separator) if separator else [text]:
        for piece in fitted(block, how.max_tokens, how.overlap) if weight(block) > how.max_tokens else [block]:
            if trimmed := piece.strip().lstrip(LEADING).strip():
                yield trimmed


def fitted(text: str, most: int, overlap: int) -> Iterator[str]:
    """Pieces of at most so many tokens, as long as they can be."""
    joined: list[str] = []
    size = 0
    for atom in atoms(text, most, GAPS):
        heavy = weight(atom)
        if joined and size + heavy > most:
            yield "".join(joined)
            while joined and (size > overlap or size + heavy > most):
                size -= weight(joined.pop(0))
        joined.append(atom)
        size += heavy
    if joined:
        yield "".join(joined)


def atoms(text: str, most: int, gaps: tuple[str, ...]) -> Iterator[str]:
    """The text in pieces that fit, none cut where a wider gap would have done; together they are the text."""
    if weight(text) <= most:
        yield text
        return
    place = next(at for at, gap in enumerate(gaps) if gap in text)
    gap, narrower = gaps[place], gaps[place + 1 :]
    if not gap:
        yield from (text[at : at + most] for at in range(0, len(text), most))
        return
    pieces = text.split(gap)
    for at, piece in enumerate(pieces):
        whole = piece + gap if at < len(pieces) - 1 else piece
        if whole:
            yield from atoms(whole, most, narrower)


def shortened(text: str, most: int) -> str:
    """The beginning of the text, of about so many tokens at most."""
    heavy = weight(text)
    return text if heavy <= most else text[: len(text) * most // heavy]
