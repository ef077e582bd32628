"""Documents become passages: every step, every way to fail, and what a crash leaves."""

import asyncio
from pathlib import Path

import pytest
from anyio import fail_after
from msgspec import structs

from parlour.domain.dataset import Dataset, ModelName
from parlour.domain.passages import ProcessRule, Segment, Segmentation, SegmentCount, SegmentQuery
from parlour.domain.problems import CompletionRequestFailed
from parlour.stores.memory import Memory
from parlour.stores.sql.stores import Stores
from tests.fresh_database import fresh_database
from tests.rag.shelves import MODEL, Library, library

pytestmark = pytest.mark.anyio
LINES = ProcessRule("custom", segmentation=Segmentation("\n", 500))
TEXT = "\n".join(f"Line {number} is about thing{number}." for number in range(40))


async def segments(shelves: Library, dataset: Dataset, document: str) -> tuple[Segment, ...]:
    return (await shelves.store.segments.page(dataset.place, document, SegmentQuery(), 1, 1000)).items


async def test_a_document_ends_completed_with_all_its_times_and_its_dataset_settled() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    one = await shelves.add(dataset, "a.txt", TEXT, rule=LINES)
    assert (await shelves.one(dataset, one)).progress.status == "waiting"
    await shelves.indexer.drain()
    progress = (await shelves.one(dataset, one)).progress
    assert progress.status == "completed"
    times = (progress.started_at, progress.parsed_at, progress.cleaned_at, progress.split_at, progress.completed_at)
    assert times == (100.0,) * 5
    found = await segments(shelves, dataset, one)
    assert [segment.position for segment in found] == list(range(1, 41))
    assert {segment.status for segment in found} == {"completed"}
    assert progress.words == sum(map(len, TEXT.split("\n")))
    assert found[3].keywords == ("line", "thing3")
    settled = await shelves.current(dataset)
    assert (settled.technique, settled.embedding, settled.form) == ("high_quality", MODEL, "text_model")
    hits = await shelves.retriever.search(settled, "thing7")
    assert hits[0].segment.content == "Line 7 is about thing7."


async def test_economy_asks_no_model() -> None:
    shelves = library()
    dataset = await shelves.dataset(technique="economy")
    await shelves.add(dataset, "a.txt", TEXT, rule=LINES)
    await shelves.indexer.drain()
    assert shelves.vectors.asked == []
    hits = await shelves.retriever.search(await shelves.current(dataset), "thing7")
    assert [hit.segment.content for hit in hits] == ["Line 7 is about thing7."]


async def test_passages_are_found_by_their_parts() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    rule = ProcessRule("hierarchical", segmentation=Segmentation("\n\n", 500), parts=Segmentation("\n", 100))
    one = await shelves.add(
        dataset, "a.txt", "alpha beta\ngamma\n\ndelta\nepsilon zeta", rule=rule, form="hierarchical_model"
    )
    await shelves.indexer.drain()
    found = await segments(shelves, dataset, one)
    assert [segment.content for segment in found] == ["alpha beta\ngamma", "delta\nepsilon zeta"]
    assert sorted(shelves.vectors.asked) == ["alpha beta", "delta", "epsilon zeta", "gamma"]
    [hit, *_] = await shelves.retriever.search(await shelves.current(dataset), "zeta")
    assert hit.segment.content == "delta\nepsilon zeta"
    assert hit.children[0].chunk.content == "epsilon zeta"
    assert hit.score == hit.children[0].score


