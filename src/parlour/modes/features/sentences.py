"""What of an answer is read aloud, cut where a reader would breathe. Pure: knows no voice and no event."""

import re

from parlour.llm.thoughts import Thoughts

END = re.compile(r"[.!?…]+[\"'”’)\]*_]*\s+|[。！？；][”’」』）]*|\n+")
"""A dot within a number or an address ends nothing; where blank space follows, it does."""
LONGEST = 1000
"""Characters without an end; more are cut at a blank."""
CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
PICTURE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
LINK = re.compile(r"\[([^\]\n]+)\]\([^)\n]*\)")
MARKS = re.compile(r"^\s*(?:#{1,6}|>|[-*+])\s+|[*_`~|]+", re.MULTILINE)


class Sentences:
    """Feed it the text, piece by piece; take whole sentences. Thoughts of a model are not among them."""

    def __init__(self) -> None:
        self._thoughts = Thoughts()
        self._text = ""

    def feed(self, piece: str) -> str:
        """All sentences that are complete by now; empty if none is."""
        self._text += "".join(text for thinking, text in self._thoughts.feed(piece) if not thinking)
        end = 0
        if self._text.count("```") % 2 == 0:
            for found in END.finditer(self._text):
                end = found.end()
        if not end and len(self._text) > LONGEST:
            end = self._text.rfind(" ", 0, LONGEST) + 1 or LONGEST
        return self._take(end)

    def end(self) -> str:
        """What is left."""
        self._text += "".join(text for thinking, text in self._thoughts.end() if not thinking)
        return self._take(len(self._text))

    def take_back(self, characters: int) -> None:
        """So much of the end was not said after all; what was taken before that stays so."""
        self._text = self._text[:-characters] if characters < len(self._text) else ""

    def _take(self, end: int) -> str:
        taken, self._text = self._text[:end], self._text[end:]
        return spoken_form(taken)


def whole(text: str) -> str:
    """All of a text that is read aloud."""
    sentences = Sentences()
    return " ".join(filter(None, (sentences.feed(text), sentences.end())))


def spoken_form(text: str) -> str:
    """A text without what is for the eye only: code, pictures, addresses, marks."""
    text = PICTURE.sub(" ", CODE.sub(" ", text))
    return " ".join(MARKS.sub("", LINK.sub(r"\1", text)).split())
