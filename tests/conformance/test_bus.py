"""The port `Bus`: what processes tell each other of their runs, and what they ask; within one, and through Valkey."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from anyio import fail_after

from parlour.domain.events import AnyEvent, RunFinished, TextDelta
from parlour.domain.ids import Ids
from parlour.domain.message import Owner
from parlour.domain.problems import ProviderNotInitialized, StoreUnavailable
from parlour.ports.bus import Bus, Carried, Forget, Found, GoesOn, News, Signal, Stop
from parlour.stores.memory_bus import MemoryBus
from parlour.stores.redis_bus import RedisBus
from tests.valkey import Valkey, valkey

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("valkey")]

KINDS = ("memory", "valkey")
SAID = tuple(TextDelta(word) for word in ("One", " two", " three"))
OVER = RunFinished("succeeded")


@asynccontextmanager
async def opened(server: Valkey, lease: float = 10.0) -> AsyncGenerator[RedisBus]:
    bus = RedisBus(server.url, kept_seconds=60, lease=lease)
    try:
        yield bus
    finally:
        await bus.aclose()


@pytest.fixture(params=KINDS)
async def two(request: pytest.FixtureRequest, server: Valkey) -> AsyncGenerator[tuple[Bus, Bus]]:
    """As two processes have it."""
    if request.param == "memory":
        bus = MemoryBus()
        yield bus, bus
        return
    async with opened(server) as one, opened(server) as other:
        yield one, other


def a_run() -> Carried:
    return Carried(Ids(str(uuid4()), "m", "c", 1767000000), Owner("app", "ann"), "chat")


async def read(bus: Bus, task_id: str, most: int = 1000) -> list[AnyEvent]:
    found: list[AnyEvent] = []
    with fail_after(5):
        async with aclosing(bus.read(task_id)) as events:
            async for some in events:
                found += some
                if len(found) >= most:
                    break
    return found


async def test_a_run_is_found_and_read_elsewhere(two: tuple[Bus, Bus]) -> None:
    here, there = two
    run = a_run()
    assert await there.find(run.ids.task_id) is None
    assert await here.put([News(run, 0, SAID[:1])]) == set()
    assert await there.find(run.ids.task_id) == Found(run, 1)
    assert await read(there, run.ids.task_id, 1) == [SAID[0]]
    assert await here.put([News(run, 1, (*SAID[1:], OVER))]) == set()
    assert await read(there, run.ids.task_id) == [*SAID, OVER]
    assert await read(there, run.ids.task_id) == [*SAID, OVER], "also a while after its end"


async def test_who_reads_hears_what_is_said_meanwhile(two: tuple[Bus, Bus]) -> None:
    here, there = two
    run = a_run()
    await here.put([News(run, 0, ())])
    readers = [asyncio.create_task(read(there, run.ids.task_id)) for _ in range(3)]
    for number, event in enumerate((*SAID, OVER)):
        await asyncio.sleep(0)
        await here.put([News(run, number, (event,))] if number else [News(run, 0, (event,))])
    with fail_after(5):
        assert [await reader for reader in readers] == [[*SAID, OVER]] * 3


async def test_who_joins_others_that_read_hears_it_all(two: tuple[Bus, Bus]) -> None:
    here, there = two
    run = a_run()
    await here.put([News(run, 0, SAID[:1])])
    async with aclosing(there.read(run.ids.task_id)) as first:
        with fail_after(5):
            assert list(await anext(first)) == [SAID[0]]
            joined = asyncio.create_task(read(there, run.ids.task_id))
            await asyncio.sleep(0)  # it has joined, and the one before waits for more
            await here.put([News(run, 1, (*SAID[1:], OVER))])
            assert await joined == [*SAID, OVER]


async def test_what_is_told_twice_is_heard_once(two: tuple[Bus, Bus]) -> None:
    """As after a failure, of which nobody knows how much it cut off."""
    here, there = two
    run = a_run()
    for news in (News(run, 0, SAID[:1]), News(run, 1, SAID[1:2]), News(run, 1, SAID[1:2]), News(run, 1, SAID[1:])):
        await here.put([news])
    await here.put([News(run, 3, (OVER,)), News(run, 3, (OVER,))])
    assert await read(there, run.ids.task_id) == [*SAID, OVER]


async def test_a_run_that_begins_again_is_read_from_its_new_beginning(two: tuple[Bus, Bus]) -> None:
    here, there = two
    run = a_run()
    await here.put([News(run, 0, (*SAID, RunFinished("paused")))])
    again = Carried(run.ids, run.owner, run.mode, resumed_at=2)
    await here.put([News(again, 0, SAID[:2]), News(again, 2, (OVER,))])
    assert await there.find(run.ids.task_id) == Found(again, 3)
    assert await read(there, run.ids.task_id) == [*SAID[:2], OVER]


async def test_a_failure_is_told_with_its_problem(two: tuple[Bus, Bus]) -> None:
    here, there = two
    run = a_run()
    await here.put([News(run, 0, (RunFinished("failed", ProviderNotInitialized("No key.", params="model")),))])
    [told] = await read(there, run.ids.task_id)
    problem = cast("RunFinished", told).problem
    assert isinstance(problem, ProviderNotInitialized)
    assert (problem.message, problem.params) == ("No key.", "model")


async def test_what_is_asked_reaches_all_others(two: tuple[Bus, Bus]) -> None:
    here, there = two
    asked: list[Signal] = [Stop("app", "task", "ann"), Forget("conversation"), GoesOn("run", "task")]
    async with aclosing(there.signals()) as signals:
        first = asyncio.ensure_future(anext(signals))
        with fail_after(5):
            while not first.done():  # who is about to listen hears nothing yet
                await here.send(asked[0])
                await asyncio.wait([first], timeout=0.05)
            for signal in asked[1:]:
                await here.send(signal)
            heard = [await first]
            while heard[-1] != asked[-1]:
                heard.append(await anext(signals))
    assert [heard[0], *heard[-2:]] == asked


async def test_what_a_server_has_forgotten_is_told_to_be_lost(server: Valkey) -> None:
    async with opened(server) as bus:
        run, other = a_run(), a_run()
        await bus.put([News(run, 0, SAID[:1])])
        assert await bus.put([News(other, 1, SAID[1:]), News(run, 1, SAID[1:])]) == {other.ids.task_id}
        assert await bus.put([News(other, 3, ()), News(run, 3, ())]) == {other.ids.task_id}
        assert await bus.find(other.ids.task_id) is None


async def test_a_run_of_which_nothing_is_heard_is_over(server: Valkey) -> None:
    async with opened(server, lease=0.5) as bus:
        run = a_run()
        await bus.put([News(run, 0, SAID)])
        assert await read(bus, run.ids.task_id) == [*SAID]


async def test_a_server_that_is_gone_is_a_problem_and_one_that_is_back_is_used(tmp_path: Path) -> None:
    with valkey(tmp_path) as gone:
        async with opened(gone) as bus:
            run = a_run()
            await bus.put([News(run, 0, SAID[:1])])
            reading = asyncio.create_task(read(bus, run.ids.task_id))
            await asyncio.sleep(0)
            gone.kill()
            with pytest.raises(StoreUnavailable):
                await bus.find(run.ids.task_id)
            gone.start()
            assert await bus.put([News(run, 1, SAID[1:])]) == {run.ids.task_id}
            await bus.put([News(run, 0, (*SAID, OVER))])
            assert await reading == [*SAID, OVER]
