"""The members of a chat message: defaults, limits and what is refused (contract 2.1, 2.2, 2.4, 2.6)."""

import pytest

from parlour.domain.message import Conversation, Message, Owner
from parlour.ports.catalogue import Version
from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, NOW, Build, app_file, chat_app, fresh_id, key_of, rules

pytestmark = pytest.mark.anyio

VARIABLE = {"text-input": {"variable": "name", "label": "Name", "required": True}}


def assert_refused(reply: Reply, params: str) -> None:
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "invalid_param", params)


async def conversations(door: FrontDoor, user: str = "ann") -> list[str]:
    listed = await door.get("/v1/conversations", user=user)
    return [one["id"] for one in listed.json()["data"]]


@requirement("chat:query:missing", "check:04")
@pytest.mark.parametrize("body", [{}, {"query": None}, {"query": 5}, {"query": ["hi"]}, {"query": {"text": "hi"}}])
async def test_a_query_that_is_missing_or_no_text_is_refused(build: Build, body: dict[str, object]) -> None:
    place = await build()
    assert_refused(await place.door.post("/v1/chat-messages", user="ann", **body), "query")


@requirement("chat:query:empty", "check:04", "order:nothing-is-left")
@pytest.mark.parametrize("query", ["", "\0", "\0\0"])
async def test_an_empty_query_is_refused_and_leaves_no_conversation(build: Build, query: str) -> None:
    place = await build()
    assert_refused(await place.door.send(query), "query")
    assert await conversations(place.door) == []


@requirement("chat:query:whitespace")
async def test_a_query_of_whitespace_is_asked(build: Build) -> None:
    place = await build(models=rules({"say": ["ok"]}))
    assert (await place.door.send("  \n ")).json()["answer"] == "ok"


@requirement("chat:query:nul")
async def test_nul_characters_are_taken_out_of_a_query(build: Build) -> None:
    place = await build(models=rules({"say": ["{query}"]}))
    reply = await place.door.send("a\0b")
    assert reply.json()["answer"] == "ab"
    page = await place.door.get("/v1/messages", user="ann", conversation_id=reply.json()["conversation_id"])
    assert page.json()["data"][0]["query"] == "ab"


@requirement("chat:query:long")
async def test_a_long_query_is_asked_whole(build: Build) -> None:
    place = await build(models=rules({"say": ["{query}"]}))
    query = "word " * 100_000
    assert (await place.door.send(query)).json()["answer"] == query


@requirement("chat:inputs:missing", "check:05")
@pytest.mark.parametrize("body", [{}, {"inputs": None}, {"inputs": {}}])
async def test_missing_inputs_are_an_empty_form(build: Build, body: dict[str, object]) -> None:
    place = await build()
    assert (await place.door.send(**body)).status == 200


@requirement("chat:inputs:type")
@pytest.mark.parametrize("inputs", [[], "x", 5, True])
async def test_inputs_that_are_no_object_are_refused(build: Build, inputs: object) -> None:
    place = await build()
    assert_refused(await place.door.send(inputs=inputs), "inputs")


@requirement("chat:user:missing", "check:03")
@pytest.mark.parametrize("body", [{}, {"user": None}, {"user": ""}, {"user": 0}])
async def test_a_missing_user_is_refused(build: Build, body: dict[str, object]) -> None:
    place = await build()
    reply = await place.door.post("/v1/chat-messages", query="hi", **body)
    assert_refused(reply, "user")
    assert reply.json()["message"] == "Arg user must be provided."


@requirement("chat:user:number", "check:03")
async def test_a_number_as_user_is_its_text(build: Build) -> None:
    place = await build()
    conversation = (await place.door.send(user=5)).json()["conversation_id"]
    assert (await place.door.send(user="5", conversation_id=conversation)).status == 200
    assert await conversations(place.door, "5") == [conversation]


@requirement("chat:response-mode:invalid", "check:06")
@pytest.mark.parametrize("mode", ["stream", "", "Blocking", 1, True, ["streaming"]])
async def test_an_invalid_response_mode_is_refused(build: Build, mode: object) -> None:
    place = await build()
    assert_refused(await place.door.send(response_mode=mode), "response_mode")


@requirement("chat:response-mode:omitted", "check:06")
@pytest.mark.parametrize("body", [{}, {"response_mode": None}, {"response_mode": "blocking"}])
async def test_an_omitted_response_mode_is_blocking(build: Build, body: dict[str, object]) -> None:
    place = await build()
    reply = await place.door.send(**body)
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.json()["answer"] == "hi"


@requirement("chat:auto-generate-name:lenient")
@pytest.mark.parametrize("value", [True, False, None, "false", "0", "no", "off", "true", "1", "yes", "on", 0, 1])
async def test_auto_generate_name_takes_words_for_booleans(build: Build, value: object) -> None:
    place = await build()
    assert (await place.door.send(auto_generate_name=value)).status == 200


