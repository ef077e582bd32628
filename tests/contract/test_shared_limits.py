"""Limits that hold for all processes of a house together, and for each by itself where they cannot reach each other."""

import logging
import time
from collections.abc import Sequence

import pytest

from parlour.domain.problems import StoreUnavailable
from parlour.ports.limits import Bucket, Held
from parlour.runs.rates import AppRates, Rate
from parlour.runs.start import Limits
from parlour.stores.memory_limits import MemoryLimits
from tests.contract.pausing import ECHO, approval, paused, submit, token
from tests.contract.requirements import requirement
from tests.front_door import Reply, until
from tests.houses import Build, Place, chat_app, rules

pytestmark = pytest.mark.anyio

HANGS = {"match": "wait", "say": ["One ", "two "], "hang": True}


class Away(MemoryLimits):
    """Cannot be reached for a while."""

    def __init__(self) -> None:
        super().__init__(time.time)
        self.away = True
        self.asked = 0

    async def enter(self, place: Held, most: int) -> bool:
        self._look()
        return await super().enter(place, most)

    async def draw(self, buckets: Sequence[Bucket]) -> float:
        self._look()
        return await super().draw(buckets)

    def _look(self) -> None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable


async def both(build: Build, shared: MemoryLimits, **more: object) -> tuple[Place, Place]:
    plan = {"models": rules(HANGS, ECHO), "shared": shared, **more}
    here = await build(**plan)
    return here, await build(beside=here, **plan)


@requirement("processes:limits")
async def test_an_app_has_its_places_in_all_processes_together(build: Build) -> None:
    here, there = await both(build, MemoryLimits(time.time), limits=Limits(active=2))
    async with here.door.chat("wait") as one, there.door.chat("wait") as other:
        await one.take(1)
        first, *_ = await other.take(1)
        for place in (here, there):
            reply = await place.door.send()
            assert (reply.status, reply.json()["code"]) == (429, "too_many_requests")
            assert "2 at a time" in reply.json()["message"]
        await there.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="ann")
        await other.rest()

        async def free() -> bool:
            return (await here.door.send()).status == 200

        await until(free)
        assert (await there.door.send()).status == 200
        assert (await there.door.send()).status == 200, "who has heard an end has its place"


@requirement("processes:limits")
async def test_a_refused_run_holds_no_place_and_one_that_goes_on_after_a_pause_does(build: Build) -> None:
    shared = MemoryLimits(time.time)
    here, there = await both(build, shared, limits=Limits(active=1), apps={"first": approval()})
    before = await paused(here)
    assert (await there.door.send("wait")).status == 200, "a run that waits holds none"
    assert (await submit(there.door, token(before))).status == 200

    async def free() -> bool:
        return await shared.enter(Held(here.house.catalogue.all()[0].card.id, "t"), 1)

    await until(free)
    assert (await here.door.send()).status == 429


def refused(reply: Reply) -> bool:
    return (reply.status, reply.json().get("code")) == (429, "rate_limit_error")


@requirement("processes:limits", "rate:user", "rate:key")
@pytest.mark.parametrize("rates", [AppRates(per_user=Rate(2, 60)), AppRates(per_key=Rate(2, 60))])
async def test_a_key_and_a_user_have_their_rates_in_all_processes_together(build: Build, rates: AppRates) -> None:
    here, there = await both(build, MemoryLimits(lambda: 1767000000.0), rates=rates)
    assert [(await place.door.send()).status for place in (here, there)] == [200, 200]
    for place in (here, there):
        reply = await place.door.send()
        assert refused(reply)
        assert reply.headers["retry-after"] == "30"
    assert (await here.door.send(inputs=[])).status == 400, "a body that is refused is not asked about"


@requirement("processes:limits")
async def test_who_is_refused_for_want_of_a_place_is_not_counted(build: Build) -> None:
    shared = MemoryLimits(lambda: 1767000000.0)
    here, there = await both(build, shared, rates=AppRates(per_user=Rate(2, 60)), limits=Limits(active=1))
    async with here.door.chat("wait", user="bob") as stream:
        first, *_ = await stream.take(1)
        for _ in range(5):
            assert (await there.door.send()).json()["code"] == "too_many_requests"
        await here.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="bob")
        await stream.rest()

    async def free() -> bool:
        return (await there.door.send()).status == 200

    await until(free)
    assert (await there.door.send()).status == 200
    assert refused(await there.door.send())


@requirement("processes:limits")
async def test_where_they_cannot_reach_each_other_each_counts_by_itself_and_says_so(build: Build) -> None:
    shared = Away()
    here, there = await both(build, shared, rates=AppRates(per_user=Rate(2, 60)), limits=Limits(active=2))
    for place in (here, there):
        assert [(await place.door.send()).status for _ in range(2)] == [200, 200]
        assert refused(await place.door.send())
    assert shared.asked == 2, "each asks once in a while"
    said = [record.getMessage() for record in here.logs if record.levelno == logging.WARNING]
    assert [line.partition(":")[0] for line in said] == ["limits are counted by each process for itself"] * 2


@requirement("processes:limits")
async def test_without_limits_nobody_is_asked(build: Build) -> None:
    shared = Away()
    place = await build(apps={"first": chat_app()}, shared=shared)
    assert (await place.door.send()).status == 200
    assert shared.asked == 0
