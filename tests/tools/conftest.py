"""What the tests of tools share: a house on each store in turn."""

from tests.houses import build, store

__all__ = ["build", "store"]
