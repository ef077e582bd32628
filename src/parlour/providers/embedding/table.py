"""Which provider answers for which name: the ports `Embeddings` and `Rerankers`, put together from providers.

Does not know how any of them works, nor where the configuration was read.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, Literal, Protocol, TypeVar

from msgspec import Struct, structs

from parlour.domain.dataset import ModelName
from parlour.domain.problems import ProviderNotInitialized
from parlour.ports.embeddings import Embedder
from parlour.providers.table import DEFAULT, short, unknown


class Checked(Protocol):
    def check(self, model: ModelName) -> None: ...


class Vectors(Checked, Protocol):
    """One provider of embeddings: as the port `Embeddings`, for models of its own."""

    async def embed(
        self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]
    ) -> tuple[bytes, ...]: ...


class Ranks(Checked, Protocol):
    """One provider of rerank models: as the port `Rerankers`, for models of its own."""

    async def scores(self, model: ModelName, query: str, texts: Sequence[str]) -> tuple[float, ...]: ...


P = TypeVar("P", bound=Checked)


class Entry(Struct, Generic[P], frozen=True):
    """A provider, and what its models are really called."""

    provider: P
    models: Mapping[str, str] = {}
    """The name in an app -> the name at the provider."""


class Named(Generic[P]):
    """Entries by the name that apps know a provider by; `default` answers for every other name."""

    def __init__(self, entries: Mapping[str, Entry[P]], usual: ModelName) -> None:
        self._entries = {short(name): entry for name, entry in entries.items()}
        self._usual = usual

    def check(self, model: ModelName) -> None:
        provider, asked = self._chosen(model)
        provider.check(asked)

    def usual(self) -> ModelName:
        return self._usual

    def _chosen(self, model: ModelName) -> tuple[P, ModelName]:
        """Who answers, and what it is asked for.

        Raises:
            ProviderNotInitialized: nobody answers for the name.
        """
        model = model if model.name else self._usual
        name = short(model.provider)
        entry = self._entries.get(name) or self._entries.get(DEFAULT)
        if not model.name:
            raise ProviderNotInitialized(
                "No model is named, and there is no usual one: pip install 'parlour[local]', or set "
                'knowledge.embedding (knowledge.reranker) in parlour.toml, such as "openai/text-embedding-3-small".'
            )
        if entry is None:
            raise unknown(name)
        return entry.provider, structs.replace(model, name=entry.models.get(model.name, model.name))


class EmbeddingTable(Named[Vectors]):
    """The port `Embeddings`. `known`: models that can be named without trying."""

    def __init__(
        self, entries: Mapping[str, Entry[Vectors]], usual: ModelName, known: Sequence[ModelName] = ()
    ) -> None:
        super().__init__(entries, usual)
        self._known = tuple(dict.fromkeys((*((usual,) if usual.name else ()), *known)))

    def all(self) -> tuple[Embedder, ...]:
        return tuple(Embedder(model, model.name) for model in self._known)

    async def embed(
        self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"] = "passage"
    ) -> tuple[bytes, ...]:
        provider, asked = self._chosen(model)
        return await provider.embed(asked, texts, of) if texts else ()


class RerankTable(Named[Ranks]):
    """The port `Rerankers`."""

    async def scores(self, model: ModelName, query: str, texts: Sequence[str]) -> tuple[float, ...]:
        provider, asked = self._chosen(model)
        return await provider.scores(asked, query, texts) if texts else ()
