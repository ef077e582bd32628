"""What every test shares: one event loop kind."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
