"""What can be said of documents, what is said, and searches by it; the models that datasets can be given."""

import pytest

from tests.contract.requirements import requirement
from tests.contract.shelving import Body, desk, found, paper, papers, shelf
from tests.contract.test_dataset_routes import refused
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build

pytestmark = pytest.mark.anyio

BUILT_IN = ["document_name", "uploader", "upload_date", "last_update_date", "source"]


def path_of(dataset: Body) -> str:
    return f"/v1/datasets/{dataset['id']}/metadata"


async def field(door: FrontDoor, dataset: Body, name: str, kind: str = "string") -> str:
    reply = await door.post(path_of(dataset), name=name, type=kind)
    assert reply.status == 201, reply.body
    assert {**reply.json(), "id": ""} == {"id": "", "name": name, "type": kind}
    return reply.json()["id"]


async def say(door: FrontDoor, dataset: Body, document: Body, values: dict[str, object], **members: object) -> Reply:
    said = [{"id": one, "name": "x", "value": value} for one, value in values.items()]
    operation = {"document_id": document["id"], "metadata_list": said, **members}
    return await door.post(f"{papers(dataset)}/metadata", operation_data=[operation])


async def told(door: FrontDoor, dataset: Body, document: Body) -> dict[str, object]:
    shown = (await door.get(f"{papers(dataset)}/{document['id']}", metadata="only")).json()
    return {one["name"]: one["value"] for one in shown["doc_metadata"]}


