"""Documents of questions that a model makes of them: which there are, in which order, and what a crash leaves."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from anyio import fail_after
from msgspec import json

from parlour.domain.app import Model
from parlour.domain.dataset import Dataset
from parlour.domain.passages import Document, ProcessRule, Segment, Segmentation, SegmentQuery
from parlour.ports.knowledge import KnowledgeStore
from parlour.ports.models import Call, Said
from parlour.providers.scripted import Scripted, script_of
from parlour.rag.asking import Asker
from parlour.rag.indexing import ASKED_AT_ONCE
from parlour.stores.memory import Memory
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database
from tests.rag.shelves import Library, library

pytestmark = pytest.mark.anyio
LINES = ProcessRule("custom", segmentation=Segmentation("\n", 500))
TEXT = "\n".join(f"Thing{number} is here." for number in range(10))
PAIRS = (
    "<think>Q1: no\nA1: no</think>"
    "**Q1:** What is first of {query}\nA1: This of {query}\nQ2: And then?\nA2: That of {query}"
)
SCRIPT = {"rules": [{"match": "Thing4", "say": ["There is nothing to ask."]}, {"say": [PAIRS]}]}


class Heard(Scripted):
    """Tells which passages it was asked for, and what it was told to do with them."""

    def __init__(self, script: object = SCRIPT) -> None:
        super().__init__(script_of(json.encode(script)))
        self.tasks: set[str] = set()
        self.texts: list[str] = []
        self.until = 100
        """So many passages are answered; then nothing more comes."""
        self.silent = asyncio.Event()

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        task, text = call.lines
        if len(self.texts) == self.until:
            self.silent.set()
            await asyncio.Event().wait()
        self.tasks.add(task.text)
        self.texts.append(text.text)
        async for said in super().stream(call):
            yield said


def asking(heard: Heard, store: KnowledgeStore | None = None, worker: str = "server", now: float = 100.0) -> Library:
    return library(store, worker, now, Asker(heard, Model("scripted", "m")))


@asynccontextmanager
async def storage(kind: str, folder: Path) -> AsyncGenerator[KnowledgeStore]:
    stores = Memory() if kind == "memory" else Stores(open_database(folder / "parlour.db", serving=True))
    yield stores.knowledge
    await stores.close()


async def indexed(shelves: Library, text: str = TEXT) -> tuple[Document, tuple[Segment, ...]]:
    dataset = await shelves.dataset()
    one = await shelves.add(dataset, "a.txt", text, rule=LINES, form="qa_model", language="Klingon")
    await shelves.indexer.drain()
    return await kept(shelves, dataset, one)


async def kept(shelves: Library, dataset: Dataset, document: str) -> tuple[Document, tuple[Segment, ...]]:
    page = await shelves.store.segments.page(dataset.place, document, SegmentQuery(), 1, 1000)
    return await shelves.one(dataset, document), page.items


def made() -> list[tuple[str, str | None]]:
    """What is made of the text."""
    return [
        pair
        for line in TEXT.split("\n")
        if "4" not in line
        for pair in ((f"What is first of {line}", f"This of {line}"), ("And then?", f"That of {line}"))
    ]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_each_passage_becomes_the_questions_that_a_model_makes_of_it(kind: str, tmp_path: Path) -> None:
    heard = Heard()
    async with storage(kind, tmp_path) as store:
        shelves = asking(heard, store)
        document, found = await indexed(shelves)
        assert [(one.content, one.answer) for one in found] == made()
        assert [one.position for one in found] == list(range(1, 19))
        assert {one.status for one in found} == {"completed"}
        assert (document.progress.status, document.progress.words) == ("completed", sum(one.words for one in found))
        assert sorted(heard.texts) == TEXT.split("\n")
        assert [("Klingon" in task, "Q2:" in task) for task in heard.tasks] == [(True, True)]
        assert sorted(shelves.vectors.asked) == sorted(question for question, _ in made())


async def test_a_text_that_has_questions_is_taken_at_its_word() -> None:
    heard = Heard()
    _, found = await indexed(asking(heard), "Q: Who hunts?\nA: The owl.")
    assert [(one.content, one.answer) for one in found] == [("Who hunts?", "The owl.")]
    assert heard.texts == []


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ({"rules": [{"say": ["Nothing."]}]}, "nothing to ask"),
        ({"rules": [{"error": {"message": "[scripted] too busy"}}]}, "[scripted] too busy"),
    ],
)
async def test_a_model_that_makes_none_or_fails_is_an_error_of_the_document(script: object, why: str) -> None:
    document, _ = await indexed(asking(Heard(script)))
    assert (document.progress.status, why in (document.progress.error or "")) == ("error", True), document.progress


async def test_without_a_model_a_text_without_questions_is_refused() -> None:
    document, found = await indexed(library())
    assert (document.progress.status, "knowledge.questions" in (document.progress.error or "")) == ("error", True)
    assert found == ()


@pytest.mark.parametrize("answered", [0, 3, 4, 9])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_after_a_crash_only_passages_are_asked_for_that_are_no_questions_yet(
    kind: str, answered: int, tmp_path: Path
) -> None:
    heard, again = Heard(), Heard()
    heard.until = answered
    async with storage(kind, tmp_path) as store:
        first, second = asking(heard, store, "first"), asking(again, store, "second", now=1000.0)
        second.blobs = first.blobs
        dataset = await first.dataset()
        one = await first.add(dataset, "a.txt", TEXT, rule=LINES, form="qa_model")
        working = asyncio.create_task(first.indexer.drain())
        with fail_after(5):
            await heard.silent.wait()
        working.cancel()  # as a process that dies: nothing more is written
        await asyncio.gather(working, return_exceptions=True)
        await second.indexer.drain()
        document, found = await kept(second, dataset, one)
        assert [(one.position, one.content, one.answer) for one in found] == [
            (at, *pair) for at, pair in enumerate(made(), 1)
        ]
        assert (document.progress.status, document.progress.words) == ("completed", sum(one.words for one in found))
        done = heard.texts[: answered - answered % ASKED_AT_ONCE]
        assert sorted([*done, *again.texts]) == TEXT.split("\n")
