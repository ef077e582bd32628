"""The word of a process that it lives: who judges others, and when."""

import pytest

from parlour.runs.lease import SECONDS, Lease

pytestmark = pytest.mark.anyio


class Heard:
    """Remembers whether it was asked to bury."""

    def __init__(self, *, alone: bool = False) -> None:
        self.alone = alone
        self.buried: list[bool] = []

    async def renew(self, seconds: float, *, bury: bool) -> bool:
        assert seconds == SECONDS
        self.buried.append(bury)
        return bury

    async def others(self) -> bool:
        return not self.alone

    async def leave(self) -> None: ...


async def test_only_who_has_lived_as_long_as_a_lease_lasts_judges_others() -> None:
    now, heard = 100.0, Heard()
    lease = Lease(heard, lambda: now)
    for _ in range(4):
        await lease.renew()
        now += 4.0
    assert heard.buried == [False, False, False, True]
    heard.buried.clear()
    now += SECONDS  # nobody has buried again, and the first time is not taken care of
    assert await lease.renew()
    assert heard.buried == [False]
    lease.swept()
    now += SECONDS  # the database was away, or this process stood still
    for _ in range(3):
        assert not await lease.renew()
        now += 4.0
    assert await lease.renew()


async def test_who_is_alone_says_it_once() -> None:
    now, heard = 100.0, Heard(alone=True)
    lease = Lease(heard, lambda: now)
    for _ in range(20):
        assert not await lease.renew()
        now += 2.0
    assert heard.buried == [False]
