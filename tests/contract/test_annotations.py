"""Answers that a person wrote, kept by app (contract 5.9)."""

from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, app_file, chat_app, key_of

pytestmark = pytest.mark.anyio

PATH = "/v1/apps/annotations"
JOB = {"score_threshold": 0.9, "embedding_provider_name": "openai", "embedding_model_name": "small"}


async def created(door: FrontDoor, question: str = "Why?", answer: str = "Because.") -> dict[str, Any]:
    reply = await door.post(PATH, question=question, answer=answer)
    assert reply.status == 201, reply.body
    return reply.json()


async def listed(door: FrontDoor, **query: object) -> dict[str, Any]:
    reply = await door.get(PATH, **query)
    assert reply.status == 200, reply.body
    return reply.json()


async def update(door: FrontDoor, annotation_id: str, **members: object) -> Reply:
    return await door.request("PUT", f"{PATH}/{annotation_id}", json_body=members)


async def delete(door: FrontDoor, annotation_id: str) -> Reply:
    return await door.request("DELETE", f"{PATH}/{annotation_id}")


def refused(reply: Reply, status: int, code: str) -> bool:
    return (reply.status, reply.json()["code"], reply.json()["status"]) == (status, code, status)


@requirement("annotations:create", "annotations:update", "annotations:delete", "annotations:list")
async def test_an_annotation_is_created_listed_changed_and_deleted(build: Build) -> None:
    place = await build()
    first = await created(place.door, "What is 漢字?", "Ünïcode 🙂")
    assert first.keys() == {"id", "question", "answer", "hit_count", "created_at"}
    assert (first["question"], first["answer"], first["hit_count"]) == ("What is 漢字?", "Ünïcode 🙂", 0)
    assert isinstance(first["created_at"], int)
    assert await listed(place.door) == {"data": [first], "has_more": False, "limit": 20, "total": 1, "page": 1}
    changed = await update(place.door, first["id"].upper(), question="What?", answer="That.")
    assert (changed.status, changed.json()) == (200, {**first, "question": "What?", "answer": "That."})
    assert (await listed(place.door))["data"] == [changed.json()]
    gone = await delete(place.door, first["id"])
    assert (gone.status, gone.body) == (204, b"")
    assert await listed(place.door) == {"data": [], "has_more": False, "limit": 20, "total": 0, "page": 1}


@requirement("annotations:create")
@pytest.mark.parametrize("members", [{}, {"question": "q"}, {"answer": "a"}, {"question": "", "answer": "a"}])
async def test_an_annotation_needs_question_and_answer(build: Build, members: dict[str, object]) -> None:
    place = await build()
    kept = await created(place.door)
    assert refused(await place.door.post(PATH, **members), 400, "invalid_param")
    assert refused(await update(place.door, kept["id"], **members), 400, "invalid_param")
    for wrong in (5, None, ["x"]):
        assert refused(await place.door.post(PATH, question=wrong, answer="a"), 400, "invalid_param")
    assert (await listed(place.door))["data"] == [kept]


@requirement("annotations:list")
async def test_pages_begin_with_the_newest_and_say_whether_there_is_more(build: Build) -> None:
    place = await build()
    kept = [await created(place.door, f"question {number}") for number in range(5)]
    newest_first = list(reversed(kept))
    for page, data, more in ((1, newest_first[:2], True), (2, newest_first[2:4], True), (3, newest_first[4:], False)):
        found = await listed(place.door, page=page, limit=2)
        assert found == {"data": data, "has_more": more, "limit": 2, "total": 5, "page": page}
    assert (await listed(place.door, limit=5))["has_more"] is False
    assert (await listed(place.door, limit=1000))["limit"] == 100
    for query in ({"limit": 0}, {"limit": "x"}, {"page": 0}, {"page": "1.5"}):
        assert refused(await place.door.get(PATH, **query), 400, "invalid_param")


@requirement("annotations:keyword")
async def test_a_keyword_is_found_in_question_and_answer_in_whatever_case(build: Build) -> None:
    place = await build()
    price = await created(place.door, "What is the PRICE?", "100% of it")
    street = await created(place.door, "Where?", "In the Ölstraße")
    for keyword, found in (
        ("price", [price]),
        ("ÖLSTRASSE", [street]),
        ("100%", [price]),
        ("%", [price]),
        ("_", []),
        ("where", [street]),
        ("t", [street, price]),
        ("", [street, price]),
    ):
        page = await listed(place.door, keyword=keyword)
        assert (page["data"], page["total"]) == (found, len(found)), keyword


@requirement("annotations:own")
async def test_another_apps_annotation_is_as_unknown_as_any(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    elsewhere = FrontDoor(place.app, key_of("second"))
    kept = await created(place.door)
    replies = [
        await update(place.door, NOBODY, question="q", answer="a"),
        await update(elsewhere, kept["id"], question="q", answer="a"),
        await delete(place.door, NOBODY),
        await delete(elsewhere, kept["id"]),
    ]
    assert all(refused(reply, 404, "not_found") for reply in replies)
    assert {reply.json()["message"] for reply in replies} == {"Annotation not found"}
    assert refused(await delete(place.door, "abc"), 404, "not_found")
    assert (await listed(elsewhere))["total"] == 0
    assert (await listed(place.door))["data"] == [kept]


@requirement("annotations:reply:members", "annotations:reply:job")
@pytest.mark.parametrize("action", ["enable", "disable"])
async def test_a_reply_job_needs_its_members(build: Build, action: str) -> None:
    place = await build()
    path = f"/v1/apps/annotation-reply/{action}"
    for name in JOB:
        for wrong in ({}, {name: None}, {name: ["x"]}):
            reply = await place.door.post(path, **{key: value for key, value in JOB.items() if key != name} | wrong)
            assert refused(reply, 400, "invalid_param")
            assert reply.json()["params"] == name
    for threshold in (-0.1, 1.1, True, "0.9"):
        assert refused(await place.door.post(path, **JOB | {"score_threshold": threshold}), 400, "invalid_param")
    assert refused(await place.door.get(f"{path}/status/{NOBODY}"), 400, "invalid_param")
    assert refused(await place.door.get(f"{path}/status/abc"), 404, "not_found")
    assert refused(await place.door.post("/v1/apps/annotation-reply/other", **JOB), 404, "not_found")


@requirement("annotations:mode")
async def test_a_completion_app_has_no_annotations(build: Build) -> None:
    place = await build(apps={"first": app_file("completion", prompt_type="simple")})
    for reply in (
        await place.door.get(PATH),
        await place.door.post(PATH, question="q", answer="a"),
        await update(place.door, NOBODY, question="q", answer="a"),
        await delete(place.door, NOBODY),
        await place.door.post("/v1/apps/annotation-reply/enable", **JOB),
    ):
        assert refused(reply, 400, "not_chat_app")
