"""Suggested questions: what the user may want to ask next (contract 5.2)."""

import asyncio
from typing import Any, cast

import pytest
from anyio import fail_after

from parlour.domain.trace import origin
from parlour.domain.turn import Exchange
from parlour.llm.title import title
from parlour.ports import Ports
from parlour.runs.asides import Asides
from tests.contract.flow_samples import chatflow_file
from tests.contract.requirements import requirement
from tests.flow.model_samples import Listening
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build, app_file, chat_app, key_of, rules

pytestmark = pytest.mark.anyio

ON = chat_app(suggested_questions_after_answer={"enabled": True})
THREE = ["What now?", "Wie bitte?", "为什么?"]
SUGGEST: dict[str, Any] = {"purpose": "suggest", "say": ['["What now?", ', '"Wie bitte?", "为什么?"]']}
MODEL = {"provider": "langgenius/openai/openai", "name": "small", "completion_params": {"temperature": 1}}
SMALL = {"suggested_questions_after_answer": {"enabled": True, "model": MODEL, "prompt": "Only about owls."}}


async def ask(door: FrontDoor, message: str, user: str = "ann") -> tuple[int, Any]:
    reply = await door.get(f"/v1/messages/{message}/suggested", user=user)
    return reply.status, reply.json()


async def said(door: FrontDoor, query: str = "hi", **members: object) -> dict[str, Any]:
    return (await door.send(query, auto_generate_name=False, **members)).json()


@requirement("suggested:questions")
async def test_a_model_suggests_what_may_be_asked_next(build: Build) -> None:
    place = await build(apps={"first": ON}, models=rules(SUGGEST))
    message = await said(place.door)
    assert await ask(place.door, message["message_id"]) == (200, {"result": "success", "data": THREE})
    assert await ask(place.door, message["message_id"].upper()) == (200, {"result": "success", "data": THREE})


@requirement("suggested:questions")
async def test_the_model_is_shown_the_last_three_turns(build: Build) -> None:
    place = await build(apps={"first": ON}, models=rules({"match": "four", **SUGGEST}, {"say": ["Yes."]}))
    first = await said(place.door, "one")
    conversation = first["conversation_id"]
    for query in ("two", "three"):
        await said(place.door, query, conversation_id=conversation)
    last = await said(place.door, "four", conversation_id=conversation)
    assert (await ask(place.door, last["id"]))[1]["data"] == THREE
    place = await build(apps={"first": ON}, models=rules({"match": "one", **SUGGEST}, {"purpose": "suggest"}))
    conversation = (await said(place.door, "one"))["conversation_id"]
    for query in ("two", "three"):
        last = await said(place.door, query, conversation_id=conversation)
    assert (await ask(place.door, last["id"]))[1]["data"] == THREE
    last = await said(place.door, "four", conversation_id=conversation)
    assert (await ask(place.door, last["id"]))[1]["data"] == []


@requirement("suggested:model")
@pytest.mark.parametrize("app", [chat_app(**SMALL), chatflow_file(features=SMALL)], ids=["chat", "flow"])
async def test_its_author_may_name_another_model_for_it_and_say_what_that_is_told(build: Build, app: str) -> None:
    listening = Listening(rules(SUGGEST))
    place = await build(apps={"first": app}, models=listening)
    message = await said(place.door)
    assert (await ask(place.door, message["message_id"]))[1]["data"] == THREE
    asked = listening.calls[-1]
    assert (asked.model.provider, asked.model.name) == ("openai", "small")
    assert asked.model.parameters == {"temperature": 1, "max_tokens": 256}
    assert asked.lines[0].text.startswith("Only about owls. Reply with a JSON array")
    assert listening.calls[0].model.name != "small"


@requirement("suggested:model-fails")
@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ('```json\n["a", "b"]\n```', ["a", "b"]),
        (
            '<think>[1] perhaps ["no"]</think>Here you are [as asked]: ["a?", "b?", "c?", "d?"] Enjoy!',
            ["a?", "b?", "c?"],
        ),
        ('["a?", 5, null, "  ", " b? ", ["c?"]]', ["a?", "b?"]),
        ("[]", []),
        ("I have no idea.", []),
        ('{"questions": ["a?"]}', ["a?"]),
        ('["a?", "b', []),
        ("", []),
        ("[" * 5000, []),
    ],
)
async def test_an_answer_is_read_leniently(build: Build, text: str, questions: list[str]) -> None:
    rule = {"purpose": "suggest", "say": [text.replace("{", "{open}")]}
    place = await build(apps={"first": ON}, models=rules(rule))
    found = await ask(place.door, (await said(place.door))["message_id"])
    assert found == (200, {"result": "success", "data": questions})


