"""Keys of requests that may come again, kept. Does not know in what; they are written by `Messages.open`."""

from typing import Protocol

from parlour.domain.claim import Claim
from parlour.domain.message import Owner


class Claims(Protocol):
    async def find(self, owner: Owner, key: str, now: float) -> Claim | None:
        """What this owner's key stands for; None for one that was not used, or has expired."""
        ...
