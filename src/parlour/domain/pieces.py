"""What many answers have in common is in memory once: short pieces of text, and what is made of them.

Knows no answer.
"""

from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")
SHORT = 12
"""Characters of a piece that may come again and again, in this answer and others: ` the`, `,`."""
MOST = 4096
"""Pieces: the first ones, among which are the most frequent."""


def shared(make: Callable[[str], Made]) -> Callable[[str], Made]:
    """The same, but that a short text gives what it gave before. What is made must never change."""
    known: dict[str, Made] = {}

    def of(text: str) -> Made:
        if (found := known.get(text)) is not None:
            return found
        made = make(text)
        if len(known) < MOST and len(text) <= SHORT:
            known[text] = made
        return made

    return of
