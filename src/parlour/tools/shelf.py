"""Tools that somebody else has, as the toolbox sees them. Knows neither who that is nor how they are asked."""

from collections.abc import Mapping
from typing import Protocol, cast

from msgspec import Struct

from parlour.domain.problems import ToolFailed
from parlour.domain.values import each_text
from parlour.ports.models import properties
from parlour.ports.tools import PATIENCE, Caller, Outcome

NOTHING: Mapping[str, object] = {}


class Told(Struct, frozen=True):
    """A tool, as who has it describes it."""

    description: str
    parameters: dict[str, object]
    label: str = ""
    seconds: float = PATIENCE
    open: bool = False
    """Whether it takes more than its parameters: what only the author of an app sets."""


class Shelf(Protocol):
    async def tools(self) -> Mapping[str, Told]:
        """All of them, by name; asked for when they are first needed.

        Raises:
            ToolFailed: who has them does not answer.
        """
        ...

    async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        """Raises: ToolFailed: it did not do what was asked."""
        ...

    async def aclose(self) -> None:
        """Let go of what was opened."""
        ...


class Place(Struct, frozen=True):
    """Where the operator has put the tools of a provider, or a single one."""

    shelf: Shelf
    words: str
    """What serves them, for who checks a file."""
    tool: str = ""
    """The tool's name there, if not the one that apps use."""
    seconds: float | None = None
    """How long a use may take, where the operator has said it."""
    secrets: tuple[str, ...] = ()
    """What opens that shelf: in nothing that comes from there it is ever told."""

    async def told(self, name: str) -> Told:
        """Raises: ToolFailed: it is not there."""
        tools = await self.shelf.tools()
        found = tools.get(self.tool or name)
        if found is None:
            known = ", ".join(sorted(tools)[:20])
            raise ToolFailed(f"{self.words}: there is no tool {self.tool or name} (there are: {known})")
        return found

    async def all(self) -> Mapping[str, Told]:
        """All that it serves, by the names that apps use."""
        if self.tool:
            return {self.tool: await self.told(self.tool)}
        return await self.shelf.tools()

    async def use(
        self, name: str, arguments: Mapping[str, object], caller: Caller, settings: Mapping[str, object] = NOTHING
    ) -> Outcome:
        """`settings`: what the app's author has set; it goes along as far as the tool there knows it.

        What a model says in its place holds, unless it says nothing.
        """
        try:
            told = await self.told(name)
            known = properties(told.parameters)
            given = {key: value for key, value in settings.items() if told.open or key in known}
            said = {key: value for key, value in arguments.items() if key not in given or value not in (None, "")}
            outcome = await self.shelf.use(self.tool or name, {**given, **said}, caller)
        except ToolFailed as failed:
            raise ToolFailed(self.without_secrets(failed.message)) from None
        data = tuple(each_text(value, self.without_secrets) for value in outcome.data)
        variables = cast("dict[str, object]", each_text(outcome.variables, self.without_secrets))
        return Outcome(self.without_secrets(outcome.text), outcome.files, data, variables)

    def without_secrets(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text
