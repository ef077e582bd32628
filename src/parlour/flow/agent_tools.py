"""The tools of an agent's node, as its file writes them (dsl.md 6.19). Knows no tool, and nobody who serves one.

What the author has fixed is hidden from the model; what is only set, the model may say otherwise.
"""

from collections.abc import Callable, Mapping
from typing import cast

from msgspec import Struct, structs

from parlour.domain.app import ToolUse
from parlour.flow.given import Given
from parlour.flow.pool import MISSING
from parlour.ports.models import Tool
from parlour.ports.tools import Offer

Settle = Callable[[Given], object]
"""The value of what is written, in this run."""


class Extra(Struct, frozen=True):
    description: str | None = None


class Choice(Struct, frozen=True):
    """A tool that the agent's author has chosen."""

    enabled: bool | None = True
    provider_name: str | None = None
    provider_id: str | None = None
    type: str | None = None
    tool_name: str | None = None
    tool_label: str | None = None
    parameters: dict[str, object] | None = None
    settings: dict[str, object] | None = None
    extra: Extra | None = None

    @property
    def use(self) -> ToolUse:
        names = self.provider_name or "", self.provider_id or "", self.tool_name or ""
        return ToolUse.of(*names, kind=self.type or "builtin", label=self.tool_label or "")

    def settled(self, settle: Settle) -> ToolUse:
        """With what its author has set, as it is in this run."""
        written = {**(self.settings or {}), **(self.parameters or {})}
        values = ((name, settle(_written(said))) for name, said in written.items())
        settings = {name: value for name, value in values if value is not None and value != "" and value is not MISSING}
        return structs.replace(self.use, settings=settings)

    def shown(self, offer: Offer) -> Offer:
        """As the model is told of it."""
        hidden = {name for name, said in (self.parameters or {}).items() if _fixed(said)}
        tool = offer.tool
        schema, told = tool.parameters, (self.extra and self.extra.description) or tool.description
        if hidden:
            schema = {
                **schema,
                "properties": {name: one for name, one in tool.properties.items() if name not in hidden},
                "required": [name for name in tool.required if name not in hidden],
            }
        return structs.replace(offer, tool=Tool(tool.name, told, schema))


def _fixed(said: object) -> bool:
    """Whether it is said that the model does not supply it."""
    return isinstance(said, Mapping) and cast("Mapping[str, object]", said).get("auto", 1) == 0


def _written(said: object, kind: str = "constant") -> Given:
    """What is set: as it is, as `{value}`, or as `{value: {type, value}}`."""
    if not isinstance(said, Mapping) or "value" not in said:
        return Given(kind, cast("object", said))
    inner = cast("Mapping[str, object]", said)
    named = inner.get("type")
    return _written(inner["value"], named if isinstance(named, str) else kind)
