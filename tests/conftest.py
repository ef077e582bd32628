"""What every test shares: one event loop kind, one Postgres for those that ask for it, and less to be swept."""

import gc
from collections.abc import Generator

import pytest

from tests.postgres_server import Postgres, running


def pytest_collection_finish() -> None:
    """What is there by now stays: a sweep that looks at it again and again takes a tenth of the suite's time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    with running() as server:
        yield server
