"""What the tests of the contract share: a house on each store in turn; on Postgres in a lane of its own."""

import os

import pytest

from tests.houses import STORES, Store, build

__all__ = ["build"]

ON = (os.environ["CONTRACT_STORE"],) if "CONTRACT_STORE" in os.environ else STORES


@pytest.fixture(params=ON)
def store(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue("postgres") if request.param == "postgres" else request.param
