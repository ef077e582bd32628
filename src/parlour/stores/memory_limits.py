"""What houses within one process count together: for trials of several houses, and for tests. Knows no run."""

from collections.abc import Iterable, Sequence

from parlour.domain.ids import Clock
from parlour.ports.limits import Bucket, Held


class MemoryLimits:
    """One for all houses."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._held: set[Held] = set()
        self._full_at: dict[str, float] = {}
        """By bucket."""

    async def enter(self, place: Held, most: int) -> bool:
        free = await self.free(place.app_id, most)
        if free:
            self._held.add(place)
        return free

    async def free(self, app_id: str, most: int) -> bool:
        return sum(one.app_id == app_id for one in self._held) < most

    async def stay(self, held: Iterable[Held], left: Iterable[Held]) -> None:
        self._held |= set(held)
        self._held -= set(left)

    async def draw(self, buckets: Sequence[Bucket]) -> float:
        now = self._now()
        full = {one.name: max(self._full_at.get(one.name, 0.0), now) + one.seconds / one.count for one in buckets}
        wait = max((full[one.name] - one.seconds - now for one in buckets), default=0.0)
        if wait > 0:
            return wait
        self._full_at |= full
        return 0.0
