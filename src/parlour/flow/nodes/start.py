"""Where a run begins: the values of its form, and what the system knows (dsl.md 6.1). Does not know who asked.

The values were checked when they came in, and stand in the pool under this node before it runs.
"""

from collections.abc import AsyncGenerator

from msgspec import Struct

from parlour.flow.node import Result, Say, Scope


class Config(Struct, frozen=True):
    pass


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    del config
    given = dict(scope.pool.node(scope.node.id))
    known = {f"sys.{name}": value for name, value in scope.pool.node("sys").items()}
    scope.inputs = given | known
    yield Result(given | known)
