"""Which kinds of Redis and Valkey a server takes for its bus: a cluster is refused at the start, by its own word."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from parlour.settings import BadSettings, Settings, Storage
from parlour.wiring_keeping import open_bus
from tests.valkey import valkey

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("valkey")]


@pytest.fixture
async def stack() -> AsyncGenerator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def on(url: str) -> Settings:
    return Settings(storage=Storage(bus=url))


async def test_a_node_of_a_cluster_is_refused_and_the_cure_named(tmp_path: Path, stack: AsyncExitStack) -> None:
    with (
        valkey(tmp_path, "--cluster-enabled", "yes") as node,
        pytest.raises(BadSettings, match=r"Redis Cluster.*not supported.*a single Redis or Valkey.*cluster-enabled no"),
    ):
        await open_bus(on(node.url), stack)


async def test_a_single_server_is_taken_and_so_is_one_that_cannot_be_asked(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    with valkey(tmp_path) as single:
        assert (await open_bus(on(single.url), stack))[0] is not None
        single.kill()
        assert (await open_bus(on(single.url), stack))[0] is not None
