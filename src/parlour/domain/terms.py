"""Texts as the terms by which they are found: words, and pairs of characters where no spaces stand between words.

Does not know how terms are indexed.
"""

import re
import unicodedata

CJK = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
RUN = re.compile(rf"([{CJK}]+)|([^\W_{CJK}]+)")
"""A run of ideographs, or a word of letters and digits."""


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


def runs(text: str) -> list[tuple[str, str]]:
    return RUN.findall(unicodedata.normalize("NFKC", text).casefold())


def pairs(ideographs: str) -> list[str]:
    return [ideographs[at : at + 2] for at in range(len(ideographs) - 1)] or [ideographs]
