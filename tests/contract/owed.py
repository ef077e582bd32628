"""One thing that we owe, as the lists of requirements have it. Knows none of them."""

from msgspec import Struct


class Requirement(Struct, frozen=True):
    """One thing that a client may count on."""

    source: str
    behaviour: str
    divergence: str = ""
    """Where we do another thing than the original, and why no client minds."""
    deferred: str = ""
    """Not there yet: the work that brings it."""
