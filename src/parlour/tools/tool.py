"""What a tool is, for the files of this folder: its name, what a model is told of it, and the function that does it.

Knows no tool, and nobody who uses one.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from msgspec import Struct

from parlour.domain.ids import Clock
from parlour.domain.problems import ToolFailed
from parlour.ports.documents import Documents
from parlour.ports.sandbox import Sandbox
from parlour.ports.tools import PATIENCE, Outcome
from parlour.ports.web import Web


class Reach(Struct, frozen=True):
    """All that a tool may reach for."""

    web: Web
    documents: Documents
    sandbox: Sandbox
    now: Clock


class Access(Struct, frozen=True):
    """How a tool gets in where it goes: its operator's word, and never a model's to see."""

    base_url: str = ""
    api_key: str = ""
    model: str = ""
    headers: dict[str, str] = {}


class Given(Struct, frozen=True):
    """What a tool is given when it is used. A model's word goes before the author's."""

    arguments: Mapping[str, object]
    settings: Mapping[str, object]
    app: str
    """The name of the app that uses it: what it may reach in the web depends on that."""
    reach: Reach
    access: Access = Access()

    def value(self, name: str) -> object:
        found = self.arguments.get(name)
        return self.settings.get(name) if found is None or found == "" else found

    def text(self, name: str, default: str = "") -> str:
        found = self.value(name)
        return default if found is None else found if isinstance(found, str) else str(found)

    def whole(self, name: str, default: int) -> int:
        """A whole number, however it is written.

        Raises:
            ToolFailed: it is none.
        """
        found = self.value(name)
        try:
            return default if found is None or isinstance(found, bool) else int(float(cast("str", found)))
        except (TypeError, ValueError, OverflowError):
            raise ToolFailed(f"{name} must be a whole number, and is {found!r}") from None

    def flag(self, name: str, *, default: bool = False) -> bool:
        found = self.value(name)
        return default if found is None else str(found).lower() in {"true", "1", "yes", "on"}


class Builtin(Struct, frozen=True):
    """A tool of this folder."""

    name: str
    label: str
    description: str
    """For the model: what it does, and when to use it."""
    run: Callable[[Given], Awaitable[Outcome]]
    properties: dict[str, dict[str, object]] = {}
    """What the model gives, by name: JSON Schemas. What only the app's author sets is not here."""
    required: tuple[str, ...] = ()
    seconds: float = PATIENCE
    needs: str = ""
    """What of its access the operator has to say, or it cannot be used."""
    definitions: dict[str, object] = {}
    """Schemas that those of its properties refer to as `#/$defs/…`."""

    @property
    def parameters(self) -> dict[str, object]:
        schema: dict[str, object] = {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
        }
        return schema | {"$defs": self.definitions} if self.definitions else schema


def string(description: str, *choices: str) -> dict[str, object]:
    """The schema of a text; with choices, of one of them."""
    schema: dict[str, object] = {"type": "string", "description": description}
    return schema | {"enum": list(choices)} if choices else schema


def number(description: str) -> dict[str, object]:
    return {"type": "number", "description": description}
