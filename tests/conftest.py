"""What every test shares: one event loop kind, and one Postgres for those that ask for it."""

from collections.abc import Generator

import pytest

from tests.postgres_server import Postgres, running


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    with running() as server:
        yield server
