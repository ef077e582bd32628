"""What befalls a cluster, one thing after the other, in an order that a seed says. Knows nothing of clients."""

import asyncio
import mmap
import time
import urllib.request
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import Random

from msgspec import Struct

from tests.chaos.clock.sitecustomize import NUMBER
from tests.chaos.gate import Gate
from tests.process.cluster import Cluster

HOUR = 3600.0


class Scene(Struct):
    """What can be broken."""

    cluster: Cluster
    gate: Gate
    """Before S3."""
    files: str
    """Where those of users lie, behind the gate."""
    clocks: list[Path]
    """By replica: how wrong its clock is."""
    random: Random
    forgotten: list[float] = []
    """When Valkey lost what it had in mind."""


async def a_replica_is_killed(scene: Scene) -> None:
    replica = scene.random.choice(scene.cluster.replicas)
    await asyncio.to_thread(replica.kill)
    await asyncio.sleep(scene.random.uniform(0, 3))
    await asyncio.to_thread(replica.revive)


async def two_replicas_are_killed(scene: Scene) -> None:
    dead = scene.random.sample(scene.cluster.replicas, 2)
    for replica in dead:
        await asyncio.to_thread(replica.kill)
    for replica in dead:
        await asyncio.to_thread(replica.revive)


async def postgres_is_away(scene: Scene) -> None:
    await asyncio.to_thread(scene.cluster.postgres.stop)
    await asyncio.sleep(10)
    scene.cluster.postgres.start()
    await asyncio.to_thread(lambda: scene.cluster.postgres.ready().close())


async def valkey_is_flushed(scene: Scene) -> None:
    await asyncio.to_thread(scene.cluster.valkey.flush)
    scene.forgotten.append(time.monotonic())


async def valkey_is_away(scene: Scene) -> None:
    scene.forgotten.append(time.monotonic())
    await asyncio.to_thread(scene.cluster.valkey.kill)
    await asyncio.sleep(scene.random.uniform(1, 5))
    await asyncio.to_thread(scene.cluster.valkey.start)
    scene.forgotten.append(time.monotonic())


async def s3_refuses(scene: Scene) -> None:
    scene.gate.shut()
    await asyncio.sleep(3)
    scene.gate.open = True


async def a_clock_jumps(scene: Scene) -> None:
    """Of one replica, by an hour and by a moment, forwards or back, and right again.

    No process without privileges may set the clock of a machine. What is set is `time.time` of that replica, the one
    clock of days that the program and its libraries in Python ask, from before their first line (`clock/`); that it has
    jumped shows in the `Date` of its replies. Postgres, Valkey and S3 keep the right time, as other machines would.
    """
    number = scene.random.randrange(len(scene.clocks))
    clock, address = scene.clocks[number], scene.cluster.replicas[number].address
    for wrong in scene.random.sample((scene.random.choice((HOUR, -HOUR)), scene.random.choice((0.5, -0.5))), 2):
        set_clock(clock, wrong)
        await asyncio.sleep(1.5)
        off = await asyncio.to_thread(its_time, address) - time.time()
        assert abs(off - wrong) < 3, f"the clock is {off} seconds off, and not {wrong}"
    set_clock(clock, 0.0)


def its_time(address: str) -> float:
    """As a replica tells it."""
    with urllib.request.urlopen(f"{address}/health", timeout=20) as reply:  # noqa: S310 -- the server under test
        return parsedate_to_datetime(reply.headers["Date"]).timestamp()


FAULTS: tuple[Callable[[Scene], Awaitable[None]], ...] = (
    a_replica_is_killed,
    a_replica_is_killed,
    two_replicas_are_killed,
    postgres_is_away,
    valkey_is_flushed,
    valkey_is_flushed,
    valkey_is_away,
    s3_refuses,
    a_clock_jumps,
    a_clock_jumps,
)


def set_clock(file: Path, wrong: float) -> None:
    """Seen at once by the replica that has the file."""
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), NUMBER.size) as seen:
        seen[: NUMBER.size] = NUMBER.pack(wrong)
