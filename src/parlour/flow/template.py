"""Texts with `{{#node.name#}}` in them (dsl.md 3.3). Knows no node: a text and a pool go in.

What does not look exactly like a reference is literal text. One pass: what is put in is never looked at again.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from parlour.flow.pool import MISSING, Pool
from parlour.flow.values import markdown_form, text_form

REFERENCE = re.compile(r"\{\{#([A-Za-z0-9_]{1,50}(?:\.[A-Za-z_][A-Za-z0-9_]{0,29}){1,10})#\}\}")

Segment = str | tuple[str, ...]
"""A literal text, or the selector of a value."""


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Segment, ...]:
    """The literals and the references of a text, in their order; no literal is empty."""
    segments: list[Segment] = []
    for number, piece in enumerate(REFERENCE.split(text)):
        if number % 2:
            segments.append(tuple(piece.split(".")))
        elif piece:
            segments.append(piece)
    return tuple(segments)


def references(text: str) -> tuple[tuple[str, ...], ...]:
    """The selectors in a text, in their order."""
    return tuple(segment for segment in parse(text) if not isinstance(segment, str))


def render(segments: Sequence[Segment], pool: Pool, *, markdown: bool = False) -> str:
    """The text with every value in its place; a value that is not there leaves its bare path."""
    form = markdown_form if markdown else text_form
    parts: list[str] = []
    for segment in segments:
        if isinstance(segment, str):
            parts.append(segment)
        else:
            value = pool.get(segment)
            parts.append(".".join(segment) if value is MISSING else form(value))
    return "".join(parts)


def fill(text: str, pool: Pool) -> str:
    """A text with its references filled in, in the plain form."""
    return render(parse(text), pool) if "{{#" in text else text
