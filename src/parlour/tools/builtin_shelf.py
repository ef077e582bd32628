"""Built-in tools of one provider, with what their operator gives them to get in. Knows no file of settings."""

from collections.abc import Mapping, Sequence

from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Caller, Outcome
from parlour.tools.shelf import Told
from parlour.tools.tool import Access, Builtin, Given, Reach


class BuiltinShelf:
    def __init__(self, tools: Sequence[Builtin], reach: Reach, access: Access) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._reach = reach
        self._access = access

    async def tools(self) -> Mapping[str, Told]:
        return {
            name: Told(tool.description, tool.parameters, tool.label, tool.seconds, open=True)
            for name, tool in self._tools.items()
        }

    async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        tool = self._tools.get(name)
        if tool is None:
            raise ToolFailed(f"there is not a tool named {name}")
        return await tool.run(Given(arguments, {}, caller.app, self._reach, self._access))

    async def aclose(self) -> None:
        """Nothing is held."""