@requirement("suggested:model-fails")
@pytest.mark.parametrize("code", ["completion_request_error", "provider_not_initialize", "provider_quota_exceeded"])
async def test_a_model_that_fails_suggests_nothing(build: Build, code: str) -> None:
    failing = {"purpose": "suggest", "say": ['["a?"', "]"], "error": {"code": code, "message": "broken", "after": 1}}
    place = await build(apps={"first": ON}, models=rules(failing))
    found = await ask(place.door, (await said(place.door))["message_id"])
    assert found == (200, {"result": "success", "data": []})


@requirement("suggested:model-fails")
async def test_a_model_that_never_answers_suggests_nothing(build: Build) -> None:
    async def never(*asked: object) -> tuple[str, ...]:
        del asked
        await asyncio.get_running_loop().create_future()
        return ("too late",)

    place = await build(apps={"first": ON})
    (app,) = place.house.catalogue.all()
    impatient = Asides(cast("Ports", None), title, never, patience=0.01)
    with fail_after(5):
        assert await impatient.suggest(app, [Exchange("hi", "hello")], lambda: origin("", NOBODY)) == ()


@requirement("suggested:model-fails")
async def test_a_failed_turn_leads_to_no_question(build: Build) -> None:
    place = await build(apps={"first": ON}, models=rules({"error": {"message": "broken"}}, SUGGEST))
    failed = (await place.door.send(auto_generate_name=False)).json()
    assert failed["code"] == "completion_request_error"
    assert await ask(place.door, failed["message_id"]) == (200, {"result": "success", "data": []})


@requirement("suggested:off")
async def test_an_app_without_the_feature_refuses(build: Build) -> None:
    place = await build(models=rules(SUGGEST))
    status, body = await ask(place.door, (await said(place.door))["message_id"])
    assert (status, body["code"], body["status"]) == (400, "bad_request", 400)


@requirement("suggested:off", "chat:version:pinned")
async def test_a_conversation_stays_with_the_feature_that_it_began_with(build: Build) -> None:
    place = await build(apps={"first": ON}, models=rules(SUGGEST))
    before = await said(place.door)
    await place.house.catalogue.publish(chat_app(), "first")
    after = await said(place.door)
    assert (await ask(place.door, before["message_id"]))[0] == 200
    assert (await ask(place.door, after["message_id"]))[0] == 400


@requirement("suggested:own", "error:not-found", "error:path-uuid")
async def test_what_is_not_this_users_is_not_there(build: Build) -> None:
    place = await build(apps={"first": ON, "second": ON}, models=rules(SUGGEST))
    message = (await said(place.door))["message_id"]
    unknown = await ask(place.door, NOBODY)
    assert (unknown[0], unknown[1]["code"], unknown[1]["message"]) == (404, "not_found", "Message Not Exists.")
    assert await ask(place.door, message, user="bob") == unknown
    place.door.key = key_of("second")
    assert await ask(place.door, message) == unknown
    assert (await ask(place.door, "no-uuid"))[0] == 404


@requirement("suggested:own")
async def test_the_messages_of_a_deleted_conversation_are_gone(build: Build) -> None:
    place = await build(apps={"first": ON}, models=rules(SUGGEST))
    message = await said(place.door)
    await place.door.request("DELETE", f"/v1/conversations/{message['conversation_id']}", json_body={"user": "ann"})
    assert (await ask(place.door, message["message_id"]))[0] == 404


@requirement("suggested:user")
@pytest.mark.parametrize("query", [{}, {"user": ""}])
async def test_somebody_must_ask(build: Build, query: dict[str, str]) -> None:
    place = await build(apps={"first": ON})
    reply = await place.door.get(f"/v1/messages/{NOBODY}/suggested", **query)
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "invalid_param", "user")


@requirement("error:not-chat-app", "order:mode-first")
async def test_a_completion_app_has_no_suggestions(build: Build) -> None:
    place = await build(apps={"first": app_file("completion")})
    status, body = await ask(place.door, NOBODY)
    assert (status, body["code"]) == (400, "not_chat_app")
