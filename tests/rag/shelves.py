"""A place to index and search in: stores in memory, a model that goes by words. Knows no server."""

from collections.abc import AsyncIterator, Sequence
from itertools import count
from typing import Literal

from msgspec import Struct

from parlour.domain.dataset import Dataset, ModelName
from parlour.domain.passages import Document, DocumentSource, ProcessRule
from parlour.ports.blobs import Blobs
from parlour.ports.knowledge import KnowledgeStore
from parlour.providers.embedding.scripted import ScriptedRanks, ScriptedVectors
from parlour.providers.embedding.table import EmbeddingTable, Entry, RerankTable, Vectors
from parlour.providers.pages import Pages
from parlour.rag.asking import Asker
from parlour.rag.documents import Extractor
from parlour.rag.editing import Editor
from parlour.rag.elsewhere import Elsewhere
from parlour.rag.indexing import Indexer
from parlour.rag.replies import Replies
from parlour.rag.retrieve import Retriever
from parlour.stores.blobs import MemoryBlobs
from parlour.stores.memory import Memory

KINDS = {"csv": "text/csv"}
MODEL = ModelName("scripted", "words")


class CountedVectors(ScriptedVectors):
    """Remembers what it was asked, and fails where it is to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing: Exception | None = None

    async def embed(self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]) -> tuple[bytes, ...]:
        self.asked += texts
        if self.failing is not None:
            raise self.failing
        return await super().embed(model, texts, of)


class Library(Struct):
    """Everything that indexing and searching take."""

    store: KnowledgeStore
    blobs: Blobs
    vectors: CountedVectors
    indexer: Indexer
    retriever: Retriever
    editor: Editor

    async def dataset(self, name: str = "Handbook", **said: object) -> Dataset:
        made = Dataset(**{"id": f"d-{name}", "tenant": "acme", "name": name, "created_at": 1.0} | said)  # pyright: ignore[reportArgumentType]
        await self.store.datasets.create(made)
        return made

    async def add(
        self, dataset: Dataset, name: str, text: str | bytes, *, rule: ProcessRule | None = None, **said: object
    ) -> str:
        """A document, still to be indexed; its id."""
        data = text.encode() if isinstance(text, str) else text
        blob = f"blob of {name}"
        await self.blobs.put(blob, pieces(data))
        extension = name.rpartition(".")[2]
        source = DocumentSource(
            "text" if isinstance(text, str) else "upload_file",
            blob,
            name,
            len(data),
            extension,
            KINDS.get(extension, "text/plain"),
        )
        document = Document(
            **{  # pyright: ignore[reportArgumentType]
                "id": f"{dataset.id}/{name}",
                "tenant": dataset.tenant,
                "dataset_id": dataset.id,
                "name": name,
                "created_at": 1.0,
                "batch": "b",
                "source": source,
                "rule": rule or ProcessRule(),
            }
            | said
        )
        assert await self.store.documents.add(dataset.place, [document])
        return document.id

    async def one(self, dataset: Dataset, document_id: str) -> Document:
        [found] = await self.store.documents.find(dataset.place, [document_id])
        return found

    async def current(self, dataset: Dataset) -> Dataset:
        found = await self.store.datasets.find(dataset.place)
        assert found is not None
        return found


def library(
    store: KnowledgeStore | None = None, worker: str = "server", now: float = 100.0, asker: Asker | None = None
) -> Library:
    vectors, numbers = CountedVectors(), count(1)
    entries: dict[str, Entry[Vectors]] = {"scripted": Entry(vectors)}
    embeddings = EmbeddingTable(entries, MODEL)
    ranks = RerankTable({"scripted": Entry(ScriptedRanks())}, ModelName())
    store, blobs = store or Memory().knowledge, MemoryBlobs()

    def new_id() -> str:
        return f"{worker}-{next(numbers)}"

    replies = Replies(Memory().replies, embeddings, lambda: now, new_id)
    indexer = Indexer(
        store, blobs, Extractor(), embeddings, replies, now=lambda: now, new_id=new_id, worker=worker, asker=asker
    )
    retriever = Retriever(store, embeddings, ranks, Elsewhere(Pages({}), {}))
    return Library(store, blobs, vectors, indexer, retriever, Editor(store, indexer, lambda: now, new_id))


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data