@requirement("chat:auto-generate-name:invalid")
@pytest.mark.parametrize("value", ["maybe", "", 2, [], {}])
async def test_another_value_for_auto_generate_name_is_refused(build: Build, value: object) -> None:
    place = await build()
    assert_refused(await place.door.send(auto_generate_name=value), "auto_generate_name")


@requirement("chat:workflow-id:ignored", "chat:unknown-keys")
@pytest.mark.parametrize(
    "body",
    [
        {"workflow_id": "garbage"},
        {"workflow_id": 5},
        {"model_config": {"model": {}}},
        {"pinned": True, "anything": [1, {"a": None}]},
    ],
)
async def test_what_a_chat_does_not_know_is_ignored(build: Build, body: dict[str, object]) -> None:
    place = await build()
    assert (await place.door.send(**body)).status == 200


@requirement("chat:conversation-id:absent", "check:07")
async def test_no_conversation_id_is_a_new_conversation_each_time(build: Build) -> None:
    place = await build()
    bodies: list[dict[str, object]] = [
        {},
        {"conversation_id": None},
        {"conversation_id": ""},
        {"conversation_id": "  "},
    ]
    made = [(await place.door.send(**body)).json()["conversation_id"] for body in bodies]
    assert len(set(made)) == len(bodies)
    assert set(await conversations(place.door)) == set(made)


@requirement("chat:conversation-id:own", "check:08")
@pytest.mark.parametrize("shape", ["{}", "{} ", " {}"])
async def test_an_own_conversation_goes_on(build: Build, shape: str) -> None:
    place = await build()
    own = (await place.door.send()).json()["conversation_id"]
    for written in (own, own.upper(), own.replace("-", "")):
        reply = await place.door.send(conversation_id=shape.format(written))
        assert (reply.status, reply.json().get("conversation_id")) == (200, own)
    assert await conversations(place.door) == [own]


@requirement("chat:conversation-id:malformed", "check:08")
@pytest.mark.parametrize("given", ["abc", "123", "zzzzzzzz-zzzz-4zzz-8zzz-zzzzzzzzzzzz", "null", "undefined"])
async def test_a_conversation_id_that_is_no_uuid_is_refused(build: Build, given: str) -> None:
    place = await build()
    reply = await place.door.send(conversation_id=given)
    assert_refused(reply, "conversation_id")
    assert "UUID" in reply.json()["message"]


@requirement("chat:conversation-id:type")
@pytest.mark.parametrize("given", [5, 0, True, False, [], {}, 1.5])
async def test_a_conversation_id_of_another_type_is_refused(build: Build, given: object) -> None:
    place = await build()
    assert_refused(await place.door.send(conversation_id=given), "conversation_id")


@requirement("chat:conversation-id:unknown", "chat:conversation-id:hint", "error:not-found", "check:08")
async def test_a_conversation_that_is_not_this_users_is_not_found_and_nothing_tells_why(build: Build) -> None:
    place = await build(apps={"one": chat_app(), "two": chat_app(pre_prompt="x")})
    own = (await place.door.send()).json()["conversation_id"]
    deleted = (await place.door.send()).json()["conversation_id"]
    await place.door.request("DELETE", f"/v1/conversations/{deleted}", json_body={"user": "ann"})
    replies = [
        await place.door.send(conversation_id=NOBODY),
        await place.door.send(conversation_id=deleted),
        await place.door.send(user="bob", conversation_id=own),
    ]
    place.door.key = key_of("two")
    replies.append(await place.door.send(conversation_id=own))
    assert {reply.status for reply in replies} == {404}
    assert len({reply.body for reply in replies}) == 1, "the four answers are one"
    assert replies[0].json()["code"] == "not_found"
    assert replies[0].json()["message"].startswith("Conversation Not Exists.")


@requirement("chat:inputs:every-turn")
async def test_each_turn_must_fill_the_form_and_the_first_one_is_kept(build: Build) -> None:
    place = await build(apps={"one": chat_app(user_input_form=[VARIABLE])})
    own = (await place.door.send(inputs={"name": "Ann"})).json()["conversation_id"]
    refused = await place.door.send(conversation_id=own)
    taken = await place.door.send(conversation_id=own, inputs={"name": "Bob"})
    assert (refused.status, taken.status) == (400, 200)
    listed = (await place.door.get("/v1/conversations", user="ann")).json()["data"]
    assert listed[0]["inputs"] == {"name": "Ann"}
    page = (await place.door.get("/v1/messages", user="ann", conversation_id=own)).json()["data"]
    assert [message["inputs"] for message in page] == [{"name": "Ann"}, {"name": "Bob"}]


