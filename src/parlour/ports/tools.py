"""Tools that a model may ask for, whoever serves them. Does not know any tool, nor which model asks for it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from parlour.domain.app import ToolUse
from parlour.ports.models import Tool

PATIENCE = 60.0
EVERY = "*"
"""In the place of a tool's name: all those of its provider, whatever they are called."""


class Offer(Struct, frozen=True):
    """A tool that can be used now."""

    use: ToolUse
    """As the app names it."""
    tool: Tool
    """As a model is told of it; no two of an app have one name."""
    labels: dict[str, str] = {}
    """What people call it, by language."""
    seconds: float = PATIENCE
    """How long it may take."""


class Caller(Struct, frozen=True):
    """Who uses a tool."""

    app: str
    """The app's name: what its tools may reach depends on it."""
    user: str
    depth: int = 0
    """How many apps are around this one, each a tool of the next."""


class Made(Struct, frozen=True):
    """A file that a tool has made."""

    name: str
    mime_type: str
    data: bytes


class Outcome(Struct, frozen=True):
    """What came of using a tool."""

    text: str = ""
    """For the model."""
    files: tuple[Made, ...] = ()
    data: tuple[object, ...] = ()
    """Values of JSON, for the nodes of a graph."""
    variables: dict[str, object] = {}
    """Values by name, likewise."""


class Tools(Protocol):
    def serves(self, use: ToolUse, /) -> str:
        """What serves it, in a few words; empty where nothing does. Asks nobody."""
        ...

    async def offers(self, uses: Sequence[ToolUse]) -> tuple[Offer, ...]:
        """Those of them that are served, in their order.

        Raises:
            ToolFailed: who serves one of them does not answer.
        """
        ...

    async def run(self, offer: Offer, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        """Use it. Cancelling ends it at once.

        Raises:
            ToolFailed: it did not do what was asked; the message is for the model.
        """
        ...
