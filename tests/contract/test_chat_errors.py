"""Failures of a chat message: their codes, their order, and what they leave (contract 1.5, 1.6, 3.4, 4.5 m)."""

from collections.abc import AsyncGenerator

import pytest

from parlour.ports.models import Call, Said, Text
from parlour.providers.openai_compatible import OpenAICompatible
from parlour.providers.remote import Remote
from parlour.providers.scripted import Scripted
from parlour.providers.table import Entry, Table
from tests.contract.requirements import requirement
from tests.contract.test_files_again import TAKING
from tests.contract.uploading import local
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build, chat_app, rules
from tests.providers.fake_provider import Answer, outside, serving, texts

pytestmark = pytest.mark.anyio

NO_PROVIDERS = Table({"another": Entry(Scripted())})
VARIABLE = {"text-input": {"variable": "name", "label": "Name", "required": True}}


class Broken(Scripted):
    """A provider with a fault that nobody foresaw, after its first piece."""

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        yield Text("Par")
        raise ZeroDivisionError(f"the secret of the house, and {call.model}")


async def only_message(door: FrontDoor) -> dict[str, object]:
    """The one message of the one conversation."""
    conversations = (await door.get("/v1/conversations", user="ann")).json()["data"]
    assert len(conversations) == 1
    page = await door.get("/v1/messages", user="ann", conversation_id=conversations[0]["id"])
    assert len(page.json()["data"]) == 1
    return page.json()["data"][0]


@requirement("error:provider-not-initialize", "order:before-the-stream", "order:nothing-is-left")
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
async def test_a_provider_without_credentials_is_told_before_anything_is_written(build: Build, mode: str) -> None:
    place = await build(models=NO_PROVIDERS)
    reply = await place.door.send(response_mode=mode)
    assert (reply.status, reply.json()["code"]) == (400, "provider_not_initialize")
    assert "parlour.toml" in reply.json()["message"]
    assert (await place.door.get("/v1/conversations", user="ann")).json()["data"] == []


@requirement("error:provider-quota", "error:model-not-supported", "error:completion-request")
@pytest.mark.parametrize(
    "code",
    ["provider_quota_exceeded", "model_currently_not_support", "completion_request_error", "provider_not_initialize"],
)
async def test_a_failing_provider_is_known_by_its_code_in_both_modes(build: Build, code: str) -> None:
    place = await build(models=rules({"error": {"code": code, "message": "[openai] why it failed"}}))
    blocking = await place.door.send()
    streamed = await place.door.streamed()
    assert blocking.status == 400
    assert blocking.json()["code"] == code
    assert "[openai] why it failed" in blocking.json()["message"]
    assert streamed.status == 200
    assert [event["event"] for event in streamed.events] == ["error"]
    assert streamed.events[0]["code"] == code
    assert streamed.events[0]["status"] == 400


@requirement("error:mid-stream", "order:error-last", "stream:error-task", "check:24")
async def test_a_provider_that_fails_mid_stream_ends_it_with_error_and_the_text_is_kept(build: Build) -> None:
    script = rules({"say": ["Par", "tial", "never"], "error": {"message": "[openai] broken", "after": 2}})
    place = await build(models=script)
    events = (await place.door.streamed(auto_generate_name=False)).events
    assert [event["event"] for event in events] == ["message", "message", "error"]
    error = events[-1]
    assert error["code"] == "completion_request_error"
    assert (error["message"], error["status"]) == ("[openai] broken", 400)
    assert error["task_id"] == events[0]["task_id"]
    message = await only_message(place.door)
    assert (message["status"], message["error"], message["answer"]) == ("error", "[openai] broken", "Partial")


