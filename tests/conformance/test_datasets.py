"""What the ports of datasets, tags and fields promise, on every store."""

import pytest
from msgspec import structs

from parlour.domain.dataset import (
    Condition,
    DatasetQuery,
    Filter,
    MetadataField,
    ModelName,
    Place,
    RetrievalSettings,
    Tag,
    Weights,
)
from parlour.domain.problems import DatasetNameDuplicate, InvalidParam
from parlour.wiring import Storage
from tests.conformance.knowledge_samples import FOREIGN, HERE, OTHER, TENANT, THERE, dataset, document, shelve

pytestmark = pytest.mark.anyio


async def test_a_dataset_reads_back_as_it_was_written(stores: Storage) -> None:
    filtered = Filter((Condition("age", ">", 3.0), Condition("who", "in", ("a", "b"))), every=False)
    settings = RetrievalSettings("hybrid_search", 7, 0.5, reranking=True, weights=Weights(), filter=filtered)
    written = structs.replace(dataset(), retrieval=settings, embedding=ModelName("local", "e5"), members=("a",))
    await stores.knowledge.datasets.create(written)
    assert await stores.knowledge.datasets.find(HERE) == written
    changed = structs.replace(written, name="Other", technique="economy")
    assert await stores.knowledge.datasets.update(changed)
    assert await stores.knowledge.datasets.find(HERE) == changed


async def test_nobody_finds_changes_or_deletes_another_tenants_dataset(stores: Storage) -> None:
    kept = stores.knowledge.datasets
    await kept.create(dataset())
    for place in FOREIGN:
        assert await kept.find(place) is None
        assert not await kept.update(structs.replace(dataset(place), name="mine"))
        assert await kept.delete(place) is None
    assert (await kept.page(OTHER, DatasetQuery(), 1, 20)).total == 0
    assert await kept.find(HERE) == dataset()


async def test_a_name_is_free_once_for_each_tenant(stores: Storage) -> None:
    kept = stores.knowledge.datasets
    await kept.create(dataset())
    await kept.create(dataset(THERE))
    second = dataset(Place(TENANT, "d3"), "Other")
    with pytest.raises(DatasetNameDuplicate):
        await kept.create(structs.replace(second, name=dataset().name))
    await kept.create(second)
    with pytest.raises(DatasetNameDuplicate):
        await kept.update(structs.replace(second, name=dataset().name))
    assert await kept.update(second)


async def test_pages_begin_with_the_newest_and_hold_what_was_asked_for(stores: Storage) -> None:
    kept = stores.knowledge
    for number, (name, at) in enumerate([("Größe", 5.0), ("b", 7.0), ("c", 7.0), ("d", 6.0)]):
        await kept.datasets.create(dataset(Place(TENANT, f"{number}"), name, at))
    await kept.tags.create(Tag("t1", TENANT, "red", 1.0))
    assert await kept.bindings.bind(Place(TENANT, "1"), ["t1"], bound=True)
    for query, page, ids, total in (
        (DatasetQuery(), 1, ["2", "1", "3"], 4),
        (DatasetQuery(), 2, ["0"], 4),
        (DatasetQuery("GRÖSSE"), 1, ["0"], 1),
        (DatasetQuery(name="b"), 1, ["1"], 1),
        (DatasetQuery(name="B"), 1, [], 0),
        (DatasetQuery("%"), 1, [], 0),
        (DatasetQuery(tags=("t1", "t2")), 1, ["1"], 1),
        (DatasetQuery(tags=("t2",)), 1, [], 0),
    ):
        found = await kept.datasets.page(TENANT, query, page, 3)
        assert ([one.id for one in found.items], found.total) == (ids, total), query


async def test_a_deleted_dataset_takes_everything_with_it_and_names_its_blobs(stores: Storage) -> None:
    kept = stores.knowledge
    source = structs.replace(document().source, blob="blob-1")
    await shelve(kept, HERE, structs.replace(document(), source=source), document("second"))
    await kept.tags.create(Tag("t1", TENANT, "red", 1.0))
    await kept.bindings.bind(HERE, ["t1"], bound=True)
    await kept.fields.create(HERE, MetadataField("f1", "who", "string"))
    assert await kept.datasets.delete(HERE) == ("blob-1",)
    assert await kept.datasets.delete(HERE) is None
    assert await kept.documents.find(HERE, ["doc"]) == ()
    assert await kept.indexing.take("w", 0, 1) is None
    assert (await kept.tags.all(TENANT))[0].datasets == 0


