"""The sandboxes of this machine, each for what it does best. Does not know what the code is for."""

from parlour.domain.problems import CodeFailed
from parlour.ports.sandbox import Language
from parlour.providers.sandbox.limits import Limits
from parlour.providers.sandbox.monty import Monty, Stumbled


class LocalSandbox:
    def __init__(self, limits: Limits | None = None) -> None:
        self._monty = Monty(limits or Limits())

    async def run(self, language: Language, code: str, inputs: dict[str, object]) -> object:
        if language != "python3":
            raise CodeFailed("JavaScript is not served yet.")
        try:
            return await self._monty.run(code, inputs)
        except Stumbled as stumbled:
            raise CodeFailed(str(stumbled)) from stumbled

    async def aclose(self) -> None:
        await self._monty.aclose()
