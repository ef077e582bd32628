"""Every suite of this folder runs on every store named here: a new adapter is one line and one opener."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from parlour.stores.memory import Memory
from parlour.stores.sqlite import Sqlite
from parlour.wiring import Storage


@asynccontextmanager
async def memory(_folder: Path) -> AsyncGenerator[Storage]:
    yield Memory()


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncGenerator[Storage]:
    store = Sqlite.open(folder / "parlour.db", serving=True)
    try:
        yield store
    finally:
        await store.close()


OPENERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Storage]]] = {
    "memory": memory,
    "sqlite": sqlite,
}


@pytest.fixture(params=sorted(OPENERS))
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Storage]:
    async with OPENERS[request.param](tmp_path) as opened:
        yield opened
