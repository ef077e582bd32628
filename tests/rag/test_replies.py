"""The work behind annotations that answer: it fails, ends and begins again like any other."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal

import pytest
from anyio import fail_after
from msgspec import structs

from parlour.domain.annotation import Annotation, AnnotationMatch, ReplySetting
from parlour.domain.dataset import ModelName
from parlour.domain.problems import CompletionRequestFailed
from parlour.providers.embedding.table import EmbeddingTable, Entry, Vectors
from parlour.rag.documents import Extractor
from parlour.rag.indexing import Indexer
from parlour.rag.replies import AT_ONCE, LATER, Replies
from parlour.stores.blobs import MemoryBlobs
from parlour.stores.memory import Memory
from tests.contract.requirements import requirement
from tests.rag.shelves import MODEL, CountedVectors

pytestmark = pytest.mark.anyio
SETTING = ReplySetting(0.9, MODEL)


class Desk:
    """One process at the annotations of one app; several may share what is kept."""

    def __init__(self, memory: Memory, vectors: CountedVectors | None = None) -> None:
        self.memory, self.vectors, self.time = memory, vectors or CountedVectors(), 100.0
        entries: dict[str, Entry[Vectors]] = {"scripted": Entry(self.vectors)}
        embeddings, made = EmbeddingTable(entries, MODEL), iter(range(99))
        self.replies = Replies(memory.replies, embeddings, self.now, lambda: f"job {next(made)}")
        self.indexer = Indexer(
            memory.knowledge, MemoryBlobs(), Extractor(), embeddings, self.replies, now=self.now, new_id=lambda: "x"
        )

    def now(self) -> float:
        return self.time

    async def add(self, question: str) -> None:
        await self.memory.annotations.create(Annotation(question, "app", question, f"So: {question}", 1.0))

    async def enabled(self, *questions: str) -> None:
        for question in questions:
            await self.add(question)
        await self.replies.order("app", "enable", SETTING)
        await self.indexer.drain()

    async def found(self, query: str) -> AnnotationMatch | None:
        return await self.replies.answer("app", query)


@requirement("annotations:reply:without")
async def test_where_questions_cannot_be_compared_nothing_is_found_and_the_operator_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk(Memory())
    await desk.enabled("why")
    assert await desk.found("why") is not None
    desk.vectors.failing = CompletionRequestFailed("[openai] too busy")
    assert await desk.found("why") is None
    assert "too busy" in caplog.text


@requirement("annotations:reply:restart")
async def test_a_job_goes_on_after_the_end_of_its_process() -> None:
    begun = asyncio.Event()

    class Stuck(CountedVectors):
        async def embed(
            self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]
        ) -> tuple[bytes, ...]:
            if self.asked:
                begun.set()
                await asyncio.Event().wait()
            return await super().embed(model, texts, of)

    memory, stuck = Memory(), Stuck()
    desk = Desk(memory, stuck)
    for number in range(2 * AT_ONCE):
        await desk.add(f"question {number}")
    job = await desk.replies.order("app", "enable", SETTING)
    working = asyncio.create_task(desk.indexer.drain())
    with fail_after(5):
        await begun.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    status = await desk.replies.job("app", "enable", job.id)
    assert status is not None
    assert status.status == "processing"
    fresh = Desk(memory)
    await fresh.indexer.drain()
    assert len(set(fresh.vectors.asked)) == AT_ONCE, "what was done is not done again"
    assert set(fresh.vectors.asked).isdisjoint(stuck.asked)
    status = await fresh.replies.job("app", "enable", job.id)
    assert status is not None
    assert status.status == "completed"
    for number in (0, 2 * AT_ONCE - 1):
        assert await fresh.found(f"question {number}") is not None


async def test_a_change_that_could_not_be_embedded_is_taken_up_again() -> None:
    desk = Desk(Memory())
    await desk.enabled("why")
    desk.vectors.failing = CompletionRequestFailed("[openai] too busy")
    await desk.add("where")
    await desk.indexer.drain()
    desk.vectors.failing = None
    await desk.indexer.drain()
    assert await desk.found("where") is None
    desk.time += LATER
    await desk.indexer.drain()
    assert await desk.found("where") is not None


async def test_a_bug_ends_a_job_with_an_error_that_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(Memory())
    await desk.add("why")
    desk.vectors.failing = RuntimeError("a bug with a secret")
    job = await desk.replies.order("app", "enable", SETTING)
    await desk.indexer.drain()
    failed = await desk.replies.job("app", "enable", job.id)
    assert failed is not None
    assert failed.status == "error"
    assert "secret" not in failed.error
    assert "a bug with a secret" in caplog.text
    caplog.set_level(logging.CRITICAL)
    assert desk.replies.setting("app") is None


async def test_a_job_that_fails_leaves_what_was_there() -> None:
    desk = Desk(Memory())
    await desk.enabled("why")
    other = structs.replace(SETTING, model=ModelName("nobody", "large"))
    job = await desk.replies.order("app", "enable", other)
    await desk.indexer.drain()
    failed = await desk.replies.job("app", "enable", job.id)
    assert failed is not None
    assert failed.status == "error"
    assert desk.replies.setting("app") == SETTING
    assert await desk.found("why") is not None
