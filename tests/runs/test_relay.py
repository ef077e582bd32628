"""What is told to other processes, and when: nothing that they know, and nothing that they would miss."""

import asyncio
from collections.abc import Sequence

import pytest
from anyio import fail_after

from parlour.domain.events import AnyEvent, RunFinished, TextDelta
from parlour.domain.ids import Ids
from parlour.domain.message import Owner
from parlour.domain.problems import StoreUnavailable
from parlour.domain.record import Record
from parlour.ports.bus import LEASE, News
from parlour.runs.log import RunLog
from parlour.runs.relay import Told
from parlour.runs.run import Run
from parlour.stores.memory_bus import MemoryBus
from tests.front_door import until
from tests.houses import Build, build, rules, store

__all__ = ["build", "store"]
pytestmark = pytest.mark.anyio


def a_run() -> Run:
    return Run(Ids("t", "m", "c", 1), Owner("app", "ann"), "chat", None, RunLog(), Record())


def test_a_run_that_says_nothing_is_told_of_once_a_while() -> None:
    told = Told(a_run())
    first = told.news(0.0)
    assert first is not None
    told.heard(first, 0.0)
    assert told.news(LEASE / 3 - 0.1) is None
    again = told.news(LEASE / 3)
    assert again is not None
    told.heard(again, LEASE / 3)
    told.run.log.append(TextDelta("a"))
    news = told.news(LEASE / 3)
    assert news is not None
    assert (news.position, news.events) == (0, (TextDelta("a"),))


class Deaf(MemoryBus):
    """Takes nothing."""

    async def put(self, news: Sequence[News]) -> set[str]:
        raise StoreUnavailable(f"{len(news)} are not told")


async def test_a_process_ends_although_nobody_can_be_told(build: Build) -> None:
    place = await build(models=rules({"say": ["Yes."]}), bus=Deaf())
    assert (await place.door.send()).status == 200
    with fail_after(5):
        await place.house.runs.close(0)
        await place.house.relay.close()


class Slow(MemoryBus):
    """Takes what it is told when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.free = asyncio.Event()
        self.told: list[AnyEvent] = []

    async def put(self, news: Sequence[News]) -> set[str]:
        self.asked.set()
        await self.free.wait()
        self.told += [event for one in news for event in one.events]
        return await super().put(news)


async def test_a_run_that_goes_on_again_while_its_end_is_told_is_told_on(build: Build) -> None:
    bus = Slow()
    place = await build(models=rules({"say": ["Yes."]}), bus=bus)
    first, again = a_run(), a_run()
    first.log.append(RunFinished("paused"))
    place.house.runs.begun(first)
    await bus.asked.wait()
    again.log.append(TextDelta("on"))
    place.house.runs.begun(again)
    bus.free.set()

    async def told() -> bool:
        return TextDelta("on") in bus.told

    await until(told)
    again.log.append(RunFinished("succeeded"))
