"""Limits that all processes of a house count together. Does not know what is limited.

Where there is one process alone, there is no such place, and it counts by itself.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

LEASE = 10.0
"""Seconds after which a place is free that its process has not renewed."""


class Bucket(Struct, frozen=True):
    """At most `count` in any moment's last `seconds` at an even pace; all of them at once after a pause."""

    name: str
    count: int
    seconds: float


class Held(Struct, frozen=True):
    """A place that a run takes among those of its app."""

    app_id: str
    task_id: str


class SharedLimits(Protocol):
    """Raises `StoreUnavailable` where the other processes cannot be reached."""

    async def enter(self, place: Held, most: int) -> bool:
        """Take a place; False if so many are taken."""
        ...

    async def free(self, app_id: str, most: int) -> bool:
        """Whether one could be taken now."""
        ...

    async def stay(self, held: Iterable[Held], left: Iterable[Held]) -> None:
        """These are held on, whether they were known or not; those are free."""
        ...

    async def draw(self, buckets: Sequence[Bucket]) -> float:
        """Take one from every bucket, or from none: how many seconds to wait for that; 0 if it is done."""
        ...
