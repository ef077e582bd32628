"""The port `Tools`: which tool stands behind the name that an app has for it. Knows no model and no app's file."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import structs

from parlour.domain.app import ToolUse
from parlour.domain.problems import ToolFailed
from parlour.ports.models import Tool
from parlour.ports.tools import EVERY, Caller, Offer, Outcome
from parlour.tools.shelf import Place
from parlour.tools.tool import Builtin, Given, Reach

Found = TypeVar("Found")
Serves = Callable[[ToolUse], str]

NOWHERE: Mapping[str, Place] = {}


def serving(table: Mapping[str, Sequence[Builtin]], named: Mapping[str, str]) -> Serves:
    """What stands behind a tool, in a few words; empty where nothing does. `named`: as the operator says, by name."""
    builtin = {(provider, tool.name): tool for provider, tools in table.items() for tool in tools}

    def serves(use: ToolUse) -> str:
        tool = builtin.get((use.provider, use.name))
        needs = f", needs {tool.needs} in [tools.{use.provider}]" if tool and tool.needs else ""
        return entry(named, use) or (f"built in{needs}" if tool else "")

    return serves


class Toolbox:
    """The built-in tools of `table`, and before them what the operator has put at `places`.

    A place is named after a provider of tools, or after one tool as `provider/name`.
    """

    def __init__(
        self, table: Mapping[str, Sequence[Builtin]], reach: Reach, places: Mapping[str, Place] = NOWHERE
    ) -> None:
        self._builtin = {(provider, tool.name): tool for provider, tools in table.items() for tool in tools}
        self._reach = reach
        self._places = places
        self.serves: Serves = serving(table, {name: place.words for name, place in places.items()})

    async def offers(self, uses: Sequence[ToolUse]) -> tuple[Offer, ...]:
        found: dict[str, Offer] = {}
        for use in uses:
            name = use.name if use.name not in found else f"{use.provider}_{use.name}"
            if (place := self._place(use)) is not None:
                named = await place.all() if use.name == EVERY else {use.name: await place.told(use.name)}
                for each, told in named.items():
                    name = each if each not in found else f"{use.provider}_{each}"
                    one = structs.replace(use, name=each)
                    seconds = place.seconds or told.seconds
                    found[name] = offered(one, Tool(name, told.description, told.parameters), told.label, seconds)
            elif (tool := self._builtin.get((use.provider, use.name))) is not None:
                found[name] = offered(use, Tool(name, tool.description, tool.parameters), tool.label, tool.seconds)
        return tuple(found.values())

    async def run(self, offer: Offer, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        use = offer.use
        if (place := self._place(use)) is not None:
            return await place.use(use.name, arguments, caller, use.settings)
        tool = self._builtin.get((use.provider, use.name))
        if tool is None:
            raise ToolFailed(f"there is not a tool named {offer.tool.name}")
        return await tool.run(Given(arguments, use.settings, caller.app, self._reach))

    def _place(self, use: ToolUse) -> Place | None:
        return entry(self._places, use)


def entry(named: Mapping[str, Found], use: ToolUse) -> Found | None:
    """What stands for a tool: by its own name, by that of its provider, or by the id that its file has for that."""
    names = (use.title, use.provider, use.provider_id)
    return next((named[name] for name in names if name in named), None)


def offered(use: ToolUse, tool: Tool, label: str, seconds: float) -> Offer:
    name = use.label or label or tool.name
    return Offer(use, tool, {"en_US": name, "zh_Hans": name}, seconds)
