"""How often one key, and one user, may begin runs: token buckets, kept by all processes together, or by each.

Knows no wire, and not what a run is. The decision is a function of numbers alone; `Rates` keeps them.
"""

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from parlour.domain.ids import Clock
from parlour.domain.message import Owner
from parlour.domain.problems import RateLimited
from parlour.ports.limits import Bucket
from parlour.runs.sharing import Sharing

ROUNDING = 1e-6
"""Seconds that a sum of times since 1970 may be wrong by: who waits as long as was said must pass."""


class Rate(Struct, frozen=True):
    """At most `count` in any moment's last `seconds` at an even pace; all of them at once after a pause."""

    count: int
    seconds: float

    @property
    def each(self) -> float:
        """Seconds that one takes to be given back."""
        return self.seconds / self.count


class AppRates(Struct, frozen=True):
    """What holds for one app; None is no limit."""

    per_key: Rate | None = None
    per_user: Rate | None = None

    @property
    def limited(self) -> bool:
        return self.per_key is not None or self.per_user is not None


def draw(buckets: Sequence[tuple[Rate, float]], now: float) -> tuple[float, tuple[float, ...]]:
    """Take one from every bucket, or from none: how long to wait for that, and when each bucket will be full.

    A bucket is the time at which it will be full again; one of the past is full now.
    """
    # Never further than one that is empty: the clock may have been set back.
    full_at = [min(max(at, now), now + rate.seconds) for rate, at in buckets]
    wait = max((at + rate.each - rate.seconds - now for (rate, _), at in zip(buckets, full_at, strict=True)), default=0)
    if wait > ROUNDING:
        return wait, tuple(full_at)
    return 0.0, tuple(at + rate.each for (rate, _), at in zip(buckets, full_at, strict=True))


class Rates:
    """The buckets of every key and user that has asked lately."""

    def __init__(self, now: Clock, general: AppRates, of_apps: Mapping[str, AppRates], sharing: Sharing) -> None:
        self._now = now
        self._general = general
        self._of_apps = of_apps
        self._sharing = sharing
        self._full_at: dict[str | Owner, float] = {}
        """By key and by user; the one that was drawn from longest ago is the first."""

    def __len__(self) -> int:
        return len(self._full_at)

    def of(self, app: str) -> AppRates:
        """What holds for the app of that name."""
        return self._of_apps.get(app, self._general)

    @property
    def alone(self) -> bool:
        """Whether no other process counts with this one."""
        return self._sharing.alone

    async def take_together(self, rates: AppRates, key: str, owner: Owner) -> None:
        """Count one request among those of all processes; among those of this one where the others cannot be asked.

        Raises:
            RateLimited: it is one too many, and is not counted.
        """
        buckets: list[Bucket] = []
        if rates.per_key is not None:
            buckets.append(Bucket(f"key:{key}", rates.per_key.count, rates.per_key.seconds))
        if rates.per_user is not None:
            name = f"user:{owner.app_id}:{owner.user}"
            buckets.append(Bucket(name, rates.per_user.count, rates.per_user.seconds))
        wait = await self._sharing.ask(lambda limits: limits.draw(buckets))
        if wait is None:
            self.take(rates, key, owner)
        elif wait:
            raise refused(rates, wait)

    def take(self, rates: AppRates, key: str, owner: Owner) -> None:
        """Count one request.

        Raises:
            RateLimited: it is one too many, and is not counted.
        """
        now = self._now()
        named = ((key, rates.per_key), (owner, rates.per_user))
        drawn = [(name, rate) for name, rate in named if rate is not None]
        wait, full_at = draw([(rate, self._full_at.get(name, 0.0)) for name, rate in drawn], now)
        if wait:
            raise refused(rates, wait)
        for (name, _), at in zip(drawn, full_at, strict=True):
            self._full_at.pop(name, None)
            self._full_at[name] = at
        while self._full_at and (oldest := next(iter(self._full_at.items())))[1] <= now:
            del self._full_at[oldest[0]]  # full again: as good as none


def refused(rates: AppRates, wait: float) -> RateLimited:
    named = ((rates.per_key, "this key"), (rates.per_user, "one user"))
    limits = " and ".join(f"{rate.count} requests in {rate.seconds:g} s for {who}" for rate, who in named if rate)
    return RateLimited(f"Too many requests: {limits} are allowed here.", retry_after=math.ceil(wait))
