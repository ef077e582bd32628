"""Which serving processes there are on one database. Does not know what they serve, nor how they reach each other."""

from typing import Protocol


class Replicas(Protocol):
    @property
    def alone(self) -> bool:
        """Whether no other process can serve the database while this one does."""
        ...

    async def renew(self, seconds: float, *, bury: bool) -> bool:
        """This process lives, and will have said so again within that time.

        With `bury`, those are forgotten that have not; whether there were any. What a forgotten one has begun is
        nobody's, and found by the sweeps of messages and runs.
        """
        ...

    async def others(self) -> bool:
        """Whether another process lives."""
        ...

    async def leave(self) -> None:
        """This process serves no more."""
        ...
