"""Completion apps: one text from one form, without a conversation (contract 5.11, 3.1, 5.1)."""

from typing import Any

import pytest

from parlour.domain.message import Owner
from parlour.runs.start import Limits
from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, Place, app_file, chat_app, counting_ids, key_of, rules

pytestmark = pytest.mark.anyio

FIRST_TASK = counting_ids()()
"""With fixed ids."""
PATH = "/v1/completion-messages"
TOPIC = {"text-input": {"variable": "topic", "label": "Topic", "required": True, "max_length": 20}}
POET = app_file("completion", pre_prompt="A line about {{topic}}.", user_input_form=[TOPIC])
POEM = {"say": ["It ", "rains."]}
INPUTS = {"topic": "rain"}


async def send(door: FrontDoor, inputs: object = INPUTS, user: object = "ann", **members: object) -> Reply:
    return await door.post(PATH, inputs=inputs, user=user, **members)


async def kept(place: Place, message_id: str, user: str = "ann") -> Any:
    """The message as it is stored: no route shows it."""
    app = place.house.catalogue.get("first")
    assert app is not None
    owner = Owner(app.card.id, user)
    conversation = await place.house.history.conversation_of(owner, message_id)
    page = await place.house.messages.page(owner, conversation or "", "", 100)
    assert page is not None
    (message,) = page.items
    return message


@requirement("completion:blocking", "completion:kept")
async def test_the_blocking_body_names_no_conversation(build: Build) -> None:
    place = await build(apps={"first": POET}, models=rules(POEM))
    reply = await send(place.door)
    body = reply.json()
    assert reply.status == 200
    assert body.keys() == {"event", "task_id", "id", "message_id", "mode", "answer", "metadata", "created_at"}
    assert (body["event"], body["mode"], body["answer"]) == ("message", "completion", "It rains.")
    assert body["id"] == body["message_id"]
    assert body["metadata"].keys() == {"annotation_reply", "retriever_resources", "usage"}
    message = await kept(place, body["id"])
    assert (message.answer, message.status, message.inputs) == ("It rains.", "normal", INPUTS)


@requirement("completion:stream")
async def test_the_stream_names_no_conversation(build: Build) -> None:
    place = await build(apps={"first": POET}, models=rules(POEM))
    reply = await send(place.door, response_mode="streaming")
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert [event["event"] for event in reply.events] == ["message", "message", "message_end"]
    for event in reply.events:
        assert event.keys() >= {"task_id", "message_id", "created_at", "id"}
        assert "conversation_id" not in event
    assert reply.events[-1]["metadata"]["usage"]["completion_tokens"] == 2


@requirement("completion:form")
async def test_inputs_fill_the_prompt(build: Build) -> None:
    place = await build(apps={"first": POET}, models=rules({"say": ["{prompt}"]}))
    assert (await send(place.door)).json()["answer"].strip() == "user: A line about rain."
    asked = (await send(place.door, query="Short, please.")).json()["answer"]
    assert [line.strip() for line in asked.split("\n") if line] == [
        "system: A line about rain.",
        "user: Short, please.",
    ]


@requirement("completion:form")
@pytest.mark.parametrize("inputs", [{}, {"topic": None}, {"topic": 5}, {"topic": "x" * 21}])
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
async def test_inputs_must_fit_the_form(build: Build, inputs: dict[str, object], mode: str) -> None:
    place = await build(apps={"first": POET})
    reply = await send(place.door, inputs, response_mode=mode)
    assert (reply.status, reply.json()["code"]) == (400, "invalid_param")
    assert "topic" in reply.json()["message"].lower()


@requirement("completion:request")
@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({}, "inputs"),
        ({"inputs": None}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": "topic"}, "inputs"),
        ({"inputs": INPUTS, "query": 5}, "query"),
        ({"inputs": INPUTS, "response_mode": "stream"}, "response_mode"),
        ({"inputs": INPUTS, "files": {}}, "files"),
        ({"inputs": INPUTS, "user": ""}, "user"),
    ],
)
async def test_what_does_not_fit_is_named(build: Build, members: dict[str, object], field: str) -> None:
    place = await build(apps={"first": POET})
    reply = await place.door.post(PATH, **{"user": "ann", **members})
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "invalid_param", field)


@requirement("completion:request")
@pytest.mark.parametrize(
    "members", [{"query": None}, {"query": ""}, {"conversation_id": "no-uuid"}, {"auto_generate_name": "x"}, {"a": 1}]
)
async def test_what_is_optional_or_unknown_is_no_error(build: Build, members: dict[str, object]) -> None:
    place = await build(apps={"first": POET}, models=rules(POEM))
    assert (await send(place.door, **members)).status == 200


@requirement("completion:kept")
async def test_no_text_is_shown_an_earlier_one(build: Build) -> None:
    place = await build(apps={"first": POET}, models=rules({"say": ["{prompt}"]}))
    first, second = [(await send(place.door, query="Again")).json() for _ in range(2)]
    assert first["answer"] == second["answer"]
    assert (await kept(place, first["id"])).conversation_id != (await kept(place, second["id"])).conversation_id


