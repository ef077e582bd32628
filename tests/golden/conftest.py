"""What the golden transcripts share: a house on each store in turn, Postgres too."""

import pytest

from tests.houses import STORES, Store, build

__all__ = ["build"]


@pytest.fixture(params=[*STORES, pytest.param("postgres", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue("postgres") if request.param == "postgres" else request.param
