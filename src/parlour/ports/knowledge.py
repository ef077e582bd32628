"""Datasets as a whole: what is kept of them, how their documents become passages, and how these are found.

Does not know how a document is cut, nor which model compares texts.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from parlour.domain.dataset import Dataset, RetrievalSettings
from parlour.domain.passages import ChildChunk, Document, Hit, Segment
from parlour.ports.datasets import Datasets, MetadataFields, TagBindings, Tags
from parlour.ports.embeddings import Embeddings, Rerankers
from parlour.ports.passages import Children, DatasetDocuments, DocumentCounts, Index, Indexing, Segments


class KnowledgeStore(Struct, frozen=True):
    """What is kept of datasets."""

    datasets: Datasets
    tags: Tags
    bindings: TagBindings
    fields: MetadataFields
    documents: DatasetDocuments
    counts: DocumentCounts
    segments: Segments
    children: Children
    index: Index
    indexing: Indexing


class Retrieval(Protocol):
    async def search(self, dataset: Dataset, query: str, settings: RetrievalSettings | None = None) -> tuple[Hit, ...]:
        """The passages of one dataset that answer a query, the best first, each counted as a hit.

        `settings`: in place of the dataset's own.

        Raises:
            ProviderNotInitialized, ProviderQuotaExceeded, ModelNotSupported, CompletionRequestFailed: of its models.
        """
        ...

    async def several(self, datasets: Sequence[Dataset], query: str, settings: RetrievalSettings) -> tuple[Hit, ...]:
        """The passages of several datasets that answer best together; each is searched as it is set itself, then
        `settings` rank and cut what was found.

        Raises: as `search`.
        """
        ...


class Editing(Protocol):
    """Changes of what documents hold. What is changed is found as it is now when this returns."""

    async def write(
        self, dataset: Dataset, document: Document, segments: Sequence[Segment], *, cut: bool = True
    ) -> tuple[Segment, ...] | None:
        """Keep these passages, new or not, as completed; those without a position come after the last one.

        `cut`: where passages are found by their parts, they are cut anew; else they keep those that they have.
        None if the document is gone.

        Raises:
            ProviderNotInitialized, ProviderQuotaExceeded, ModelNotSupported, CompletionRequestFailed: of its models.
        """
        ...

    async def write_child(self, dataset: Dataset, chunk: ChildChunk) -> ChildChunk | None:
        """Keep this part, new or not; one without a position comes after the last one. None if its passage is gone.

        Raises: as `write`.
        """
        ...

    def wake(self) -> None:
        """There is something to be indexed: call it after documents were added, or are to be indexed again."""
        ...


class NamedDatasets(Protocol):
    async def find(self, names: Sequence[str]) -> tuple[Dataset, ...]:
        """The datasets that an app's file names, by ids of another house or of this one; those that are here."""
        ...


class Knowledge(Struct, frozen=True):
    """Datasets as a whole."""

    store: KnowledgeStore
    embeddings: Embeddings
    rerankers: Rerankers
    retrieval: Retrieval
    editing: Editing
    named: NamedDatasets
