"""Webhooks that are owed, kept. Does not know in what, nor how one is delivered; every call is one whole transaction.

Whoever takes one holds it until a time; a process that died lets go of it by that alone.
"""

from typing import Literal, Protocol

from msgspec import Struct

from parlour.domain.webhook import Webhook

FORGOTTEN = 24 * 3600.0
"""Seconds after its end until one is forgotten: as long as a repeated request may ask for the same run."""

Fate = Literal["delivered", "given up", "gone"]
"""How one ends; `gone` if nothing is kept of its run any more."""


class Backlog(Struct, frozen=True):
    """How many are owed."""

    waiting: int = 0
    """Not tried yet: the runs of most go on."""
    failing: int = 0
    """Tried in vain, and to be tried again."""


class Webhooks(Protocol):
    async def add(self, webhook: Webhook) -> None:
        """From now on it is owed; nothing, if one of this run is known already."""
        ...

    async def take(self, worker: str, now: float, until: float) -> Webhook | None:
        """The one that is due for longest, of a run that goes on no more; held till then."""
        ...

    async def put_off(self, run_id: str, worker: str, until: float) -> None:
        """It was tried in vain, and is due again then. Nothing, if this worker does not hold it any more."""
        ...

    async def close(self, run_id: str, worker: str, fate: Fate, now: float) -> None:
        """It is owed no more. Nothing, if this worker does not hold it any more. Forgets those that ended long ago."""
        ...

    async def backlog(self) -> Backlog: ...
