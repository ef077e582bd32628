"""Every suite of this folder runs on every store named here: a new adapter is one line and one opener."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from parlour.stores.memory import Memory
from parlour.stores.postgres.opening import open_database as postgres_database
from parlour.stores.sql.stores import Stores
from parlour.wiring import Storage
from tests.fresh_database import fresh_database
from tests.valkey import Valkey, valkey


@asynccontextmanager
async def memory(_request: pytest.FixtureRequest) -> AsyncGenerator[Storage]:
    yield Memory()


@asynccontextmanager
async def sqlite(request: pytest.FixtureRequest) -> AsyncGenerator[Storage]:
    store = Stores(fresh_database(request.getfixturevalue("tmp_path")))
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def postgres(request: pytest.FixtureRequest) -> AsyncGenerator[Storage]:
    with request.getfixturevalue("postgres").database() as url:
        store = Stores(postgres_database(url, few=100))  # so that larger datasets go through the index
        try:
            yield store
        finally:
            await store.close()


OPENERS: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Storage]]] = {
    "memory": memory,
    "postgres": postgres,
    "sqlite": sqlite,
}


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
async def stores(request: pytest.FixtureRequest) -> AsyncGenerator[Storage]:
    async with OPENERS[request.param](request) as opened:
        yield opened


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Valkey]:
    """For the ports that are no store's: one for all of them, so names must be their own."""
    with valkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running
