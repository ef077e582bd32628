"""A model's thoughts told from what it says, where it writes them between `<think>` and `</think>` (contract 4.4.10).

Pure: text comes in pieces cut anywhere, and goes out as soon as it is certain which of the two it is. Does not know
who reads either.
"""

import re

OPENS = re.compile(r"<think(?:\s[^<>]{0,200})?>", re.IGNORECASE)
CLOSES = re.compile(r"</think\s{0,20}>", re.IGNORECASE)
OPENING = re.compile(r"<think\s[^<>]{0,200}", re.IGNORECASE)
CLOSING = re.compile(r"</think\s{0,20}", re.IGNORECASE)

Piece = tuple[bool, str]
"""Whether it is thought, and the text. An empty thought stands where a stretch of thoughts ends."""


class Thoughts:
    """Feed it the text, piece by piece, then `end` it. A tag that is never closed makes the rest a thought."""

    def __init__(self) -> None:
        self._thinking = False
        self._held = ""
        """What may be the beginning of a tag."""

    def feed(self, piece: str) -> list[Piece]:
        text, told = self._held + piece, list[Piece]()
        while found := (CLOSES if self._thinking else OPENS).search(text):
            told += self._told(text[: found.start()])
            if self._thinking:
                told.append((True, ""))
            self._thinking = not self._thinking
            text = text[found.end() :]
        sure = len(text) - len(self._doubtful(text))
        self._held = text[sure:]
        return told + self._told(text[:sure])

    def end(self) -> list[Piece]:
        held, self._held = self._held, ""
        told = self._told(held)
        if self._thinking:
            told.append((True, ""))
        self._thinking = False
        return told

    def _told(self, text: str) -> list[Piece]:
        return [(self._thinking, text)] if text else []

    def _doubtful(self, text: str) -> str:
        """The end of the text that may become a tag; within a tag there is no `<`."""
        start = text.rfind("<")
        if start < 0:
            return ""
        tail, tag, going_on = text[start:], "<think", OPENING
        if self._thinking:
            tag, going_on = "</think", CLOSING
        return tail if tag.startswith(tail.lower()) or going_on.fullmatch(tail) else ""


BLANK_LINES = re.compile(r"\n\s*\n")


class Tidy:
    """Text without blank space at either end, and with one blank line where there were several; piece by piece."""

    def __init__(self) -> None:
        self._held = ""
        self._begun = False

    def feed(self, piece: str) -> str:
        """What is certain by now: blank space is held back until something follows it."""
        text = self._held + piece
        kept = text.rstrip()
        self._held = text[len(kept) :]
        if not kept:
            return ""
        if not self._begun:
            kept, self._begun = kept.lstrip(), True
        return BLANK_LINES.sub("\n\n", kept)


def without_thoughts(text: str) -> str:
    """What the model says in it, tidied."""
    thoughts = Thoughts()
    said = "".join(piece for thinking, piece in (*thoughts.feed(text), *thoughts.end()) if not thinking)
    return BLANK_LINES.sub("\n\n", said).strip()
