"""How words are found: the one thing for which databases share no statement. Does not know how either does it."""

from collections.abc import Callable, Sequence

from msgspec import Struct


class Wording(Struct, frozen=True):
    """What a kind of database has for it."""

    match: Callable[[str, Sequence[str]], str]
    """A question: the term that stands for the dataset, and the terms of which one is enough."""
    find: str
    """Its answers: node, segment, document and score. Knows `:match`, `:dataset`, `:words` (JSON), `:dataset_id`,
    `:documents` (JSON, or NULL for all) and `:limit`."""
