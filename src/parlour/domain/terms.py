"""Texts as the terms by which they are found: words, and pairs of characters where no spaces stand between words.

Does not know how terms are indexed.
"""

import re
import unicodedata
from collections.abc import Sequence

CJK = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
IDEOGRAPHS = re.compile(rf"[{CJK}]+")
WORD = re.compile(rf"[^\W_{CJK}]+")
RUN = re.compile(f"({IDEOGRAPHS.pattern})|({WORD.pattern})")
"""A run of ideographs, or a word of letters and digits."""
SPACED = "".join(sign if sign.isalnum() else " " for sign in map(chr, range(128)))
"""ASCII as words with spaces between."""


def terms(text: str) -> list[str]:
    """What is looked for where somebody writes this, folded: `Größe 图书馆` is `grösse`, `图书`, `书馆`."""
    found: list[str] = []
    for ideographs, word in runs(text):
        found += [word] if word else pairs(ideographs)
    return found


def indexed(text: str) -> list[str]:
    """What a text can be found by: its terms, and each of its ideographs alone."""
    found: list[str] = []
    for ideographs, word in runs(text):
        found += [word] if word else ideographs if len(ideographs) == 1 else (*pairs(ideographs), *ideographs)
    return found


def counted(text: str, wanted: Sequence[str]) -> tuple[list[int], int]:
    """How often a text has each of these terms, and how many it has in all; as `indexed` would tell, but sooner."""
    text = folded(text)
    if text.isascii():
        words = text.translate(SPACED).split()  # a quarter of what the pattern takes
        there = set(wanted).intersection(words)
        return [words.count(term) if term in there else 0 for term in wanted], len(words)
    words = WORD.findall(text)
    found: list[str] = IDEOGRAPHS.findall(text)
    joined = " ".join(found)
    said = [overlapping(joined, term) if IDEOGRAPHS.match(term) else words.count(term) for term in wanted]
    return said, len(words) + sum(2 * len(run) - 1 for run in found)


def overlapping(text: str, part: str) -> int:
    return len(re.findall(f"(?={part})", text)) if part == part[0] * len(part) else text.count(part)


def runs(text: str) -> list[tuple[str, str]]:
    return RUN.findall(folded(text))


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def pairs(ideographs: str) -> list[str]:
    return [ideographs[at : at + 2] for at in range(len(ideographs) - 1)] or [ideographs]
