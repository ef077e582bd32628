"""End users, kept. Does not know in what, nor what any of them did."""

from collections.abc import Sequence
from typing import Protocol

from parlour.domain.people import EndUser


class People(Protocol):
    async def seen(self, people: Sequence[EndUser]) -> None:
        """Write down those that are not there yet. Durable on return."""
        ...

    async def get(self, app_id: str, end_user_id: str) -> EndUser | None:
        """None for one that was not seen, or is another app's."""
        ...