@requirement("chat:version:pinned")
async def test_a_conversation_stays_with_the_version_that_it_began_with(build: Build) -> None:
    place = await build(apps={"one": chat_app(pre_prompt="old")}, models=rules({"say": ["{system}"]}))
    own = (await place.door.send()).json()["conversation_id"]
    await place.house.catalogue.publish(chat_app(pre_prompt="new"), "one")
    pinned = (await place.door.send(conversation_id=own)).json()["answer"]
    fresh = (await place.door.send()).json()["answer"]
    assert (pinned.strip(), fresh.strip()) == ("old", "new")


@requirement("chat:version:pinned")
async def test_two_apps_that_began_with_the_same_content_stay_two_apps(build: Build) -> None:
    place = await build(apps={"one": chat_app(pre_prompt="old"), "two": chat_app(pre_prompt="old")})
    own: dict[str, str] = {}
    for name in ("one", "two"):
        place.door.key = key_of(name)
        own[name] = (await place.door.send()).json()["conversation_id"]
        await place.house.catalogue.publish(chat_app(pre_prompt="new"), name)
    for name in ("one", "two"):
        place.door.key = key_of(name)
        assert (await place.door.send(conversation_id=own[name])).status == 200
        assert await conversations(place.door) == [own[name]]


@requirement("chat:version:pinned")
async def test_a_conversation_whose_version_is_gone_goes_on_with_the_newest(build: Build) -> None:
    place = await build(apps={"one": chat_app(pre_prompt="new")}, models=rules({"say": ["{system}"]}))
    app = place.house.catalogue.get("one")
    assert app is not None
    for version, source in (("no longer there", None), ("no longer understood", "app: {mode: workflow}")):
        if source is not None:
            await place.storage.versions.publish(Version(version, "one", source, 0))
        owner, made = Owner(app.card.id, "ann"), fresh_id()
        conversation = Conversation(made, owner, "x", {}, "", version, NOW, NOW)
        await place.storage.messages.open(Message(fresh_id(), made, owner, "x", {}, NOW), conversation)
        reply = await place.door.send(conversation_id=made)
        assert (reply.status, reply.json().get("answer")) == (200, "new\n"), version


@requirement("files:type")
@pytest.mark.parametrize(("files", "status"), [(None, 200), ([], 200), ("x", 400), ({}, 400), (5, 400)])
async def test_files_are_an_array_or_nothing(build: Build, files: object, status: int) -> None:
    place = await build()
    assert (await place.door.send(files=files)).status == status


@requirement("files:gated")
@pytest.mark.parametrize(
    "entry",
    [
        {"type": "image", "transfer_method": "remote_url", "url": "https://pictures.example/a.png"},
        {"type": "image", "transfer_method": "local_file", "upload_file_id": NOBODY},
        {"type": "image", "transfer_method": "remote_url", "url": ""},
        {},
    ],
)
async def test_an_app_without_files_ignores_them(build: Build, entry: dict[str, object]) -> None:
    place = await build()
    assert (await place.door.send(files=[entry])).status == 200


@requirement("trace:accepted", "trace:invalid")
@pytest.mark.parametrize("trace", ["abc-123_X", "not valid!", "", "x" * 129])
async def test_a_trace_id_anywhere_changes_nothing_of_the_reply(build: Build, trace: str) -> None:
    place = await build()
    reply = await place.door.request(
        "POST",
        "/v1/chat-messages",
        json_body={"query": "hi", "user": "ann", "trace_id": trace},
        query={"trace_id": trace},
        headers={"x-trace-id": trace, "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"},
    )
    assert reply.status == 200
    assert "trace_id" not in reply.json()


@requirement("error:not-chat-app", "order:mode-first")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/chat-messages", {"user": "ann", "query": 5}),
        ("POST", f"/v1/chat-messages/{NOBODY}/stop", {"user": "ann"}),
        ("GET", "/v1/messages", None),
        ("GET", "/v1/conversations", None),
        ("POST", f"/v1/conversations/{NOBODY}/name", {"user": "ann"}),
        ("DELETE", f"/v1/conversations/{NOBODY}", {"user": "ann"}),
    ],
)
async def test_a_completion_app_has_no_conversations(build: Build, method: str, path: str, body: object) -> None:
    place = await build(apps={"one": app_file("completion")})
    reply = await place.door.request(method, path, json_body=body)
    assert (reply.status, reply.json()["code"]) == (400, "not_chat_app")


@requirement("order:mode-first")
async def test_a_missing_user_comes_before_the_mode_and_the_mode_before_the_query(build: Build) -> None:
    place = await build(apps={"one": app_file("completion")})
    nobody = await place.door.post("/v1/chat-messages")
    somebody = await place.door.post("/v1/chat-messages", user="ann")
    assert (nobody.json()["code"], somebody.json()["code"]) == ("invalid_param", "not_chat_app")
