"""Passages that answer a query, out of one dataset or several: the port `Retrieval`. Knows no app and no route."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from parlour.domain.dataset import Dataset, ModelName, Place, RetrievalSettings, Weights
from parlour.domain.passages import ChildChunk, ChildHit, Found, Hit, Segment
from parlour.domain.problems import ProviderNotInitialized
from parlour.ports.embeddings import Embeddings, Rerankers
from parlour.ports.knowledge import KnowledgeStore
from parlour.rag.elsewhere import Elsewhere
from parlour.rag.filtering import fits, known_of
from parlour.rag.passages import spoken
from parlour.rag.wording import wording

LEAST = 50
"""Nodes that are looked at, however few passages are wanted: several may be parts of one passage."""
DEEPER = 10
"""As many nodes are looked at for each passage that is wanted."""
RANKED = 4
"""As many passages are shown to a rerank model for each that is wanted."""


class Candidate(Struct):
    """A passage that may answer."""

    segment: Segment
    nodes: dict[str, float] = {}
    """What it was found by: nodes by their likeness; 0 where words alone found it."""
    meaning: float = 0.0
    words: float = 0.0
    score: float = 0.0


class Asked:
    """A query. What models make of it is made once, however many datasets are searched."""

    def __init__(self, query: str, embeddings: Embeddings) -> None:
        self.query = query
        self._embeddings = embeddings
        self._locks = defaultdict[ModelName, asyncio.Lock](asyncio.Lock)
        self._vectors: dict[ModelName, bytes] = {}

    async def vector(self, model: ModelName) -> bytes:
        async with self._locks[model]:
            if model not in self._vectors:
                [self._vectors[model]] = await self._embeddings.embed(model, [self.query], "query")
        return self._vectors[model]


class Retriever:
    """Finds passages."""

    def __init__(
        self, store: KnowledgeStore, embeddings: Embeddings, rerankers: Rerankers, elsewhere: Elsewhere
    ) -> None:
        self._store = store
        self._elsewhere = elsewhere
        self._embeddings = embeddings
        self._rerankers = rerankers

    async def search(self, dataset: Dataset, query: str, settings: RetrievalSettings | None = None) -> tuple[Hit, ...]:
        asked = Asked(query, self._embeddings)
        return await self._search(dataset, asked, settings or dataset.retrieval, counted=True)

    async def several(self, datasets: Sequence[Dataset], query: str, settings: RetrievalSettings) -> tuple[Hit, ...]:
        weighed = settings.reranking and settings.mode == "weighted_score"
        own = [settings_of(dataset, settings, weighed=weighed) for dataset in datasets]
        asked = Asked(query, self._embeddings)
        searches = [self._search(dataset, asked, wanted) for dataset, wanted in zip(datasets, own, strict=True)]
        found = [hit for hits in await asyncio.gather(*searches) for hit in hits]
        if settings.reranking and not weighed and found and self._can_rank(settings.reranker):
            scores = await self._rerankers.scores(settings.reranker, query, [spoken(hit.segment) for hit in found])
            found = [structs.replace(hit, score=told(score)) for hit, score in zip(found, scores, strict=True)]
        found.sort(key=lambda hit: -(hit.score or 0.0))
        least = settings.threshold
        best = [hit for hit in found if least is None or (hit.score or 0.0) >= least][: settings.top_k]
        by_place: dict[Place, list[str]] = {}
        for hit in best:
            if not hit.external:
                by_place.setdefault(Place(hit.document.tenant, hit.dataset_id), []).append(hit.segment.id)
        await asyncio.gather(*[self._store.segments.hit(place, ids) for place, ids in by_place.items()])
        return tuple(map(once_more, best))

    async def _search(
        self, dataset: Dataset, asked: Asked, wanted: RetrievalSettings, *, counted: bool = False
    ) -> tuple[Hit, ...]:
        """`counted`: the passages have answered once more, which is written while the rest of them is read."""
        if not asked.query.strip() or wanted.top_k < 1:
            return ()
        if dataset.external is not None:
            return await self._elsewhere.search(dataset, asked.query, wanted)
        within = await self._within(dataset, wanted)
        if within is not None and not within:
            return ()
        found = await self._candidates(dataset, asked, wanted, within)
        ranked = await self._ranked(asked.query, found, wanted)
        best = [one for one in ranked if wanted.threshold is None or one.score >= wanted.threshold][: wanted.top_k]
        if not best:
            return ()
        if not counted:
            return await self._hits(dataset, best)
        ids = [one.segment.id for one in best]
        hits, _ = await asyncio.gather(self._hits(dataset, best), self._store.segments.hit(dataset.place, ids))
        return tuple(map(once_more, hits))

    async def _within(self, dataset: Dataset, wanted: RetrievalSettings) -> frozenset[str] | None:
        """The documents that may be searched; None for all."""
        if not wanted.filter.conditions:
            return None
        documents = await self._store.counts.searchable(dataset.place)
        return frozenset(one.id for one in documents if fits(known_of(dataset, one), wanted.filter))

    async def _candidates(
        self, dataset: Dataset, asked: Asked, wanted: RetrievalSettings, within: frozenset[str] | None
    ) -> list[Candidate]:
        """The passages that may answer, with how well their meaning and their words fit, as the method asks."""
        method = "keyword_search" if dataset.technique == "economy" else wanted.method
        limit = max(LEAST, DEEPER * wanted.top_k)

        async def by_meaning() -> tuple[Found, ...]:
            if method not in {"semantic_search", "hybrid_search"}:
                return ()
            vector = await asked.vector(dataset.embedding)
            return await self._store.index.near(dataset.place, vector, limit, within)

        async def by_words() -> tuple[Found, ...]:
            if method == "semantic_search":
                return ()
            return await self._store.index.worded(dataset.place, asked.query, limit, within)

        near, worded = await asyncio.gather(by_meaning(), by_words())
        found = await self._gathered(dataset.place, (*near, *worded))
        for one in near:
            if one.segment_id in found:
                candidate = found[one.segment_id]
                candidate.nodes[one.node_id] = score = min(max(one.score, 0.0), 1.0)
                candidate.meaning = max(candidate.meaning, score)
        least = min((one.score for one in near), default=0.0)
        for one in worded:
            if one.segment_id in found:
                candidate = found[one.segment_id]
                candidate.nodes.setdefault(one.node_id, 0.0)
                candidate.meaning = max(candidate.meaning, least)
        if method != "semantic_search":
            texts = [spoken(one.segment) for one in found.values()]
            for candidate, score in zip(found.values(), wording(asked.query, texts), strict=True):
                candidate.words = score
        for candidate in found.values():
            candidate.score = told(scored(candidate, method, wanted.weights or Weights()))
        return list(found.values())

    async def _gathered(self, place: Place, found: Sequence[Found]) -> dict[str, Candidate]:
        ids = list(dict.fromkeys(one.segment_id for one in found))
        return {one.id: Candidate(one) for one in await self._store.segments.find(place, ids)}

    async def _ranked(self, query: str, found: list[Candidate], wanted: RetrievalSettings) -> list[Candidate]:
        """Best first; a rerank model that cannot be asked is passed over, as the original does."""
        found.sort(key=lambda one: (-one.score, one.segment.document_id, one.segment.position))
        if not wanted.reranking or wanted.mode == "weighted_score" or not self._can_rank(wanted.reranker):
            return found
        shown = found[: RANKED * wanted.top_k]
        scores = await self._rerankers.scores(wanted.reranker, query, [spoken(one.segment) for one in shown])
        for candidate, score in zip(shown, scores, strict=True):
            candidate.score = told(score)
        return sorted(shown, key=lambda one: -one.score)

    def _can_rank(self, model: ModelName) -> bool:
        try:
            self._rerankers.check(model)
        except ProviderNotInitialized:
            return False
        return True

    async def _hits(self, dataset: Dataset, best: list[Candidate]) -> tuple[Hit, ...]:
        papers, chunks = await asyncio.gather(
            self._store.documents.find(dataset.place, list({one.segment.document_id for one in best})),
            self._store.children.find(dataset.place, [node for one in best for node in one.nodes]),
        )
        documents = {document.id: document for document in papers}
        parts = {chunk.id: chunk for chunk in chunks}
        return tuple(
            Hit(
                dataset.id,
                dataset.name,
                documents[one.segment.document_id],
                one.segment,
                one.score,
                by(one, parts),
            )
            for one in best
            if one.segment.document_id in documents
        )


def by(one: Candidate, parts: Mapping[str, ChildChunk]) -> tuple[ChildHit, ...]:
    """The parts that a passage was found by, the best first."""
    ordered = sorted(one.nodes.items(), key=lambda node: -node[1])
    return tuple(ChildHit(parts[node], told(score)) for node, score in ordered if node in parts)


def once_more(hit: Hit) -> Hit:
    return structs.replace(hit, segment=structs.replace(hit.segment, hit_count=hit.segment.hit_count + 1))


def told(score: float) -> float:
    """Without the last digits, which differ from one machine to the next."""
    return round(score, 6)


def settings_of(dataset: Dataset, settings: RetrievalSettings, *, weighed: bool) -> RetrievalSettings:
    """How one of several datasets is searched: as it is set itself, or by both ways where these are to be weighed."""
    own = structs.replace(dataset.retrieval, filter=settings.filter, top_k=max(dataset.retrieval.top_k, settings.top_k))
    if not weighed:
        return own
    return structs.replace(own, method="hybrid_search", reranking=True, mode="weighted_score", weights=settings.weights)


def scored(one: Candidate, method: str, weights: Weights) -> float:
    if method == "semantic_search":
        return one.meaning
    if method == "hybrid_search":
        whole = weights.vector + weights.keyword
        return (weights.vector * one.meaning + weights.keyword * one.words) / whole if whole > 0 else one.meaning
    return one.words