@requirement("completion:kept")
async def test_no_model_is_asked_for_a_name(build: Build) -> None:
    place = await build(apps={"first": POET}, models=rules({"purpose": "title", "say": ["Named"]}, POEM))
    message = await kept(place, (await send(place.door, query="A verse")).json()["id"])
    await place.house.runs.close(1)  # whatever goes on has ended
    found = await place.house.conversations.get(message.owner, message.conversation_id)
    assert found is not None
    assert found.name == "A verse"


@requirement("completion:mode", "error:app-unavailable", "order:mode-first")
@pytest.mark.parametrize("path", [PATH, f"{PATH}/{NOBODY}/stop"])
async def test_a_chat_app_has_no_completions(build: Build, path: str) -> None:
    place = await build(apps={"first": chat_app()})
    somebody = await place.door.post(path, user="ann")
    assert (somebody.status, somebody.json()["code"]) == (400, "app_unavailable")
    nobody = await place.door.post(path)
    assert (nobody.status, nobody.json()["params"]) == (400, "user")


@requirement("completion:mode", "error:not-chat-app")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat-messages"),
        ("POST", f"/v1/chat-messages/{NOBODY}/stop"),
        ("GET", "/v1/messages"),
        ("GET", "/v1/conversations"),
        ("POST", f"/v1/conversations/{NOBODY}/name"),
        ("DELETE", f"/v1/conversations/{NOBODY}"),
    ],
)
async def test_a_completion_app_has_no_conversations(build: Build, method: str, path: str) -> None:
    place = await build(apps={"first": POET})
    sent = {"query": {"user": "ann"}} if method == "GET" else {"json_body": {"user": "ann", "query": "hi", "name": "x"}}
    reply = await place.door.request(method, path, **sent)
    assert (reply.status, reply.json()["code"]) == (400, "not_chat_app")


@requirement("completion:stop", "stop:saves")
async def test_a_stop_keeps_what_was_said(build: Build) -> None:
    place = await build(apps={"first": POET}, models=rules({**POEM, "hang": True}), fixed=True)
    body = {"inputs": INPUTS, "user": "ann", "response_mode": "streaming"}
    stream = place.door.open("POST", PATH, json_body=body)
    first, _ = await stream.take(2)
    for user in ("bob", "ann"):
        stopped = await place.door.post(f"{PATH}/{first['task_id']}/stop", user=user)
        assert (stopped.status, stopped.json()) == (200, {"result": "success"})
    assert [event["event"] for event in await stream.rest()] == ["message_end"]
    message = await kept(place, first["message_id"])
    assert (message.answer, message.status) == ("It rains.", "normal")


@requirement("completion:stop", "stop:always-success", "stop:user")
async def test_a_stop_needs_a_user_and_no_task(build: Build) -> None:
    place = await build(apps={"first": POET})
    assert (await place.door.post(f"{PATH}/{NOBODY}/stop", user="ann")).json() == {"result": "success"}
    nobody = await place.door.post(f"{PATH}/{NOBODY}/stop")
    assert (nobody.status, nobody.json()["params"]) == (400, "user")


@requirement("completion:failure", "error:completion-request")
async def test_a_failure_names_the_message_and_no_conversation(build: Build) -> None:
    place = await build(apps={"first": POET}, models=rules({**POEM, "error": {"message": "[x] broken", "after": 1}}))
    reply = await send(place.door)
    body = reply.json()
    assert (reply.status, body["code"], body["message"]) == (400, "completion_request_error", "[x] broken")
    assert body.keys() == {"code", "message", "status", "message_id", "task_id"}
    message = await kept(place, body["message_id"])
    assert (message.answer, message.status, message.error) == ("It ", "error", "[x] broken")
    events = (await send(place.door, response_mode="streaming")).events
    assert [event["event"] for event in events] == ["message", "error"]
    assert "conversation_id" not in events[-1]


@requirement("completion:events", "run:events:own")
async def test_a_completion_can_be_read_again_by_its_user(build: Build) -> None:
    place = await build(apps={"first": POET, "second": POET}, models=rules(POEM))
    frames = (reply := await send(place.door, response_mode="streaming")).frames
    path = f"/v1/runs/{reply.events[0]['task_id']}/events"
    for after in range(len(frames) + 1):
        assert (await place.door.get(path, user="ann", after=after)).frames == frames[after:]
    assert (await place.door.get(path, user="bob")).status == 404
    place.door.key = key_of("second")
    assert (await place.door.get(path, user="ann")).status == 404


@requirement("error:too-many", "check:38")
async def test_the_limit_of_an_app_counts_completions(build: Build) -> None:
    limits = Limits(active=1)
    place = await build(apps={"first": POET}, models=rules({**POEM, "hang": True}), limits=limits, fixed=True)
    body = {"inputs": INPUTS, "user": "ann", "response_mode": "streaming"}
    stream = place.door.open("POST", PATH, json_body=body)
    await stream.take(2)
    assert (await send(place.door)).status == 429
    await place.door.post(f"{PATH}/{FIRST_TASK}/stop", user="ann")
    await stream.rest()