@requirement("error:mid-stream", "check:24")
async def test_an_answer_that_its_provider_does_not_finish_is_a_failed_one(build: Build) -> None:
    async with serving(Answer(texts("Par", "tial"))) as provider, outside() as client:
        place = await build(models=Remote(OpenAICompatible(), client, provider.url, None))
        events = (await place.door.streamed(auto_generate_name=False)).events
        message = await only_message(place.door)
    assert [event["event"] for event in events] == ["message", "message", "error"]
    assert (events[-1]["code"], events[-1]["status"]) == ("completion_request_error", 400)
    told = "[openai] The provider's answer broke off."
    assert (message["status"], message["error"], message["answer"]) == ("error", told, "Partial")


@requirement("blocking:failure")
async def test_a_failed_blocking_call_names_what_it_left(build: Build) -> None:
    place = await build(models=rules({"say": ["Par"], "error": {"message": "[openai] broken", "after": 1}}))
    reply = await place.door.send(auto_generate_name=False)
    assert reply.status == 400
    assert reply.json()["code"] == "completion_request_error"
    message = await only_message(place.door)
    assert (reply.json()["message_id"], reply.json()["conversation_id"]) == (message["id"], message["conversation_id"])
    assert reply.json()["task_id"]
    assert (message["status"], message["error"]) == ("error", "[openai] broken")


@requirement("error:internal", "error:never-html")
async def test_what_nobody_foresaw_is_told_without_any_inside(build: Build) -> None:
    place = await build(models=Broken())
    blocking = await place.door.send(auto_generate_name=False)
    streamed = await place.door.streamed(auto_generate_name=False)
    assert (blocking.status, blocking.json()["code"]) == (500, "internal_server_error")
    assert [event["event"] for event in streamed.events] == ["message", "error"]
    assert (streamed.events[-1]["code"], streamed.events[-1]["status"]) == ("internal_server_error", 500)
    assert b"secret" not in blocking.body + streamed.body
    assert [entry.getMessage().partition(":")[0] for entry in place.logs] == ["a run failed", "a run failed"]
    place.logs.clear()


@requirement("order:before-the-stream")
@pytest.mark.parametrize(
    ("members", "status"),
    [({"query": ""}, 400), ({"user": ""}, 400), ({"conversation_id": NOBODY}, 404), ({"inputs": []}, 400)],
)
async def test_a_refusal_is_plain_json_also_when_streaming(
    build: Build, members: dict[str, object], status: int
) -> None:
    place = await build()
    reply = await place.door.post(
        "/v1/chat-messages", **{"query": "hi", "user": "ann", "response_mode": "streaming", **members}
    )
    assert reply.headers["content-type"].startswith("application/json")
    assert (reply.status, reply.json()["status"]) == (status, status)


@requirement(
    "order:query-before-conversation", "order:conversation-before-provider", "order:provider-and-inputs", "order:files"
)
async def test_the_first_fault_in_order_is_the_one_that_is_told(build: Build) -> None:
    place = await build(apps={"one": chat_app(user_input_form=[VARIABLE])}, models=NO_PROVIDERS)

    async def fault(**members: object) -> tuple[str, str | None]:
        body = (await place.door.post("/v1/chat-messages", **members)).json()
        return body["code"], body.get("params")

    wrong: dict[str, object] = {"query": "", "conversation_id": NOBODY, "inputs": {}}
    assert await fault(**wrong) == ("invalid_param", "user")
    assert await fault(**wrong, user="ann") == ("invalid_param", "query")
    assert await fault(**{**wrong, "query": "hi"}, user="ann") == ("not_found", None)
    assert await fault(query="hi", user="ann", inputs={}) == ("provider_not_initialize", None)
    unfilled = chat_app(user_input_form=[VARIABLE], file_upload=TAKING)
    place = await build(apps={"one": unfilled}, models=NO_PROVIDERS)
    unknown: list[object] = [local(NOBODY)]
    assert await fault(query="hi", user="ann", files=unknown, inputs={}) == ("invalid_param", "files")
    assert await fault(query="hi", user="ann", files=unknown, conversation_id=NOBODY) == ("not_found", None)
    served = await build(apps={"one": chat_app(user_input_form=[VARIABLE])})
    assert (await served.door.send(inputs={})).json()["params"] == "name"
