"""Answers that a person wrote, given in the place of a model (contract 4.5 n, 5.9; check 30)."""

from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.contract.test_annotations import PATH, created, listed, update
from tests.contract.test_moderation import app_of, rule
from tests.front_door import FrontDoor, Reply, until
from tests.houses import Build, Place, app_file, chat_app, key_of, rules

pytestmark = pytest.mark.anyio
REPLY = "/v1/apps/annotation-reply"
MODEL = {"embedding_provider_name": "scripted", "embedding_model_name": "words"}
NEVER = rules({"say": ["The model was asked."]})
ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "total_price": "0", "currency": "USD"}


async def done(door: FrontDoor, action: str, *, threshold: float = 0.9, **model: str) -> dict[str, Any]:
    """A job, as its status is when it is over."""
    reply = await door.post(f"{REPLY}/{action}", score_threshold=threshold, **MODEL | model)
    assert reply.status == 200, reply.body
    job = reply.json()
    assert job.keys() == {"job_id", "job_status"}
    assert job["job_status"] in {"waiting", "processing"}
    found: dict[str, Any] = {}

    async def over() -> bool:
        found.update((await door.get(f"{REPLY}/{action}/status/{job['job_id']}")).json())
        return found["job_status"] in {"completed", "error"}

    await until(over)
    assert found.keys() == {"job_id", "job_status", "error_msg"}
    assert found["job_id"] == job["job_id"]
    return found


async def answering(place: Place, *said: tuple[str, str], threshold: float = 0.9) -> list[dict[str, Any]]:
    kept = [await created(place.door, question, answer) for question, answer in said]
    assert (await done(place.door, "enable", threshold=threshold))["job_status"] == "completed"
    return kept


async def answer(door: FrontDoor, query: str) -> str:
    return "".join(event.get("answer", "") for event in (await door.streamed(query)).events)


async def answers(door: FrontDoor, query: str, wanted: str) -> None:
    """It does so before long: what was changed is taken in beside."""

    async def said() -> bool:
        return await answer(door, query) == wanted

    await until(said)


def metadata_of(reply: Reply) -> dict[str, Any]:
    streamed = reply.headers["content-type"].startswith("text/event-stream")
    return (reply.events[-1] if streamed else reply.json())["metadata"]


@requirement("check:30", "annotations:reply", "annotations:reply:stream")
@pytest.mark.parametrize("mode", ["chat", "agent-chat", "advanced-chat"])
@pytest.mark.parametrize("response_mode", ["streaming", "blocking"])
async def test_an_annotation_answers_in_the_place_of_a_model(build: Build, mode: str, response_mode: str) -> None:
    place = await build(apps={"first": app_of(mode, {})}, models=NEVER, agent_blocking=True)
    text = "At nine.\n\nOn Sunday at ten; 日曜日は十時です。"
    kept, _ = await answering(place, ("When do you open?", text), ("Where are you?", "In Oak Street."))
    reply = await place.door.send("when do you OPEN", response_mode=response_mode, auto_generate_name=False)
    assert reply.status == 200
    metadata = metadata_of(reply)
    assert {name: metadata["usage"][name] for name in ZEROS} == ZEROS
    assert metadata["retriever_resources"] == []
    if mode == "advanced-chat":
        assert "annotation_reply" not in metadata
    else:
        assert metadata["annotation_reply"]["id"] == kept["id"]
        assert metadata["annotation_reply"]["account"].keys() == {"id", "name"}
    if response_mode == "streaming":
        pieces = [event["answer"] for event in reply.events if event["event"] == "message"]
        assert [event["event"] for event in reply.events] == [*["message"] * len(pieces), "message_end"]
        assert "".join(pieces) == text
        assert (len(pieces) == 1) == (mode == "advanced-chat")
    else:
        assert reply.json()["answer"] == text
    conversation = (reply.events[0] if response_mode == "streaming" else reply.json())["conversation_id"]
    page = await place.door.get("/v1/messages", user="ann", conversation_id=conversation)
    [message] = page.json()["data"]
    assert (message["answer"], message["status"], message["agent_thoughts"]) == (text, "normal", [])
    assert "The model was asked." in await answer(place.door, "Who are you?")


@requirement("check:30", "annotations:reply")
async def test_a_question_has_to_be_as_like_as_the_threshold_says(build: Build) -> None:
    place = await build(models=NEVER)
    await answering(place, ("when do you open", "At nine."), threshold=1)
    assert await answer(place.door, "When do you open?") == "At nine."
    assert await answer(place.door, "when do you open today") == "The model was asked."
    await done(place.door, "enable", threshold=0.8)
    assert await answer(place.door, "when do you open today") == "At nine."
    assert await answer(place.door, "when do you sleep today") == "The model was asked."


@requirement("annotations:reply", "about:parameters")
async def test_a_job_switches_it_off_and_on_again(build: Build) -> None:
    place = await build(models=NEVER)

    async def told() -> bool:
        return (await place.door.get("/v1/parameters")).json()["annotation_reply"]["enabled"]

    await created(place.door, "Why?", "Because.")
    assert await answer(place.door, "Why?") == "The model was asked."
    for action, said in (("enable", "Because."), ("disable", "The model was asked."), ("enable", "Because.")):
        assert (await done(place.door, action))["error_msg"] == ""
        assert await told() == (action == "enable")
        assert await answer(place.door, "Why?") == said


