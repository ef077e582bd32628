"""Which provider answers for which name: the port `Models`, put together from providers.

Does not know how any of them speaks, nor where the configuration was read.
"""

from collections.abc import AsyncGenerator, Mapping

from msgspec import Struct, structs

from parlour.domain.app import Model
from parlour.domain.problems import ProviderNotInitialized
from parlour.ports.models import Call, Models, Said

DEFAULT = "default"


class Entry(Struct, frozen=True):
    """A provider, and what its models are really called."""

    provider: Models
    models: Mapping[str, str] = {}
    """The name in an app -> the name at the provider."""
    free: bool = False
    """Whether nobody is paid for it, whatever the model is called."""
    tools: bool | None = None
    """Whether its models ask for tools in their own way, where its operator knows better."""


class Table:
    """Entries by the name that apps know a provider by; `default` answers for every other name."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = {short(name): entry for name, entry in entries.items()}

    def check(self, model: Model) -> None:
        entry = self._entry(model)
        entry.provider.check(renamed(model, entry))

    def context(self, model: Model) -> int | None:
        entry = self._entry(model)
        return entry.provider.context(renamed(model, entry))

    def uses_tools(self, model: Model) -> bool:
        entry = self._entry(model)
        return entry.provider.uses_tools(renamed(model, entry)) if entry.tools is None else entry.tools

    def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        """Hand the call on; no layer is added to the stream itself.

        Raises:
            ProviderNotInitialized: at once, where nobody answers for the name.
        """
        entry = self._entry(call.model)
        model = renamed(call.model, entry)
        return entry.provider.stream(call if model is call.model else structs.replace(call, model=model))

    def called(self, model: Model) -> Model | None:
        """The model that is really asked, and paid for; None where it costs nothing, or nobody answers for it."""
        entry = self._entries.get(short(model.provider)) or self._entries.get(DEFAULT)
        return None if entry is None or entry.free else renamed(model, entry)

    def _entry(self, model: Model) -> Entry:
        name = short(model.provider)
        entry = self._entries.get(name) or self._entries.get(DEFAULT)
        if entry is None:
            raise unknown(name)
        return entry


def short(provider: str) -> str:
    """Apps write a provider as a path (`maker/plugin/openai`); its last part is its name."""
    return provider.rstrip("/").rpartition("/")[2]


def unknown(provider: str) -> ProviderNotInitialized:
    """Nobody answers for the name."""
    return ProviderNotInitialized(
        f"No credentials for provider '{provider}'. Add [providers.{provider}] with kind, base_url and api_key to "
        "parlour.toml, or [providers.default] to let one provider answer for all names."
    )


def renamed(model: Model, entry: Entry) -> Model:
    name = entry.models.get(model.name, model.name)
    return model if name == model.name else structs.replace(model, name=name)
