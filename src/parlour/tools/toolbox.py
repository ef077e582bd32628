"""The port `Tools`: which tool stands behind the name that an app has for it. Knows no model and no app's file."""

from collections.abc import Callable, Mapping, Sequence

from parlour.domain.app import ToolUse
from parlour.domain.problems import ToolFailed
from parlour.ports.models import Tool
from parlour.ports.tools import Caller, Offer, Outcome
from parlour.tools.tool import Builtin, Given, Reach

Serves = Callable[[ToolUse], str]


def serving(table: Mapping[str, Sequence[Builtin]]) -> Serves:
    """What stands behind a tool, in a few words; empty where nothing does."""
    builtin = {(provider, tool.name) for provider, tools in table.items() for tool in tools}
    return lambda use: "built in" if (use.provider, use.name) in builtin else ""


class Toolbox:
    """The built-in tools of `table`, by their provider's name."""

    def __init__(self, table: Mapping[str, Sequence[Builtin]], reach: Reach) -> None:
        self._builtin = {(provider, tool.name): tool for provider, tools in table.items() for tool in tools}
        self._reach = reach
        self.serves: Serves = serving(table)

    async def offers(self, uses: Sequence[ToolUse]) -> tuple[Offer, ...]:
        found: dict[str, Offer] = {}
        for use in uses:
            tool = self._builtin.get((use.provider, use.name))
            if tool is not None:
                name = use.name if use.name not in found else f"{use.provider}_{use.name}"
                found[name] = offered(use, tool, name)
        return tuple(found.values())

    async def run(self, offer: Offer, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        tool = self._builtin.get((offer.use.provider, offer.use.name))
        if tool is None:
            raise ToolFailed(f"there is not a tool named {offer.tool.name}")
        return await tool.run(Given(arguments, offer.use.settings, caller.app, self._reach))


def offered(use: ToolUse, tool: Builtin, name: str) -> Offer:
    label = use.label or tool.label
    return Offer(
        use=use,
        tool=Tool(name, tool.description, tool.parameters),
        labels={"en_US": label, "zh_Hans": label},
        seconds=tool.seconds,
    )
