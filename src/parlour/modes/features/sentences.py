"""What of an answer is read aloud, cut where a reader would breathe. Pure: knows no voice and no event."""

import re

from parlour.llm.thoughts import Thoughts

END = re.compile(r"[.!?…]+[\"'”’)\]*_]*\s+|[。！？；][”’」』）]*|\n+")
"""A dot within a number or an address ends nothing; where blank space follows, it does."""
LONGEST = 1000
"""Characters without an end; more are cut at a blank."""
FENCE = "```"
CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
CLOSED = re.compile(r"```.*?```", re.DOTALL)
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
        closed = [found.span() for found in CLOSED.finditer(self._text)]
        plain = self._text.find(FENCE, closed[-1][1] if closed else 0)
        if plain < 0:
            plain = len(self._text)
        elif len(self._text) - plain > LONGEST:  # of long code the marks are enough, and what may be half of others
            self._text = f"{self._text[:plain]}{FENCE}\n{self._text[-2:]}"
        ends = [found.end() for found in END.finditer(self._text, 0, plain)]
        end = next((end for end in reversed(ends) if not any(a < end < b for a, b in closed)), 0)
        if not end and plain > LONGEST:
            end = self._text.rfind(" ", 0, LONGEST) + 1 or LONGEST
            end = next((a or b for a, b in closed if a < end < b), end)
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
