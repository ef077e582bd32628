"""The sandboxes of this machine, each for what it does best. Does not know what the code is for."""

import asyncio

from parlour.domain.problems import CodeFailed
from parlour.ports.sandbox import Language
from parlour.providers.sandbox.cpython import CPython
from parlour.providers.sandbox.jail import Jail, find
from parlour.providers.sandbox.javascript import JavaScript
from parlour.providers.sandbox.limits import Limits
from parlour.providers.sandbox.monty import Monty, Stumbled

ADVICE = "Install bubblewrap and let this user make user namespaces (docs/code-nodes.md), or set code.endpoint."


class LocalSandbox:
    """Python runs in the interpreter for strangers' code, a hundred times faster to start than a jail. What fails there
    runs once more in a jailed CPython, whose word is the last: a mistake of the code fails there too, and what only the
    first one does not know works. Code has no effects, so that running it twice is no harm.
    """

    def __init__(self, limits: Limits | None = None, packages: str = "", jail: Jail | str | None = None) -> None:
        """`jail`: the one to use, or why there is none; None looks for one when it is wanted."""
        self._limits = limits or Limits()
        self._packages = packages
        self._monty = Monty(self._limits)
        self._javascript = JavaScript(self._limits, self.jail)
        self._jail = jail
        self._finding = asyncio.Lock()
        self._places = asyncio.Semaphore(self._limits.parallel)

    async def run(self, language: Language, code: str, inputs: dict[str, object]) -> object:
        async with self._places:
            if language == "javascript":
                return await self._javascript.run(code, inputs)
            try:
                return await self._monty.run(code, inputs)
            except Stumbled as stumbled:
                jail = await self.jail()
                if isinstance(jail, Jail):
                    return await CPython(self._limits, jail, self._packages).run(code, inputs)
                advice = f" If that is right Python: only CPython runs it all, and it is off ({jail}). {ADVICE}"
                raise CodeFailed(f"{stumbled}.{advice if stumbled.unknown else ''}") from stumbled

    async def jail(self) -> Jail | str:
        """The jail of this machine, or why there is none. A machine may only be too busy: it is looked for again."""
        async with self._finding:
            found = self._jail or await find()
            if isinstance(found, Jail):
                self._jail = found
        return found

    async def aclose(self) -> None:
        await self._javascript.aclose()
        await self._monty.aclose()