async def test_tags_are_bound_counted_renamed_and_deleted(stores: Storage) -> None:
    kept = stores.knowledge
    await kept.datasets.create(dataset())
    for number, name in enumerate(["red", "blue"]):
        await kept.tags.create(Tag(f"t{number}", TENANT, name, float(number)))
    assert await kept.bindings.bind(HERE, ["t0", "t1"], bound=True)
    assert await kept.bindings.bind(HERE, ["t0"], bound=True)
    assert [(tag.name, tag.datasets) for tag in await kept.tags.all(TENANT)] == [("blue", 1), ("red", 1)]
    assert {
        one: [tag.name for tag in tags] for one, tags in (await kept.bindings.of(TENANT, [HERE.dataset_id])).items()
    } == {HERE.dataset_id: ["blue", "red"]}
    assert await kept.bindings.bind(HERE, ["t0", "unknown"], bound=False)
    assert await kept.tags.rename(TENANT, "t1", "green") == Tag("t1", TENANT, "green", 1.0, 1)
    assert await kept.tags.delete(TENANT, "t1")
    assert not await kept.tags.delete(TENANT, "t1")
    assert await kept.bindings.of(TENANT, [HERE.dataset_id]) == {}


async def test_the_name_of_a_tag_is_free_once_for_each_tenant(stores: Storage) -> None:
    kept = stores.knowledge.tags
    for number, (tenant, name) in enumerate([(TENANT, "red"), (TENANT, "blue"), (OTHER, "red")]):
        await kept.create(Tag(f"t{number}", tenant, name, 1.0))
    with pytest.raises(InvalidParam):
        await kept.create(Tag("t3", TENANT, "red", 1.0))
    with pytest.raises(InvalidParam):
        await kept.rename(TENANT, "t1", "red")
    assert await kept.rename(TENANT, "t0", "red") == Tag("t0", TENANT, "red", 1.0)
    assert [tag.name for tag in await kept.all(TENANT)] == ["blue", "red"]


async def test_tags_of_one_tenant_are_not_there_for_another(stores: Storage) -> None:
    kept = stores.knowledge
    await kept.datasets.create(dataset())
    await kept.datasets.create(dataset(THERE))
    await kept.tags.create(Tag("t0", TENANT, "red", 1.0))
    assert await kept.tags.all(OTHER) == ()
    assert await kept.tags.rename(OTHER, "t0", "mine") is None
    assert not await kept.tags.delete(OTHER, "t0")
    assert not await kept.bindings.bind(THERE, ["t0"], bound=True)
    assert not await kept.bindings.bind(Place(OTHER, HERE.dataset_id), ["t0"], bound=True)
    assert await kept.bindings.bind(HERE, ["t0"], bound=True)
    assert not await kept.bindings.bind(Place(OTHER, HERE.dataset_id), ["t0"], bound=False)
    assert await kept.bindings.of(OTHER, [HERE.dataset_id]) == {}
    assert await kept.tags.all(TENANT) == (Tag("t0", TENANT, "red", 1.0, 1),)


async def test_fields_are_counted_renamed_and_deleted_in_the_documents_as_well(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    who, age = MetadataField("f1", "who", "string"), MetadataField("f2", "age", "number")
    for field in (who, age, MetadataField("f3", "when", "time")):
        assert await kept.fields.create(HERE, field)
    with pytest.raises(InvalidParam):
        await kept.fields.create(HERE, MetadataField("f4", "who", "string"))
    with pytest.raises(InvalidParam):
        await kept.fields.rename(HERE, "f1", "age")
    assert [(field.name, field.documents) for field in await kept.fields.all(HERE, counted=True)] == [
        ("who", 1),
        ("age", 1),
        ("when", 0),
    ]
    assert await kept.fields.rename(HERE, "f1", "name") == MetadataField("f1", "name", "string", 1)
    assert await kept.fields.delete(HERE, "f2") == MetadataField("f2", "age", "number", 1)
    assert await kept.fields.delete(HERE, "f2") is None
    assert (await kept.documents.find(HERE, ["doc"]))[0].metadata == {"name": "Ada"}


async def test_values_are_given_to_all_documents_or_to_none(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept, HERE, document("a"), document("b"))
    assert not await kept.fields.fill(HERE, {"a": {"who": "Bob"}, "c": {"who": "Bob"}}, {"a", "c"})
    assert await kept.fields.fill(HERE, {"a": {"who": "Bob"}, "b": {"new": None}}, {"a", "b"})
    assert [one.metadata for one in await kept.documents.find(HERE, ["a", "b"])] == [
        {"age": 3.0, "who": "Bob"},
        {"age": 3.0, "who": "Ada", "new": None},
    ]
    assert await kept.fields.fill(HERE, {"a": {"who": "Eve"}})
    assert (await kept.documents.find(HERE, ["a"]))[0].metadata == {"who": "Eve"}


async def test_fields_and_values_of_one_tenant_are_not_there_for_another(stores: Storage) -> None:
    kept = stores.knowledge
    await shelve(kept)
    await kept.fields.create(HERE, MetadataField("f1", "who", "string"))
    for place in FOREIGN:
        assert await kept.fields.all(place) == ()
        assert not await kept.fields.create(place, MetadataField("f9", "x", "string"))
        assert await kept.fields.rename(place, "f1", "mine") is None
        assert await kept.fields.delete(place, "f1") is None
        assert not await kept.fields.fill(place, {"doc": {"who": "Eve"}}, {"doc"})
    assert await kept.fields.all(HERE, counted=True) == (MetadataField("f1", "who", "string", 1),)
    assert await kept.fields.all(HERE) == (MetadataField("f1", "who", "string"),)
