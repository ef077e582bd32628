"""Datasets as clients see them: made, listed, changed, deleted, and whose key opens them."""

import pytest

from tests.contract.requirements import requirement
from tests.contract.shelving import desk, shelf
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, key_of, knowledge_key

pytestmark = pytest.mark.anyio


def refused(reply: Reply, status: int, code: str, params: str | None = None) -> bool:
    body = reply.json()
    return (reply.status, body["code"], body["status"], body.get("params")) == (status, code, status, params)


async def names(door: FrontDoor, **query: object) -> list[str]:
    return [one["name"] for one in (await door.get("/v1/datasets", **query)).json()["data"]]


@requirement("knowledge:key", "auth:key:wrong-kind")
async def test_a_knowledge_key_opens_datasets_and_an_apps_key_does_not(build: Build) -> None:
    place = await build()
    for path in ("/v1/datasets", "/v1/datasets/tags", f"/v1/datasets/{NOBODY}", "/v1/datasets/abc"):
        for key in (key_of("first"), "dataset-nobody", ""):
            assert refused(await place.door.request("GET", path, key=key), 401, "unauthorized")
    assert (await place.door.request("GET", "/v1/datasets", key=knowledge_key("acme"))).status == 200
    assert refused(await place.door.request("GET", "/v1/info", key=knowledge_key("acme")), 401, "unauthorized")


@requirement("datasets:create")
async def test_a_dataset_is_made_of_a_name_alone_and_looked_at(build: Build) -> None:
    door = desk(await build(fixed=True))
    made = await shelf(door, "Größe 漢字")
    assert (await door.get(f"/v1/datasets/{made['id']}")).json() == made
    assert (made["name"], made["permission"], made["provider"]) == ("Größe 漢字", "only_me", "vendor")
    assert (made["created_at"], made["indexing_technique"], made["doc_form"]) == (1767000000, None, "text_model")
    assert made["retrieval_model_dict"] == {
        "search_method": "semantic_search",
        "reranking_enable": False,
        "reranking_mode": None,
        "reranking_model": {"reranking_provider_name": "", "reranking_model_name": ""},
        "weights": None,
        "top_k": 4,
        "score_threshold_enabled": False,
        "score_threshold": None,
    }


RETRIEVAL = {
    "search_method": "hybrid_search",
    "reranking_enable": True,
    "reranking_mode": "weighted_score",
    "reranking_model": {"reranking_provider_name": "a/b/c", "reranking_model_name": "r"},
    "weights": {
        "weight_type": "keyword_first",
        "vector_setting": {"vector_weight": 0.2, "embedding_provider_name": "p", "embedding_model_name": "m"},
        "keyword_setting": {"keyword_weight": 0.8},
    },
    "top_k": 7,
    "score_threshold_enabled": True,
    "score_threshold": 0.25,
}
SUMMARY = {"enable": True, "model_name": "m", "model_provider_name": "p", "summary_prompt": "Sum up."}


@requirement("datasets:create", "datasets:update")
async def test_all_that_is_said_of_a_dataset_is_shown_again_and_changed_one_by_one(build: Build) -> None:
    door = desk(await build())
    made = await shelf(
        door,
        description="All that we know",
        indexing_technique="high_quality",
        permission="all_team_members",
        embedding_model="words",
        embedding_model_provider="a/b/trial",
        retrieval_model=RETRIEVAL,
        summary_index_setting=SUMMARY,
    )
    assert (made["retrieval_model_dict"], made["summary_index_setting"]) == (RETRIEVAL, SUMMARY)
    assert (made["embedding_model"], made["embedding_model_provider"]) == ("words", "a/b/trial")
    changes = {
        "name": "New",
        "description": "",
        "permission": "partial_members",
        "retrieval_model": {**RETRIEVAL, "top_k": 1},
        "embedding_model": "others",
        "indexing_technique": "economy",
    }
    told = expected = made
    for name, value in changes.items():
        change = {name: value, "partial_member_list": [{"user_id": "u"}, "v"]}
        reply = await door.request("PATCH", f"/v1/datasets/{made['id']}", json_body=change)
        shown = "retrieval_model_dict" if name == "retrieval_model" else name
        expected = {**expected, shown: value, "partial_member_list": ["u", "v"]}
        told = reply.json()
        assert told["updated_at"] >= made["updated_at"]
        assert {**told, "updated_at": made["updated_at"]} == expected
    assert (await door.get(f"/v1/datasets/{made['id']}")).json() == told


@requirement("datasets:name")
async def test_a_name_is_given_once_for_each_tenant(build: Build) -> None:
    place = await build()
    ours, theirs = desk(place), desk(place, "umbrella")
    await shelf(ours, "One")
    two = await shelf(ours, "Two")
    await shelf(theirs, "One")
    assert refused(await ours.post("/v1/datasets", name="One"), 409, "dataset_name_duplicate")
    again = await ours.request("PATCH", f"/v1/datasets/{two['id']}", json_body={"name": "One"})
    assert refused(again, 409, "dataset_name_duplicate")
    assert sorted(await names(ours)) == ["One", "Two"]


