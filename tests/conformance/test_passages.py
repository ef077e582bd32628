"""What the ports of documents, passages, their index and the work on them promise, on every store."""

from random import Random

import pytest
from msgspec import structs

from parlour.domain.dataset import Counts
from parlour.domain.passages import DocumentQuery, Progress, SegmentCount, SegmentQuery
from parlour.domain.vectors import likeness, packed
from parlour.ports.passages import Task, Written
from parlour.wiring import Storage
from tests.conformance.knowledge_samples import (
    DONE,
    FOREIGN,
    HERE,
    TENANT,
    THERE,
    child,
    dataset,
    document,
    finish,
    node,
    segment,
    shelve,
    taken,
)
from tests.rag.shelves import library

pytestmark = pytest.mark.anyio
TWO = Written(
    (segment("s1"), segment("s2", position=2, content="图书馆 opens at nine.")),
    (),
    (node("s1", 1, 0), node("s2", 1, 1, text="图书馆 opens at nine.")),
)


async def test_documents_get_positions_and_read_back_in_the_order_asked(stores: Storage) -> None:
    kept = stores.knowledge.documents
    added = await shelve(stores.knowledge, HERE, document("a"), document("b"))
    assert [one.position for one in added] == [1, 2]
    more = await kept.add(HERE, [document("c")])
    assert more is not None
    assert more[0].position == 3
    assert await kept.find(HERE, ["c", "x", "a"]) == (more[0], added[0])


async def test_documents_are_paged_by_keyword_batch_and_status(stores: Storage) -> None:
    kept = stores.knowledge
    other = structs.replace(document("b", name="Größe.md"), batch="b2")
    await shelve(kept, HERE, document("a"), other, document("c"))
    await finish(kept, HERE, "a", TWO)
    found = await kept.documents.page(HERE, DocumentQuery(), 1, 2)
    assert ([one.id for one in found.items], found.total) == (["c", "b"], 3)
    for query, ids in (
        (DocumentQuery("GRÖSSE"), ["b"]),
        (DocumentQuery(batch="b2"), ["b"]),
        (DocumentQuery(status="queuing"), ["c", "b"]),
        (DocumentQuery(status="available"), ["a"]),
        (DocumentQuery(status="error"), []),
    ):
        assert [one.id for one in (await kept.documents.page(HERE, query, 1, 9)).items] == ids, query
    done = (await kept.documents.find(HERE, ["a"]))[0]
    for hidden, query in (
        (structs.replace(done, enabled=False), DocumentQuery(status="disabled")),
        (structs.replace(done, archived=True), DocumentQuery(status="archived")),
    ):
        assert await kept.documents.update(HERE, [hidden])
        assert (await kept.documents.page(HERE, query, 1, 9)).total == 1


