"""Models, as the house speaks to them. Does not know any provider's wire, nor which one answers."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Literal, Protocol, cast

from msgspec import Struct

from parlour.domain.app import Model
from parlour.domain.pieces import shared
from parlour.domain.usage import Price


class Image(Struct, frozen=True):
    """A picture shown to a model: `url` is http(s) or `data:`."""

    url: str
    detail: Literal["high", "low"] = "high"


class ToolCall(Struct, frozen=True):
    """A model asks for a tool. `arguments` is JSON text, complete."""

    id: str
    name: str
    arguments: str


class Line(Struct, frozen=True):
    """One entry of a prompt. `tool_call_id` is set on role `tool` only."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    images: tuple[Image, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    sealed: tuple[str, ...] = ()
    """What was thought before this was said, for its provider alone; see `Sealed`."""


class Tool(Struct, frozen=True):
    """A tool that a model may ask for; `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: dict[str, object]

    @property
    def properties(self) -> dict[str, object]:
        """What may be given, each with its schema."""
        return properties(self.parameters)

    @property
    def required(self) -> list[str]:
        """The names of what must be given."""
        return required(self.parameters)


def properties(schema: Mapping[str, object]) -> dict[str, object]:
    """Those of an object's schema; none where it says none, or nothing that can be read: others wrote it."""
    found = schema.get("properties")
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def required(schema: Mapping[str, object]) -> list[str]:
    """As `properties`."""
    found = schema.get("required")
    return [str(name) for name in cast("list[object]", found)] if isinstance(found, list) else []


class Call(Struct, frozen=True):
    """One question to a model."""

    model: Model
    lines: tuple[Line, ...]
    tools: tuple[Tool, ...] = ()
    schema: dict[str, object] | None = None
    """The JSON Schema of an object that the answer has to be. Who cannot hold a model to it tells the model of it."""
    purpose: Literal["answer", "title", "suggest"] = "answer"


class Text(Struct, frozen=True, gc=False):
    """A piece of what the model says."""

    text: str


piece = shared(Text)
"""A piece, which is in memory once for all answers that have it, where it is short."""


class Thinking(Struct, frozen=True, gc=False):
    """A piece of what the model thinks, where its provider keeps that apart from what it says."""

    text: str


class Sealed(Struct, frozen=True):
    """A whole thought as its provider wants it back, unchanged, with the results of the tools that were asked for."""

    data: str


class Counted(Struct, frozen=True):
    """What the provider counted, usually its last word."""

    prompt_tokens: int
    completion_tokens: int


class Ended(Struct, frozen=True):
    """Why the model stopped: `stop`, `length`, `tool_calls`, …"""

    reason: str


Said = Text | Thinking | Sealed | ToolCall | Counted | Ended


class Models(Protocol):
    """Every model that can be reached."""

    def check(self, model: Model) -> None:
        """Return if a call could be tried now.

        Raises:
            ProviderNotInitialized: no provider of that name, no credentials for it, or a missing extra.
        """
        ...

    def context(self, model: Model) -> int | None:
        """How many tokens prompt and answer may have together; None where nobody knows."""
        ...

    def uses_tools(self, model: Model) -> bool:
        """Whether it asks for tools in its provider's own way; any other can be told of them in plain text."""
        ...

    def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        """Ask; get the answer as it comes. Closing the generator, or cancelling its reader, ends the call at once.

        Raises (at the first step or later):
            ProviderNotInitialized: there are no credentials, and the provider wants some.
            ProviderQuotaExceeded: the account has run dry.
            ModelNotSupported: the provider does not have, or does not allow, this model.
            CompletionRequestFailed: anything else that went wrong at the provider; the message says what.
        """
        ...


class Prices(Protocol):
    async def price(self, model: Model) -> Price:
        """What a model costs; free where nobody knows."""
        ...


class Tokens(Protocol):
    async def count(self, model: Model, texts: Sequence[str]) -> int:
        """How many tokens the texts have together; an estimate for models whose tokenizer is not known."""
        ...
