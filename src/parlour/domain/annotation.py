"""Answers that a person wrote for a question. Does not know where they are stored, nor when one is given."""

from msgspec import Struct


class Annotation(Struct, frozen=True):
    """A question and its answer, kept for one app."""

    id: str
    app_id: str
    question: str
    answer: str
    created_at: float
    hit_count: int = 0
    """How often it has answered instead of a model."""


class AnnotationsPage(Struct, frozen=True):
    """A part of an app's annotations."""

    items: tuple[Annotation, ...]
    total: int
    """How many there are in all, of those that were searched for."""


def searched(annotation: Annotation) -> str:
    """The text in which a keyword, folded likewise, is looked for; no keyword reaches over its middle."""
    return f"{annotation.question}\x1f{annotation.answer}".casefold()
