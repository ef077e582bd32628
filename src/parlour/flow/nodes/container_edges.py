"""Where the graph within a container begins, and where a loop's ends (dsl.md 6.14, 6.15).

Does not know what it means to get to a loop's end: the loop does.
"""

from collections.abc import AsyncGenerator

from msgspec import Struct

from parlour.flow.node import Result, Say, Scope


class Config(Struct, frozen=True):
    pass


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    del config, scope
    yield Result({})