@requirement("annotations:reply", "annotations:reply:job")
async def test_a_job_that_cannot_be_done_says_why_and_another_apps_is_unknown(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()}, embedding="scripted", models=NEVER)
    await created(place.door, "Why?", "Because.")
    failed = await done(place.door, "enable", embedding_provider_name="nobody")
    assert failed["job_status"] == "error"
    assert "nobody" in failed["error_msg"]
    assert await answer(place.door, "Why?") == "The model was asked."
    job = failed["job_id"]
    elsewhere = FrontDoor(place.app, key_of("second"))
    for reply in (
        await elsewhere.get(f"{REPLY}/enable/status/{job}"),
        await place.door.get(f"{REPLY}/disable/status/{job}"),
    ):
        assert (reply.status, reply.json()["code"]) == (400, "invalid_param")


@requirement("annotations:reply:step")
async def test_what_is_created_changed_or_deleted_counts_from_then_on(build: Build) -> None:
    place = await build(models=NEVER)
    await answering(place)
    kept = await created(place.door, "Why?", "Because.")
    await answers(place.door, "Why?", "Because.")
    assert (await update(place.door, kept["id"], question="Why?", answer="Just so.")).status == 200
    assert await answer(place.door, "Why?") == "Just so."
    assert (await update(place.door, kept["id"], question="Where then?", answer="Here.")).status == 200
    assert await answer(place.door, "Why?") == "The model was asked."
    await answers(place.door, "Where then?", "Here.")
    await place.door.request("DELETE", f"{PATH}/{kept['id']}")
    assert await answer(place.door, "Where then?") == "The model was asked."


@requirement("annotations:hits")
async def test_each_answer_is_counted_and_listed(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()}, models=NEVER)
    kept, _ = await answering(place, ("Why?", "Because."), ("Where?", "Here."))
    for query in ("why", "WHY?"):
        await answer(place.door, query)
    [_, first] = (await listed(place.door))["data"]
    assert (first["id"], first["hit_count"]) == (kept["id"], 2)
    page = (await place.door.get(f"{PATH}/{kept['id']}/hit-histories", limit=1)).json()
    assert (page["total"], page["has_more"], page["page"], page["limit"]) == (2, True, 1, 1)
    [use] = page["data"]
    assert use.keys() == {"id", "source", "score", "question", "created_at", "match", "response"}
    assert (use["question"], use["match"], use["response"], use["score"]) == ("WHY?", "Why?", "Because.", 1.0)
    foreign = await FrontDoor(place.app, key_of("second")).get(f"{PATH}/{kept['id']}/hit-histories")
    assert (foreign.status, foreign.json()["message"]) == (404, "Annotation not found")


@requirement("annotations:reply:order")
async def test_what_is_not_let_through_is_answered_by_no_annotation(build: Build) -> None:
    place = await build(apps={"first": chat_app(**rule(inputs=True))}, models=NEVER)
    kept, _ = await answering(place, ("Where is the secret?", "Here."), ("Where?", "There."))
    assert await answer(place.door, "Where is the secret?") == "I cannot share that."
    assert await answer(place.door, "Where?") == "There."
    assert (await listed(place.door))["data"][1] == kept


@requirement("annotations:reply:file")
async def test_an_apps_file_switches_it_on_and_the_api_has_the_last_word(build: Build) -> None:
    said = {"enabled": True, "score_threshold": 0.9, "embedding_model": MODEL}
    place = await build(apps={"first": chat_app(annotation_reply=said), "write": app_file("completion")}, models=NEVER)
    await created(place.door, "Why?", "Because.")
    await answers(place.door, "Why?", "Because.")
    assert (await place.door.get("/v1/parameters")).json()["annotation_reply"] == {"enabled": True}
    await done(place.door, "disable")
    await place.house.replies.follow(place.house.catalogue.all())
    assert await answer(place.door, "Why?") == "The model was asked."
    changed = chat_app(annotation_reply=said | {"score_threshold": 0.5})
    await place.house.catalogue.publish(changed, "first")
    await place.house.replies.follow(place.house.catalogue.all())
    place.house.knowledge.editing.wake()
    await answers(place.door, "Why?", "Because.")
    await place.house.catalogue.publish(chat_app(), "first")
    await place.house.replies.follow(place.house.catalogue.all())
    place.house.knowledge.editing.wake()
    await answers(place.door, "Why?", "The model was asked.")


@requirement("annotations:reply")
async def test_an_answer_is_part_of_what_the_model_knows_next(build: Build) -> None:
    place = await build(models=rules({"match": "and then", "say": ["<{prompt}>"]}))
    await answering(place, ("Why?", "Because."))
    first = (await place.door.send("Why?")).json()
    second = (await place.door.send("and then?", conversation_id=first["conversation_id"])).json()
    assert "Because." in second["answer"]
