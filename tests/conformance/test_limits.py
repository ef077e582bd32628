"""The port `SharedLimits`: what processes count together; within one, and through Valkey."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from parlour.domain.problems import StoreUnavailable
from parlour.ports.limits import Bucket, Held, SharedLimits
from parlour.stores.memory_limits import MemoryLimits
from parlour.stores.redis_limits import RedisLimits
from tests.front_door import until
from tests.valkey import Valkey, valkey

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("valkey")]


@asynccontextmanager
async def opened(server: Valkey, lease: float = 10.0) -> AsyncGenerator[RedisLimits]:
    limits = RedisLimits(server.url, lease)
    try:
        yield limits
    finally:
        await limits.aclose()


@pytest.fixture(params=["memory", "valkey"])
async def two(request: pytest.FixtureRequest, server: Valkey) -> AsyncGenerator[tuple[SharedLimits, SharedLimits]]:
    """As two processes have it."""
    if request.param == "memory":
        limits = MemoryLimits(time.time)
        yield limits, limits
        return
    async with opened(server) as one, opened(server) as other:
        yield one, other


def place(app_id: str) -> Held:
    return Held(app_id, str(uuid4()))


async def test_so_many_enter_from_any_process_and_who_leaves_makes_room(two: tuple[SharedLimits, SharedLimits]) -> None:
    here, there = two
    app, other = str(uuid4()), str(uuid4())
    places = [place(app) for _ in range(20)]
    asked = [limits.enter(one, 5) for limits, one in zip([here, there] * 10, places, strict=True)]
    entered = await asyncio.gather(*asked)
    assert sum(entered) == 5
    assert await there.enter(place(other), 1), "another app's are its own"
    await here.stay((), [one for one, free in zip(places, entered, strict=True) if free][:2])
    assert await there.free(app, 5)
    assert [await there.enter(place(app), 5) for _ in range(3)] == [True, True, False]
    assert not await here.free(app, 5)


async def test_a_place_that_nobody_renews_is_free_a_lease_later(server: Valkey) -> None:
    async with opened(server, lease=0.5) as limits:
        app = str(uuid4())
        dead, living = place(app), place(app)
        assert await limits.enter(dead, 2)
        assert await limits.enter(living, 2)

        async def entered() -> bool:
            await limits.stay([living], ())
            return await limits.enter(place(app), 2)

        await until(entered)
        assert not await limits.enter(place(app), 2)


async def test_what_is_held_counts_although_nobody_has_seen_it_enter(two: tuple[SharedLimits, SharedLimits]) -> None:
    """As after a server that has forgotten all."""
    limits, _ = two
    app = str(uuid4())
    await limits.stay([place(app), place(app)], ())
    assert not await limits.enter(place(app), 2)
    assert await limits.enter(place(app), 3)


async def test_one_is_drawn_from_every_bucket_or_from_none(two: tuple[SharedLimits, SharedLimits]) -> None:
    here, there = two
    key, user, another = (str(uuid4()) for _ in range(3))
    both = [Bucket(key, 3, 600), Bucket(user, 2, 600)]
    assert await here.draw(both) == 0
    assert await there.draw(both) == 0
    wait = await here.draw(both)
    assert 299 < wait <= 300
    assert await there.draw([Bucket(key, 3, 600), Bucket(another, 2, 600)]) == 0, "the refused one took none"
    assert 199 < await here.draw([Bucket(key, 3, 600)]) <= 200


async def test_a_bucket_fills_again_at_an_even_pace(two: tuple[SharedLimits, SharedLimits]) -> None:
    limits, _ = two
    bucket = Bucket(str(uuid4()), 2, 1.0)
    assert [await limits.draw([bucket]) for _ in range(2)] == [0, 0]
    wait = await limits.draw([bucket])
    assert 0 < wait <= 0.5
    await asyncio.sleep(wait + 0.005)
    assert await limits.draw([bucket]) == 0
    assert await limits.draw([bucket]) > 0


async def test_a_server_that_is_gone_is_a_problem_and_one_that_is_back_is_used(tmp_path: Path) -> None:
    with valkey(tmp_path) as gone:
        async with opened(gone) as limits:
            bucket = Bucket("b", 1, 60)
            assert await limits.draw([bucket]) == 0
            gone.kill()
            for asked in (limits.draw([bucket]), limits.enter(Held("a", "t"), 1), limits.stay([Held("a", "t")], ())):
                with pytest.raises(StoreUnavailable):
                    await asked
            gone.start()
            assert await limits.draw([bucket]) == 0, "it has forgotten"
