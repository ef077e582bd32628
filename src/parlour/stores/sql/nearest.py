"""How vectors are found near another: by what a database has for it, or by comparing all (`compared`).

Knows no database, and not which nodes may be found.
"""

from collections.abc import Iterator
from typing import Protocol

from parlour.domain.dataset import Place
from parlour.stores.ranking import Ranking
from parlour.stores.sql.connection import Connection


class Nearest(Protocol):
    def rankings(
        self, connection: Connection, place: Place, vector: bytes, least: int, within: frozenset[str] | None
    ) -> Iterator[Ranking]:
        """Nodes of these documents, else of all, by the cosine: what is found soonest, then all that there is."""
        ...
