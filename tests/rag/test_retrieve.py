"""Passages that answer: by meaning, by words, by both, ranked, filtered, and out of several datasets."""

import asyncio

import pytest
from msgspec import structs

from parlour.domain.dataset import Condition, Dataset, Filter, ModelName, RetrievalSettings, Weights
from parlour.domain.passages import ProcessRule, Segmentation
from parlour.rag.named import Named, Standing
from parlour.rag.wording import wording
from tests.rag.shelves import MODEL, Library, library

pytestmark = pytest.mark.anyio
LINES = ProcessRule("custom", segmentation=Segmentation("\n", 500))
PETS = "The cat sleeps all day.\nThe dog runs all day.\nA cat and a dog share the garden.\n猫喜欢鱼。"
RANKER = ModelName("scripted", "ranks")


async def shelved(shelves: Library, name: str = "Pets", text: str = PETS, **said: object) -> Dataset:
    dataset = await shelves.dataset(name, technique="high_quality", embedding=MODEL, **said)
    await shelves.add(dataset, f"{name}.txt", text, rule=LINES)
    await shelves.indexer.drain()
    return dataset


@pytest.mark.parametrize("method", ["semantic_search", "full_text_search", "hybrid_search", "keyword_search"])
async def test_each_way_finds_what_fits_best_first_with_scores_within_one(method: str) -> None:
    shelves = library()
    dataset = await shelved(shelves)
    settings = RetrievalSettings(method, 3)  # pyright: ignore[reportArgumentType]
    hits = await shelves.retriever.search(dataset, "cat and dog", settings)
    assert hits[0].segment.content == "A cat and a dog share the garden."
    scores = [hit.score or 0.0 for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert len(hits) == 3
    [chinese] = await shelves.retriever.search(dataset, "喜欢", structs.replace(settings, top_k=1))
    assert chinese.segment.content == "猫喜欢鱼。"


async def test_what_is_below_the_threshold_is_left_out() -> None:
    shelves = library()
    dataset = await shelved(shelves)
    every = await shelves.retriever.search(dataset, "cat", RetrievalSettings(top_k=9))
    least = every[0].score
    assert least is not None
    some = await shelves.retriever.search(dataset, "cat", RetrievalSettings(top_k=9, threshold=least))
    assert [hit.segment.id for hit in some] == [every[0].segment.id]
    assert await shelves.retriever.search(dataset, "cat", RetrievalSettings(top_k=9, threshold=1.0)) == ()
    for nothing in ("", "  "):
        assert await shelves.retriever.search(dataset, nothing) == ()


async def test_weights_say_whether_meaning_or_words_count() -> None:
    shelves = library()
    dataset = await shelved(shelves, text="tax tax tax tax law\nlaw of the sea and of many other things that are wet")
    both = RetrievalSettings("hybrid_search", 2)
    meaning = structs.replace(both, weights=Weights(1.0, 0.0))
    by_meaning = await shelves.retriever.search(dataset, "law", meaning)
    near = await shelves.retriever.search(dataset, "law", RetrievalSettings(top_k=2))
    assert [hit.score for hit in by_meaning] == [hit.score for hit in near]
    words = structs.replace(both, weights=Weights(0.0, 1.0))
    by_words = await shelves.retriever.search(dataset, "law", words)
    worded = await shelves.retriever.search(dataset, "law", RetrievalSettings("full_text_search", 2))
    assert [hit.score for hit in by_words] == [hit.score for hit in worded]


async def test_a_rerank_model_has_the_last_word_and_one_that_is_not_here_is_passed_over() -> None:
    shelves = library()
    dataset = await shelved(shelves)
    asked = RetrievalSettings(top_k=2, reranking=True, mode="reranking_model", reranker=RANKER)
    hits = await shelves.retriever.search(dataset, "dog garden", asked)
    assert [hit.score for hit in hits] == [1.0, 0.5]
    lacking = structs.replace(asked, reranker=ModelName("cohere", "rerank"))
    usual = await shelves.retriever.search(dataset, "dog garden", RetrievalSettings(top_k=2))
    assert [hit.score for hit in await shelves.retriever.search(dataset, "dog garden", lacking)] == [
        hit.score for hit in usual
    ]


async def test_each_answer_is_counted() -> None:
    shelves = library()
    dataset = await shelved(shelves)
    one = RetrievalSettings(top_k=1)
    [first] = await shelves.retriever.search(dataset, "cat garden", one)
    [second] = await shelves.retriever.search(dataset, "cat garden", one)
    assert (first.segment.hit_count, second.segment.hit_count) == (1, 2)
    assert (await shelves.one(dataset, first.document.id)).hit_count == 2


async def test_only_documents_that_fit_the_conditions_are_searched() -> None:
    shelves = library()
    dataset = await shelves.dataset(technique="high_quality", embedding=MODEL, built_in_fields=True)
    for name, age in (("old", 70.0), ("young", 7.0)):
        await shelves.add(dataset, f"{name}.txt", f"The {name} cat.", metadata={"age": age})
    await shelves.indexer.drain()

    async def found(*conditions: Condition, every: bool = True) -> list[str]:
        settings = RetrievalSettings("hybrid_search", 9, filter=Filter(conditions, every))
        return sorted(hit.document.name for hit in await shelves.retriever.search(dataset, "cat", settings))

    assert await found() == ["old.txt", "young.txt"]
    assert await found(Condition("age", ">", 10.0)) == ["old.txt"]
    assert await found(Condition("age", ">", 10.0), Condition("age", "<", 10.0)) == []
    assert await found(Condition("age", ">", 10.0), Condition("age", "<", 10.0), every=False) == [
        "old.txt",
        "young.txt",
    ]
    assert await found(Condition("document_name", "start with", "young")) == ["young.txt"]
    assert await found(Condition("unknown", "is", "x")) == []


async def test_a_query_is_embedded_once_however_many_datasets_answer() -> None:
    shelves = library()
    datasets = [await shelved(shelves, name) for name in ("Pets", "Beasts", "Fish")]
    shelves.vectors.asked.clear()
    assert await shelves.retriever.several(datasets, "cat", RetrievalSettings(top_k=9))
    assert shelves.vectors.asked == ["cat"]


async def test_models_of_several_datasets_are_asked_beside_one_another() -> None:
    shelves = library()
    pets = await shelved(shelves)
    others = await shelved(shelves, "Others", text="The cow stands still.")
    others = structs.replace(others, embedding=structs.replace(MODEL, name="others"))
    usual, waiting, both = shelves.vectors.embed, set[str](), asyncio.Event()

    async def embed(model: ModelName, texts: list[str], of: str) -> tuple[bytes, ...]:
        waiting.add(model.name)
        if len(waiting) == 2:
            both.set()
        await both.wait()
        return await usual(model, texts, of)  # pyright: ignore[reportArgumentType]

    shelves.vectors.embed = embed  # pyright: ignore[reportAttributeAccessIssue]
    async with asyncio.timeout(5):
        found = await shelves.retriever.several([pets, others], "cat", RetrievalSettings("semantic_search", 9))
    assert {hit.dataset_id for hit in found} == {pets.id, others.id}


async def test_several_datasets_answer_together() -> None:
    shelves = library()
    pets = await shelved(shelves)
    laws = await shelved(shelves, "Laws", "The law of the cat.\nThe law of the sea.")
    usual = RetrievalSettings(top_k=3, reranking=False)
    hits = await shelves.retriever.several((pets, laws), "law cat", usual)
    assert (hits[0].dataset_name, hits[0].segment.content) == ("Laws", "The law of the cat.")
    assert {hit.dataset_name for hit in hits} == {"Laws", "Pets"}
    assert [hit.segment.hit_count for hit in hits] == [1, 1, 1]
    ranked = structs.replace(usual, reranking=True, mode="reranking_model", reranker=RANKER)
    hits = await shelves.retriever.several((pets, laws), "sea", ranked)
    assert (hits[0].segment.content, hits[0].score) == ("The law of the sea.", 1.0)
    weighed = structs.replace(usual, reranking=True, mode="weighted_score", weights=Weights(0.5, 0.5), threshold=0.5)
    hits = await shelves.retriever.several((pets, laws), "law sea", weighed)
    assert [hit.segment.content for hit in hits][:1] == ["The law of the sea."]
    assert all((hit.score or 0) >= 0.5 for hit in hits)


async def test_names_of_another_house_stand_for_datasets_of_this_one() -> None:
    shelves = library()
    pets = await shelved(shelves, tenant="default")
    other = await shelved(shelves, "Laws", "Law.", tenant="acme")
    standing = {"abc==": Standing("Pets"), "lost": Standing("Nowhere"), "law": Standing("Laws", "acme")}
    named = Named(shelves.store.datasets, standing)
    found = await named.find(["abc==", "lost", pets.id, "law", "unknown", other.id])
    assert [one.name for one in found] == ["Pets", "Laws"]


def test_words_are_weighed_by_how_rare_they_are() -> None:
    texts = ["the law of the sea", "the law of the land", "the law", "图书馆在哪里"]
    scores = wording("law of the sea", texts)
    assert scores[0] == pytest.approx(1.0)
    assert scores[0] > scores[1] > 0
    assert scores[3] == 0
    assert wording("图书馆", texts)[3] > 0.8
    assert wording("law", []) == ()
    assert wording("the", ["the"])[0] > 0
