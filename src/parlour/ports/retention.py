"""Letting go of what is old, a little at a time. Does not know when, nor in what it is kept.

Each call is one short transaction: whoever writes beside it waits for one call at most.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Pruned(Struct, frozen=True):
    """How much has gone, or would go."""

    messages: int = 0
    conversations: int = 0
    """Those that are left without any message."""
    feedbacks: int = 0
    uploads: int = 0
    keys: int = 0
    """Of requests that may come again, expired."""
    runs: int = 0
    """Of graphs, with their nodes and forms."""

    def __add__(self, other: "Pruned") -> "Pruned":
        return Pruned(
            self.messages + other.messages,
            self.conversations + other.conversations,
            self.feedbacks + other.feedbacks,
            self.uploads + other.uploads,
            self.keys + other.keys,
            self.runs + other.runs,
        )


class Retention(Protocol):
    async def old(self, before: float, now: float) -> Pruned:
        """What of the time before would go if all of it went now."""
        ...

    async def runs(self, before: float, limit: int) -> int:
        """Delete the oldest runs of graphs of the time before, at most so many; how many it were.

        What goes on stays. A run that waits goes, and its forms with it: nobody has answered in all that time.
        """
        ...

    async def messages(self, before: float, limit: int) -> Pruned:
        """Delete the oldest messages of the time before, at most so many, with what hangs on them alone.

        A message that is being answered stays. A conversation goes with its last message.
        """
        ...

    async def uploads(self, before: float, limit: int) -> tuple[str, ...]:
        """Give up uploads of the time before that no message, no run of a graph and no conversation's variable names.

        The names of blobs that are to be deleted now, at most so many of each. A name comes again and again, after a
        crash too, until it is `deleted`.
        """
        ...

    async def deleted(self, names: Sequence[str]) -> None:
        """Those blobs are no more."""
        ...

    async def keys(self, now: float, limit: int) -> int:
        """Delete keys of repeated requests that have expired, at most so many; how many it were."""
        ...
