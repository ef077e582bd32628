"""End users in the memory of one process: the port `People`. Does not know what any of them did."""

from collections.abc import Sequence

from parlour.domain.message import Owner
from parlour.domain.people import EndUser, end_user_id


class MemoryPeople:
    def __init__(self) -> None:
        self._kept: dict[str, EndUser] = {}

    async def seen(self, people: Sequence[EndUser]) -> None:
        for one in people:
            self._kept.setdefault(one.id, one)

    def drop(self, owner: Owner) -> int:
        return int(self._kept.pop(end_user_id(owner), None) is not None)

    async def get(self, app_id: str, end_user_id: str) -> EndUser | None:
        found = self._kept.get(end_user_id)
        return found if found and found.owner.app_id == app_id else None