@requirement("metadata:values")
async def test_of_several_documents_all_are_filled_or_none(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    document, other = await paper(door, dataset), await paper(door, dataset, "Owls hunt.")
    who = await field(door, dataset, "who")
    said = [{"id": who, "name": "who", "value": "Ada"}]
    unknown = [{"id": NOBODY, "name": "x", "value": "y"}]
    for refused_later in (
        {"document_id": other["id"], "metadata_list": unknown, "partial_update": True},
        {"document_id": NOBODY, "metadata_list": said, "partial_update": True},
    ):
        operations = [{"document_id": document["id"], "metadata_list": said}, refused_later]
        reply = await door.post(f"{papers(dataset)}/metadata", operation_data=operations)
        assert refused(reply, 400, "invalid_param", "operation_data")
        assert await told(door, dataset, document) == {}


@requirement("metadata:fields", "metadata:values")
async def test_fields_are_made_filled_counted_renamed_and_deleted(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    document, other = await paper(door, dataset), await paper(door, dataset, "Owls hunt.")
    who, age = await field(door, dataset, "who"), await field(door, dataset, "age", "number")
    assert (await say(door, dataset, document, {who: "Ada", age: "36.5"})).json() == {"result": "success"}
    assert await told(door, dataset, document) == {"who": "Ada", "age": 36.5}
    assert (await say(door, dataset, document, {age: 37}, partial_update=True)).status == 200
    assert await told(door, dataset, document) == {"who": "Ada", "age": 37}
    assert (await say(door, dataset, document, {who: None})).status == 200
    assert await told(door, dataset, document) == {"who": None}
    await say(door, dataset, other, {who: "Bob", age: 5})
    listed = (await door.get(path_of(dataset))).json()
    assert listed == {
        "doc_metadata": [
            {"id": who, "name": "who", "type": "string", "count": 2},
            {"id": age, "name": "age", "type": "number", "count": 1},
        ],
        "built_in_field_enabled": False,
    }
    renamed = await door.request("PATCH", f"{path_of(dataset)}/{who}", json_body={"name": "author"})
    assert renamed.json() == {"id": who, "name": "author", "type": "string"}
    assert await told(door, dataset, other) == {"author": "Bob", "age": 5}
    assert (await door.request("DELETE", f"{path_of(dataset)}/{age}")).status == 204
    assert await told(door, dataset, other) == {"author": "Bob"}
    for method, body in (("DELETE", None), ("PATCH", {"name": "x"})):
        assert refused(await door.request(method, f"{path_of(dataset)}/{age}", json_body=body), 404, "not_found")
    shown = (await door.get(f"/v1/datasets/{dataset['id']}")).json()
    assert shown["doc_metadata"] == [{"id": who, "name": "author", "type": "string"}]


@requirement("metadata:name")
async def test_a_name_is_taken_once(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    await field(door, dataset, "who")
    age = await field(door, dataset, "age")
    for name in ("who", *BUILT_IN):
        assert (await door.post(path_of(dataset), name=name, type="string")).json()["code"] == "invalid_param"
        again = await door.request("PATCH", f"{path_of(dataset)}/{age}", json_body={"name": name})
        assert (again.status, again.json()["code"]) == (400, "invalid_param")
    for name in ("", "x" * 256):
        assert refused(await door.post(path_of(dataset), name=name, type="string"), 400, "invalid_param", "name")
    assert refused(await door.post(path_of(dataset), name="x", type="list"), 400, "invalid_param", "type")


@requirement("metadata:built-in")
async def test_what_is_known_anyway_is_listed_told_and_searched(build: Build) -> None:
    door = desk(await build(fixed=True))
    dataset = await shelf(door)
    document = await paper(door, dataset, name="leave.txt")
    listed = (await door.get(f"{path_of(dataset)}/built-in")).json()["fields"]
    assert [one["name"] for one in listed] == BUILT_IN
    assert await told(door, dataset, document) == {}
    assert (await door.request("POST", f"{path_of(dataset)}/built-in/enable")).json() == {"result": "success"}
    assert (await door.get(path_of(dataset))).json()["built_in_field_enabled"] is True
    assert await told(door, dataset, document) == {
        "document_name": "leave.txt",
        "uploader": "acme",
        "upload_date": 1767000000,
        "last_update_date": 1767000000,
        "source": "file_upload",
    }
    for name, value, count in (
        ("document_name", "leave.txt", 3),
        ("document_name", "other", 0),
        ("uploader", "acme", 3),
        ("uploader", "umbrella", 0),
    ):
        condition = {"name": name, "comparison_operator": "is", "value": value}
        passages = await found(door, dataset, "leave", metadata_filtering_conditions={"conditions": [condition]})
        assert len(passages) == count
    assert (await door.request("POST", f"{path_of(dataset)}/built-in/disable")).status == 200
    assert await told(door, dataset, document) == {}
    assert refused(await door.request("POST", f"{path_of(dataset)}/built-in/burn"), 400, "invalid_action")


@requirement("metadata:values")
async def test_what_cannot_be_said_is_refused_and_changes_nothing(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    document = await paper(door, dataset)
    age = await field(door, dataset, "age", "number")
    await say(door, dataset, document, {age: 1})
    for reply in (
        await say(door, dataset, document, {age: "old"}),
        await say(door, dataset, document, {age: "nan"}),
        await say(door, dataset, document, {NOBODY: 1}),
        await say(door, dataset, {"id": NOBODY}, {age: 2}),
        await say(door, dataset, document, {age: [1]}),
    ):
        assert refused(reply, 400, "invalid_param", "operation_data"), reply.body
    assert await told(door, dataset, document) == {"age": 1}


@requirement("retrieve:found", "retrieve:settings")
async def test_a_search_finds_passages_the_best_first_as_it_is_set(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    document = await paper(door, dataset)
    who = await field(door, dataset, "who")
    await say(door, dataset, document, {who: "Ada"})
    path = f"/v1/datasets/{dataset['id']}/retrieve"
    reply = (await door.post(path, query="twenty days of leave")).json()
    assert reply["query"] == {"content": "twenty days of leave"}
    best, scores = reply["records"][0], [record["score"] for record in reply["records"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert best["segment"]["content"].startswith("Staff get twenty days")
    assert (best["segment"]["hit_count"], best["segment"]["document_id"]) == (1, document["id"])
    assert best["segment"]["document"] == {
        "id": document["id"],
        "data_source_type": "upload_file",
        "name": "leave.txt",
        "doc_type": None,
        "doc_metadata": {"who": "Ada"},
    }
    model = {"search_method": "keyword_search", "top_k": 1, "score_threshold_enabled": True, "score_threshold": 0.0}
    for method in ("keyword_search", "semantic_search", "full_text_search", "hybrid_search"):
        assert len(await found(door, dataset, "leave office", **{**model, "search_method": method})) == 1
    assert (
        await found(door, dataset, "leave", **{**model, "score_threshold": 1.0, "search_method": "semantic_search"})
        == []
    )
    for operator, value, some in (("is", "Ada", True), ("is", "Bob", False), ("!=", 3, False), ("in", ["Ada"], True)):
        condition = {"name": "who", "comparison_operator": operator, "value": value}
        conditions = {"logical_operator": "or", "conditions": [condition]}
        assert bool(await found(door, dataset, "leave", metadata_filtering_conditions=conditions)) == some
    assert (await door.get(f"{papers(dataset)}/{document['id']}")).json()["hit_count"] > 3


@requirement("retrieve:uninitialized", "retrieve:invalid")
async def test_a_search_that_cannot_be_is_refused(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    path = f"/v1/datasets/{dataset['id']}/retrieve"
    assert refused(await door.post(path, query="x"), 400, "dataset_not_initialized")
    await paper(door, dataset)
    assert refused(await door.post(path, query="x" * 251), 400, "invalid_param", "query")
    assert refused(await door.post(path), 400, "invalid_param", "query")
    assert (await door.post(path, query=" ")).json()["records"] == []


@requirement("models:list")
async def test_models_are_listed_by_their_type(build: Build) -> None:
    door = desk(await build())
    path = "/v1/workspaces/current/models/model-types"
    [provider] = (await door.get(f"{path}/text-embedding")).json()["data"]
    assert (provider["provider"], provider["status"]) == ("scripted", "active")
    assert [(one["model"], one["model_type"]) for one in provider["models"]] == [("words", "text-embedding")]
    for kind in ("rerank", "llm", "tts", "speech2text", "moderation"):
        assert (await door.get(f"{path}/{kind}")).json() == {"data": []}
    assert refused(await door.get(f"{path}/owls"), 400, "invalid_param", "model_type")