@requirement("datasets:list")
async def test_the_list_is_paged_searched_and_filtered_by_tags(build: Build) -> None:
    door = desk(await build())
    made = [await shelf(door, name) for name in ("Straße", "two", "three")]
    tags = [(await door.post("/v1/datasets/tags", name=name)).json()["id"] for name in ("red", "blue")]
    for tag, dataset in zip(tags, made, strict=False):
        await door.post("/v1/datasets/tags/binding", tag_ids=[tag], target_id=dataset["id"])
    first = (await door.get("/v1/datasets", limit=2)).json()
    assert [one["name"] for one in first["data"]] == ["three", "two"]
    assert {name: first[name] for name in ("has_more", "limit", "total", "page")} == {
        "has_more": True,
        "limit": 2,
        "total": 3,
        "page": 1,
    }
    assert first["data"][1]["tags"] == [{"id": tags[1], "name": "blue", "type": "knowledge"}]
    assert await names(door, limit=2, page=2) == ["Straße"]
    assert await names(door, keyword="STRASSE") == ["Straße"]
    both = await door.request("GET", "/v1/datasets", query=f"tag_ids={tags[0]}&tag_ids={tags[1]}".encode())
    assert [one["name"] for one in both.json()["data"]] == ["two", "Straße"]
    assert await names(door, tag_ids=NOBODY) == []
    assert (await door.get("/v1/datasets", limit=1000, page="", include_all="true")).json()["limit"] == 100


@requirement("datasets:delete")
async def test_a_deleted_dataset_is_gone(build: Build) -> None:
    door = desk(await build())
    made = await shelf(door)
    path = f"/v1/datasets/{made['id']}"
    gone = await door.request("DELETE", path)
    assert (gone.status, gone.body) == (204, b"")
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})):
        assert refused(await door.request(method, path, json_body=body), 404, "not_found")
    assert await names(door) == []
    await shelf(door)


@requirement("datasets:model")
async def test_a_model_that_nobody_has_is_refused_and_told(build: Build) -> None:
    door = desk(await build(embedding="openai"))
    reply = await door.post("/v1/datasets", name="x", indexing_technique="high_quality", embedding_model="m")
    assert refused(reply, 400, "invalid_param", "embedding_model")
    assert "No Embedding Model available" in reply.json()["message"]
    plain, economy = await shelf(door, "plain"), await shelf(door, "economy", indexing_technique="economy")
    assert (plain["embedding_available"], economy["embedding_available"]) == (False, True)
    change = {"indexing_technique": "high_quality"}
    changed = await door.request("PATCH", f"/v1/datasets/{plain['id']}", json_body=change)
    assert refused(changed, 400, "invalid_param", "embedding_model")


@requirement("datasets:external")
async def test_knowledge_of_somebody_elses_is_named_shown_and_changed(build: Build) -> None:
    door = desk(await build())
    where = {"external_knowledge_id": "k", "external_knowledge_api_id": "a"}
    for missing in where:
        some = {name: value for name, value in where.items() if name != missing}
        reply = await door.post("/v1/datasets", name="x", provider="external", **some)
        assert refused(reply, 400, "invalid_param", missing)
    made = await shelf(door, provider="external", **where)
    assert made["provider"] == "external"
    assert where.items() <= made["external_knowledge_info"].items()
    change = {
        "external_knowledge_id": "k2",
        "external_retrieval_model": {"top_k": 2, "score_threshold": 0.5, "score_threshold_enabled": True},
    }
    told = (await door.request("PATCH", f"/v1/datasets/{made['id']}", json_body=change)).json()
    assert told["external_knowledge_info"]["external_knowledge_id"] == "k2"
    assert told["external_retrieval_model"] == change["external_retrieval_model"]


@requirement("datasets:invalid")
@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "description": "x" * 401}, "description"),
        ({"name": "x", "permission": "anyone"}, "permission"),
        ({"name": "x", "retrieval_model": {"top_k": 0}}, "retrieval_model.top_k"),
        ({"name": "x", "retrieval_model": {"score_threshold": "nan"}}, "retrieval_model.score_threshold"),
        ({"name": "x", "retrieval_model": []}, "retrieval_model"),
    ],
)
async def test_what_cannot_be_read_is_refused_and_named(build: Build, body: dict[str, object], member: str) -> None:
    door = desk(await build())
    reply = await door.post("/v1/datasets", **body)
    assert refused(reply, 400, "invalid_param", member)
    assert reply.json()["message"].startswith(f"{member}: ")


@requirement("datasets:invalid")
@pytest.mark.parametrize("query", [{"page": 0}, {"page": "x"}, {"limit": 0}, {"limit": "1.5"}, {"page": 10**10}])
async def test_a_page_that_is_none_is_refused(build: Build, query: dict[str, object]) -> None:
    door = desk(await build())
    assert refused(await door.get("/v1/datasets", **query), 400, "invalid_param", next(iter(query)))