async def test_an_update_leaves_progress_alone_unless_it_is_to_be_indexed_again(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    await finish(kept, HERE, "doc", TWO)
    renamed = structs.replace(document(), name="new", metadata={"x": "y"})
    assert not await kept.documents.update(HERE, [renamed, document("unknown")])
    assert await kept.documents.update(HERE, [renamed])
    read = (await kept.documents.find(HERE, ["doc"]))[0]
    assert (read.name, read.metadata, read.position, read.progress) == ("new", {"x": "y"}, 1, DONE)
    assert await kept.indexing.take("w", 1000, 1001) is None
    assert await kept.documents.update(HERE, [renamed], again=True)
    assert (await kept.documents.find(HERE, ["doc"]))[0].progress == Progress()
    assert (await kept.counts.of_datasets(TENANT, [HERE.dataset_id]))[HERE.dataset_id].words == 0
    assert await kept.indexing.take("w", 0, 1) is not None


async def test_passages_can_be_compared_anew_without_being_cut_anew(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    await finish(kept, HERE, "doc", TWO)
    known = (await kept.documents.find(HERE, ["doc"]))[0]
    assert await kept.documents.update(HERE, [known], again=True, cut=False)
    progress = (await kept.documents.find(HERE, ["doc"]))[0].progress
    assert (progress.status, progress.words, progress.completed_at) == ("indexing", DONE.words, None)
    waiting = await kept.segments.page(HERE, "doc", SegmentQuery(statuses=("waiting",)), 1, 9)
    assert [(one.id, one.status) for one in waiting.items] == [(one.id, "waiting") for one in TWO.segments]
    assert {one.status for one in await kept.segments.find(HERE, ["s1", "s2"])} == {"waiting"}
    assert await kept.index.near(HERE, packed([1, 0]), 9) == ()
    assert await kept.indexing.take("w", 0, 1) is not None


async def test_the_first_passage_of_a_document_can_be_written_by_hand(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    [empty] = await kept.documents.find(HERE, ["doc"])
    written = await library(kept).editor.write(dataset(), empty, [structs.replace(segment("s1"), position=0)])
    assert written is not None
    assert [one.position for one in written] == [1]


async def test_what_datasets_and_documents_hold_is_counted(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept, HERE, document("a"), document("b"))
    await finish(kept, HERE, "a", Written((segment("s1", "a"), segment("s2", "a"))))
    waiting = structs.replace(segment("s3", "b"), status="waiting")
    assert await kept.segments.write(HERE, "b", Written((waiting,)))
    assert await kept.counts.of_datasets(TENANT, [HERE.dataset_id, "x"]) == {HERE.dataset_id: Counts(2, 1, 7)}
    assert await kept.counts.of_documents(HERE, ["a", "b", "x"]) == {"a": SegmentCount(2, 2), "b": SegmentCount(1, 0)}
    assert [one.id for one in await kept.counts.searchable(HERE)] == ["a"]


async def test_deleted_documents_are_gone_all_or_none(stores: Storage) -> None:
    kept = stores.knowledge
    source = structs.replace(document().source, blob="blob-1")
    await shelve(kept, HERE, structs.replace(document(), source=source), document("b"))
    await finish(kept, HERE, "doc", TWO)
    assert await kept.documents.delete(HERE, ["doc", "unknown"]) is None
    assert await kept.documents.delete(HERE, ["doc"]) == ("blob-1",)
    assert await kept.segments.find(HERE, ["s1", "s2"]) == ()
    assert await kept.index.near(HERE, packed([1, 0]), 9) == ()
    assert await kept.index.worded(HERE, "leave", 9) == ()


async def test_passages_are_written_read_paged_and_deleted(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    assert await kept.segments.write(HERE, "doc", TWO)
    changed = structs.replace(TWO.segments[0], content="Nobody gets LEAVE.", keywords=("leave",), enabled=False)
    assert await kept.segments.write(HERE, "doc", Written((changed,)))
    assert await kept.segments.find(HERE, ["s2", "x", "s1"]) == (TWO.segments[1], changed)
    for query, page, ids, total in (
        (SegmentQuery(), 1, ["s1"], 2),
        (SegmentQuery(), 2, ["s2"], 2),
        (SegmentQuery("leave"), 1, ["s1"], 1),
        (SegmentQuery(statuses=("waiting",)), 1, [], 0),
        (SegmentQuery(statuses=("waiting", "completed")), 2, ["s2"], 2),
    ):
        found = await kept.segments.page(HERE, "doc", query, page, 1)
        assert ([one.id for one in found.items], found.total) == (ids, total), query
    assert await kept.segments.delete(HERE, "doc", ["s1", "x"]) == 1
    assert await kept.segments.find(HERE, ["s1"]) == ()
    assert not await kept.segments.write(HERE, "unknown", TWO)


async def test_hits_are_counted_and_survive_a_change(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    await finish(kept, HERE, "doc", TWO)
    for _ in range(2):
        await kept.segments.hit(HERE, ["s1", "x"])
    await kept.segments.write(HERE, "doc", Written((TWO.segments[0],)))
    assert [one.hit_count for one in await kept.segments.find(HERE, ["s1", "s2"])] == [2, 0]
    assert (await kept.documents.find(HERE, ["doc"]))[0].hit_count == 2


async def test_parts_of_passages_come_and_go_with_their_nodes(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    parts = (child("c1"), child("c2", position=2, content="Größe"))
    nodes = (node("c1", 1, 0, segment_id="s1"), node("c2", 0, 1, segment_id="s1"))
    await finish(kept, HERE, "doc", Written((segment("s1"),), parts, nodes))
    assert await kept.children.of(HERE, ["s1"]) == parts
    page = await kept.children.page(HERE, "s1", "GRÖSSE", 1, 9)
    assert (page.items, page.total) == (parts[1:], 1)
    changed = child("c1", content="Changed.")
    assert await kept.children.write(HERE, changed, node("c1", 0, 1, segment_id="s1"))
    assert await kept.children.find(HERE, ["c2", "c1"]) == (parts[1], changed)
    assert [one.score for one in await kept.index.near(HERE, packed([0, 1]), 9)] == [1.0, 1.0]
    assert not await kept.children.write(HERE, child("c3", "unknown"), node("c3", 1, segment_id="unknown"))
    assert not await kept.children.delete(HERE, "s2", "c1")
    assert await kept.children.delete(HERE, "s1", "c1")
    assert [one.node_id for one in await kept.index.near(HERE, packed([0, 1]), 9)] == ["c2"]
    await kept.segments.write(HERE, "doc", Written((segment("s1"),)))
    assert await kept.children.of(HERE, ["s1"]) == ()
    assert await kept.index.near(HERE, packed([0, 1]), 9) == ()


async def test_the_nearest_come_first_with_their_cosine(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    await finish(kept, HERE, "doc", TWO)
    found = await kept.index.near(HERE, packed([1, 0]), 9)
    assert [(one.node_id, one.segment_id, one.document_id) for one in found] == [
        ("s1", "s1", "doc"),
        ("s2", "s2", "doc"),
    ]
    assert [one.score for one in found] == pytest.approx([1.0, 0.7071068])
    assert [one.node_id for one in await kept.index.near(HERE, packed([0, 1]), 1)] == ["s2"]
    assert await kept.index.near(HERE, packed([1, 0, 0]), 9) == ()
    assert [one.node_id for one in await kept.index.near(HERE, packed([1, 0]), 9, frozenset({"doc"}))] == ["s1", "s2"]
    assert await kept.index.near(HERE, packed([1, 0]), 9, frozenset({"other"})) == ()


async def test_what_changes_is_found_as_it_is_now(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    await finish(kept, HERE, "doc", TWO)
    assert [one.node_id for one in await kept.index.near(HERE, packed([0, 1]), 1)] == ["s2"]
    turned = Written((TWO.segments[0],), (), (node("s1", 0, 1, text="Nothing of the kind."),))
    assert await kept.segments.write(HERE, "doc", turned)
    assert [one.node_id for one in await kept.index.near(HERE, packed([0, 1]), 9)] == ["s1", "s2"]
    assert await kept.index.worded(HERE, "leave", 9) == ()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("LEAVE", ["s1"]),
        ("图书", ["s2"]),
        ("书馆", ["s2"]),
        ("馆", ["s2"]),
        ("书图", []),
        ("nine leave staff", ["s1", "s2"]),
        ('"', []),
        ('leave" OR dataset : *', ["s1"]),
        ("", []),
        ("NOT NEAR(x)", []),
    ],
)
async def test_words_are_found_in_both_scripts(stores: Storage, query: str, found: list[str]) -> None:
    kept = stores.knowledge
    await shelve(kept)
    await finish(kept, HERE, "doc", TWO)
    assert [one.node_id for one in await kept.index.worded(HERE, query, 9)] == found
    assert [one.node_id for one in await kept.index.worded(HERE, query, 9, frozenset({"doc"}))] == found
    assert await kept.index.worded(HERE, query, 9, frozenset({"other"})) == ()


async def test_what_is_hidden_is_not_found_and_shown_again_it_is(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    await finish(kept, HERE, "doc", TWO)
    done = (await kept.documents.find(HERE, ["doc"]))[0]

    async def both() -> tuple[list[str], list[str]]:
        near, worded = await kept.index.near(HERE, packed([1, 0]), 9), await kept.index.worded(HERE, "leave", 9)
        return [one.node_id for one in near], [one.node_id for one in worded]

    for hidden in (structs.replace(done, enabled=False), structs.replace(done, archived=True)):
        await kept.documents.update(HERE, [hidden])
        assert await both() == ([], [])
        await kept.documents.update(HERE, [done])
        assert await both() == (["s1", "s2"], ["s1"])
    for off in ({"enabled": False}, {"status": "indexing"}):
        await kept.segments.write(HERE, "doc", Written((structs.replace(segment("s1"), **off),), (), TWO.nodes[:1]))
        assert await both() == (["s2"], [])
    await kept.documents.update(HERE, [done], again=True)
    assert await both() == ([], [])


async def test_few_among_many_hidden_are_all_found(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    many = [segment(f"s{number}", position=number) for number in range(300)]
    mixed = tuple(structs.replace(one, enabled=one.position % 50 == 49) for one in many)
    await finish(kept, HERE, "doc", Written(mixed, (), tuple(node(one.id, 1, one.position) for one in many)))
    found = await kept.index.near(HERE, packed([1, 0]), 4)
    assert [one.node_id for one in found] == ["s49", "s99", "s149", "s199"]


async def test_rare_words_count_most_and_so_does_saying_them_much(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    texts = {
        "s1": "tea, tea, house",
        "s2": "the house of tea",
        "s3": "the garden, the door, the wall",
        "s4": "the zebra",
    }
    passages = tuple(segment(one, position=at) for at, one in enumerate(texts))
    nodes = tuple(node(one, text=text) for one, text in texts.items())
    await finish(kept, HERE, "doc", Written(passages, (), nodes))

    async def worded(query: str, limit: int = 9) -> list[str]:
        return [one.node_id for one in await kept.index.worded(HERE, query, limit)]

    assert await worded("the zebra") == ["s4", "s3", "s2"]
    assert await worded("the tea", 1) == ["s2"]
    assert await worded("tea") == ["s1", "s2"]
    assert await worded("x" * 3000) == []


async def test_the_nearest_of_many_are_found_among_those_of_another_dataset(stores: Storage) -> None:
    kept, chance = stores.knowledge, Random(5)  # noqa: S311 -- the same numbers each time
    made = {place: [[chance.gauss(0, 1) for _ in range(24)] for _ in range(400)] for place in (HERE, THERE)}
    for place, vectors in made.items():
        await shelve(kept, place, document(place.tenant, place))
        passages = tuple(segment(f"{place.tenant} {at}", place.tenant, at) for at in range(len(vectors)))
        nodes = tuple(node(one.id, *vectors[one.position]) for one in passages)
        await finish(kept, place, place.tenant, Written(passages, (), nodes))
    right = 0
    for _ in range(20):
        asked = packed([chance.gauss(0, 1) for _ in range(24)])
        alike = {f"{TENANT} {at}": likeness(asked, packed(one)) for at, one in enumerate(made[HERE])}
        found = await kept.index.near(HERE, asked, 10)
        assert [one.score for one in found] == pytest.approx([alike[one.node_id] for one in found], abs=1e-5)
        right += len({one.node_id for one in found} & set(sorted(alike, key=lambda one: -alike[one])[:10]))
    assert right >= 0.95 * 200


async def test_nobody_finds_what_another_tenant_has_written(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    parts = (child("c1"),)
    await finish(kept, HERE, "doc", Written(TWO.segments, parts, TWO.nodes))
    await kept.datasets.create(dataset(THERE))
    for place in (*FOREIGN, THERE):
        assert await kept.documents.find(place, ["doc"]) == ()
        assert (await kept.documents.page(place, DocumentQuery(), 1, 9)).total == 0
        assert not await kept.documents.update(place, [document()])
        assert await kept.documents.delete(place, ["doc"]) is None
        assert await kept.counts.of_documents(place, ["doc"]) == {}
        assert await kept.counts.searchable(place) == ()
        assert not await kept.segments.write(place, "doc", TWO)
        assert await kept.segments.find(place, ["s1"]) == ()
        assert (await kept.segments.page(place, "doc", SegmentQuery(), 1, 9)).total == 0
        assert await kept.segments.delete(place, "doc", ["s1"]) == 0
        await kept.segments.hit(place, ["s1"])
        assert not await kept.children.write(place, child("c1"), node("c1", 1, segment_id="s1"))
        assert await kept.children.find(place, ["c1"]) == ()
        assert await kept.children.of(place, ["s1"]) == ()
        assert (await kept.children.page(place, "s1", "", 1, 9)).total == 0
        assert not await kept.children.delete(place, "s1", "c1")
        assert await kept.index.near(place, packed([1, 0]), 9) == ()
        assert await kept.index.worded(place, "leave", 9) == ()
    for place in FOREIGN:
        assert await kept.documents.add(place, [document("x")]) is None
        assert await kept.counts.of_datasets(place.tenant, [place.dataset_id]) == {}
    assert await kept.segments.find(HERE, ["s1", "s2"]) == TWO.segments
    assert await kept.children.find(HERE, ["c1"]) == parts


async def test_work_is_held_by_one_until_its_time_is_over(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept, HERE, document("a"), document("b"))
    first = await kept.indexing.take("one", 10, 20)
    second = await kept.indexing.take("two", 10, 20)
    assert isinstance(first, Task)
    assert isinstance(second, Task)
    assert (first.place, first.document_id, second.document_id) == (HERE, "a", "b")
    assert await kept.indexing.take("three", 19, 30) is None
    assert await kept.indexing.advance(first, "one", Progress("parsing"), 40)
    assert await kept.indexing.take("two", 11, 20) == second, "its own, again"
    late = await kept.indexing.take("three", 20, 30)
    assert late == second
    assert not await kept.indexing.advance(second, "two", Progress("parsing"), 50)
    assert not await kept.indexing.hold(second, "two", 50)
    assert await kept.indexing.hold(second, "three", 50)
    assert await kept.indexing.take("four", 49, 60) == first
    assert not await kept.indexing.lay_out(second, "two", TWO, Progress("indexing"), 50)
    assert not await kept.indexing.complete(second, "two", TWO, DONE, 50)
    assert await kept.counts.of_documents(HERE, ["b"]) == {"b": SegmentCount()}
    assert [one.progress.status for one in await kept.documents.find(HERE, ["a", "b"])] == ["parsing", "waiting"]


async def test_laying_out_replaces_everything_and_completion_ends_the_work(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    task, worker = await taken(kept, "doc")
    await kept.segments.write(HERE, "doc", Written((segment("old"),), (), (node("old", 1, 0),)))
    waiting = tuple(structs.replace(one, status="waiting") for one in TWO.segments)
    assert await kept.indexing.lay_out(task, worker, Written(waiting), Progress("indexing", words=9), 100)
    assert await kept.segments.find(HERE, ["old", "s1"]) == waiting[:1]
    first = Written(TWO.segments[:1], (), TWO.nodes[:1])
    assert await kept.indexing.complete(task, worker, first, Progress("indexing"), 100)
    assert await kept.counts.of_documents(HERE, ["doc"]) == {"doc": SegmentCount(2, 1)}
    assert await kept.index.near(HERE, packed([1, 0]), 9) == ()
    rest = Written(TWO.segments[1:], (), TWO.nodes[1:])
    assert await kept.indexing.complete(task, worker, rest, DONE, 100)
    assert [one.node_id for one in await kept.index.near(HERE, packed([1, 0]), 9)] == ["s1", "s2"]
    assert not await kept.indexing.advance(task, worker, Progress("indexing"), 100)
    assert await kept.indexing.take("w", 1000, 1001) is None


async def test_a_document_that_is_to_be_begun_anew_is_no_longer_its_workers(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    task, worker = await taken(kept, "doc")
    assert await kept.documents.update(HERE, [document()], again=True)
    assert not await kept.indexing.advance(task, worker, Progress("parsing"), 100)
    assert await kept.indexing.take("next", 0, 1) == task
    await kept.documents.delete(HERE, ["doc"])
    assert not await kept.indexing.advance(task, "next", Progress("parsing"), 100)