async def test_questions_are_found_by_themselves_and_told_with_their_answers() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    one = await shelves.add(dataset, "a.csv", b"question,answer\nWhy leave?,Because.\n", form="qa_model")
    await shelves.indexer.drain()
    [segment] = await segments(shelves, dataset, one)
    assert (segment.content, segment.answer) == ("Why leave?", "Because.")
    assert shelves.vectors.asked == ["Why leave?"]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("broken.pdf", b"%PDF-1.7 nothing of the kind", "broken"),
        ("empty.txt", b" \n ", "no text"),
        ("picture.png", b"\x89PNG", "no text to be had"),
    ],
)
async def test_a_document_that_cannot_be_read_ends_in_an_error_that_says_why(name: str, data: bytes, why: str) -> None:
    shelves = library()
    dataset = await shelves.dataset()
    kinds = {"pdf": "application/pdf", "png": "image/png", "txt": "text/plain"}
    bad = await shelves.add(dataset, name, data)
    document = await shelves.one(dataset, bad)
    source = structs.replace(document.source, mime_type=kinds[name[-3:]])
    await shelves.store.documents.update(dataset.place, [structs.replace(document, source=source)], again=True)
    good = await shelves.add(dataset, "good.txt", TEXT)
    with fail_after(30):
        await shelves.indexer.drain()
    progress = (await shelves.one(dataset, bad)).progress
    assert (progress.status, why in (progress.error or ""), progress.stopped_at) == ("error", True, 100.0), progress
    assert (await shelves.one(dataset, good)).progress.status == "completed"


async def test_a_blob_that_is_gone_and_a_rule_that_cannot_be_kept_are_errors_of_the_document() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    lost = await shelves.add(dataset, "a.txt", TEXT)
    await shelves.blobs.delete("blob of a.txt")
    strange = await shelves.add(dataset, "b.txt", TEXT, rule=structs.replace(LINES, segmentation=Segmentation("\n", 9)))
    await shelves.indexer.drain()
    assert "gone" in ((await shelves.one(dataset, lost)).progress.error or "")
    assert "between 50 and 4000" in ((await shelves.one(dataset, strange)).progress.error or "")


async def test_a_model_that_fails_is_an_error_and_trying_again_goes_on_from_there() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    one = await shelves.add(dataset, "a.txt", TEXT, rule=LINES)
    shelves.vectors.failing = CompletionRequestFailed("[openai] too busy")
    await shelves.indexer.drain()
    document = await shelves.one(dataset, one)
    assert (document.progress.status, document.progress.error) == ("error", "[openai] too busy")
    shelves.vectors.failing = None
    await shelves.store.documents.update(dataset.place, [document], again=True)
    await shelves.indexer.drain()
    assert (await shelves.one(dataset, one)).progress.status == "completed"


async def test_what_nobody_foresaw_is_no_word_of_the_document_and_ends_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelves = library()
    dataset = await shelves.dataset()
    bad = await shelves.add(dataset, "a.txt", TEXT)
    shelves.vectors.failing = RuntimeError("a bug with a secret")
    await shelves.indexer.drain()
    assert "secret" not in ((await shelves.one(dataset, bad)).progress.error or "secret")
    assert "a document could not be indexed" in caplog.text


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("embedded", [0, 16, 32])
async def test_who_takes_up_what_another_left_writes_no_passage_twice(kind: str, embedded: int, tmp_path: Path) -> None:
    storage = Memory() if kind == "memory" else Stores(fresh_database(tmp_path))
    first = library(storage.knowledge, "first")
    dataset = await first.dataset(embedding=MODEL, technique="high_quality")
    one = await first.add(dataset, "a.txt", TEXT, rule=LINES)

    working = asyncio.create_task(first.indexer.drain())
    usual = first.vectors.embed

    async def embed(model: ModelName, texts: list[str], of: str) -> tuple[bytes, ...]:
        if len(first.vectors.asked) >= embedded:
            working.cancel()  # as a process that dies: nothing more is written
            await asyncio.Event().wait()
        return await usual(model, texts, of)  # pyright: ignore[reportArgumentType]

    first.vectors.embed = embed  # pyright: ignore[reportAttributeAccessIssue]
    await asyncio.gather(working, return_exceptions=True)
    before = await first.store.counts.of_documents(dataset.place, [one])
    assert before[one].completed < before[one].total == 40
    second = library(storage.knowledge, "second", now=1000.0)
    second.blobs = first.blobs
    await second.indexer.drain()
    found = await segments(second, dataset, one)
    assert [segment.content for segment in found] == TEXT.split("\n")
    assert await second.store.counts.of_documents(dataset.place, [one]) == {one: SegmentCount(40, 40)}
    assert len(second.vectors.asked) == 40 - before[one].completed
    hits = [await second.retriever.search(dataset, f"thing{number}") for number in (0, 17, 39)]
    assert [hit[0].segment.position for hit in hits] == [1, 18, 40]
    await storage.close()


