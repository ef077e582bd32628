"""Texts as vectors, and passages by how well they answer. Does not know which model does it, nor what the texts are."""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from parlour.domain.dataset import ModelName


class Embedder(Struct, frozen=True):
    """A model that can be asked."""

    model: ModelName
    label: str = ""


class Embeddings(Protocol):
    def check(self, model: ModelName) -> None:
        """Return if it could be asked now. An empty name is the usual model's.

        Raises:
            ProviderNotInitialized: no provider of that name, no credentials for it, or a missing extra.
        """
        ...

    def usual(self) -> ModelName:
        """The model of datasets that name none; empty where there is none."""
        ...

    def all(self) -> tuple[Embedder, ...]:
        """Those that are known by name."""
        ...

    async def embed(
        self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"] = "passage"
    ) -> tuple[bytes, ...]:
        """A vector for each text: 32-bit floats, little-endian, of length one together. Queries go first.

        Raises:
            ProviderNotInitialized, ProviderQuotaExceeded, ModelNotSupported, CompletionRequestFailed: as of `Models`.
        """
        ...


class Rerankers(Protocol):
    def check(self, model: ModelName) -> None:
        """As of `Embeddings`."""
        ...

    def usual(self) -> ModelName:
        """The model that is asked where none is named; empty where there is none."""
        ...

    async def scores(self, model: ModelName, query: str, texts: Sequence[str]) -> tuple[float, ...]:
        """How well each text answers the query, within [0, 1].

        Raises:
            ProviderNotInitialized, ProviderQuotaExceeded, ModelNotSupported, CompletionRequestFailed: as of `Models`.
        """
        ...
