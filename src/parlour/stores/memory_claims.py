"""Keys of repeated requests in the memory of one process: the port `Claims`. Does not know what a request asks."""

from parlour.domain.claim import Claim
from parlour.domain.message import Owner
from parlour.domain.problems import AlreadyBegun


class MemoryClaims:
    def __init__(self) -> None:
        self._kept: dict[tuple[Owner, str], Claim] = {}

    async def find(self, owner: Owner, key: str, now: float) -> Claim | None:
        found = self._kept.get((owner, key))
        return found if found and found.expires_at > now else None

    def take(self, claim: Claim) -> None:
        """Write it down in place of one that has expired.

        Raises:
            AlreadyBegun: the key stands for another message.
        """
        place = claim.owner, claim.repeat.key
        known = self._kept.get(place)
        if known and known.expires_at > claim.created_at:
            raise AlreadyBegun
        self._kept[place] = claim

    def drop_of(self, owner: Owner) -> int:
        dropped = [place for place in self._kept if place[0] == owner]
        for place in dropped:
            del self._kept[place]
        return len(dropped)

    def expired(self, now: float) -> int:
        return sum(claim.expires_at <= now for claim in self._kept.values())

    def drop_expired(self, now: float, limit: int) -> int:
        dropped = [place for place, claim in self._kept.items() if claim.expires_at <= now][:limit]
        for place in dropped:
            del self._kept[place]
        return len(dropped)
