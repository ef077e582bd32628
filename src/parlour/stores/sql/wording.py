"""How words are found: the one thing for which databases share no statement. Does not know how either does it."""

from msgspec import Struct


class Wording(Struct, frozen=True):
    """What a kind of database has for it."""

    holding: str
    """For each of `:keys` (JSON): the key, and `:most` nodes that hold it, as numbers with commas between."""
    most: int
    """How many nodes are read for a key that many hold, where rarer ones will do."""
    frequent: str | None = None
    """Keys that more than `:most` nodes hold, where the database knows without looking."""