async def test_a_worker_sleeps_until_it_is_woken() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    running = asyncio.create_task(shelves.indexer.run())
    await asyncio.sleep(0)
    one = await shelves.add(dataset, "a.txt", TEXT)
    shelves.editor.wake()
    with fail_after(5):
        while (await shelves.one(dataset, one)).progress.status != "completed":  # noqa: ASYNC110
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_deleted_document_ends_the_work_on_it() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    one = await shelves.add(dataset, "a.txt", TEXT, rule=LINES)
    usual = shelves.vectors.embed

    async def embed(model: ModelName, texts: list[str], of: str) -> tuple[bytes, ...]:
        await shelves.store.documents.delete(dataset.place, [one])
        return await usual(model, texts, of)  # pyright: ignore[reportArgumentType]

    shelves.vectors.embed = embed  # pyright: ignore[reportAttributeAccessIssue]
    await shelves.indexer.drain()
    assert len(shelves.vectors.asked) == 16
    assert await shelves.store.documents.find(dataset.place, [one]) == ()


async def test_passages_written_by_hand_are_found_at_once() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    one = await shelves.add(dataset, "a.txt", TEXT, rule=LINES)
    await shelves.indexer.drain()
    dataset, document = await shelves.current(dataset), await shelves.one(dataset, one)
    new = [Segment(f"s{number}", one, 0, f"By hand: wonder{number}.", 1.0) for number in range(2)]
    written = await shelves.editor.write(dataset, document, new)
    assert written is not None
    assert [(segment.position, segment.status, segment.words) for segment in written] == [
        (41, "completed", 17),
        (42, "completed", 17),
    ]
    assert (await shelves.retriever.search(dataset, "wonder1"))[0].segment.id == "s1"
    changed = structs.replace(written[1], content="Now it is marvel.", keywords=())
    assert await shelves.editor.write(dataset, document, [changed])
    assert (await shelves.retriever.search(dataset, "marvel"))[0].segment.id == "s1"
    gone = structs.replace(document, id="gone")
    assert await shelves.editor.write(dataset, gone, [structs.replace(new[0], document_id="gone", id="x")]) is None


async def test_parts_written_by_hand_are_found_at_once_and_cut_anew_with_their_passage() -> None:
    shelves = library()
    dataset = await shelves.dataset()
    rule = ProcessRule("hierarchical", segmentation=Segmentation("\n\n", 500), parts=Segmentation("\n", 100))
    one = await shelves.add(dataset, "a.txt", "alpha\nbeta", rule=rule, form="hierarchical_model")
    await shelves.indexer.drain()
    dataset, document = await shelves.current(dataset), await shelves.one(dataset, one)
    [segment] = await segments(shelves, dataset, one)
    [first, _] = await shelves.store.children.of(dataset.place, [segment.id])
    added = await shelves.editor.write_child(dataset, structs.replace(first, id="c9", position=0, content="gamma"))
    assert added is not None
    assert (added.position, added.words) == (3, 5)
    [hit] = await shelves.retriever.search(dataset, "gamma")
    assert hit.children[0].chunk.id == "c9"
    assert await shelves.editor.write(dataset, document, [segment], cut=False)
    assert len(await shelves.store.children.of(dataset.place, [segment.id])) == 3
    longer = structs.replace(segment, content="alpha\nbeta\ndelta\nepsilon")
    assert await shelves.editor.write(dataset, document, [longer])
    parts = await shelves.store.children.of(dataset.place, [segment.id])
    assert [part.content for part in parts] == ["alpha", "beta", "delta", "epsilon"]
