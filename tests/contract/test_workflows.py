"""Runs of workflow apps: begun, told, stopped (contract 3.3, 4.3, 5.1)."""

import asyncio

import pytest

from parlour.ports.catalogue import Version
from parlour.runs.rates import AppRates, Rate
from parlour.runs.start import Limits
from tests.contract.flow_samples import (
    RUN,
    branching,
    end,
    names,
    run,
    running,
    saying,
    start,
    text_field,
    workflow_file,
)
from tests.contract.requirements import requirement
from tests.contract.uploading import local, upload
from tests.dsl.graph_samples import chain, flow_file, graph_file, node
from tests.front_door import FrontDoor, Reply, until
from tests.houses import NOBODY, Build, Place, app_file, chat_app, key_of, rules

pytestmark = pytest.mark.anyio

FAILS = {"error": {"code": "completion_request_error", "message": "[openai] broken", "after": 1}, "say": ["Par", "t"]}
HANGS = {"match": "wait", "say": ["One ", "two "], "hang": True}
MEMBERS = [
    *("id", "workflow_id", "status", "outputs", "error", "elapsed_time", "total_tokens", "total_steps"),
    *("created_at", "finished_at"),
]
TAKING = {"enabled": True, "allowed_file_types": ["image"], "allowed_file_upload_methods": ["local_file"]}


def refused(reply: Reply, code: str, status: int = 400) -> bool:
    return (reply.status, reply.json()["code"], reply.json()["status"]) == (status, code, status)


@requirement("workflow:blocking")
async def test_a_blocking_run_is_told_whole(build: Build) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    place = await build(apps={"first": workflow_file()}, models=rules({"say": ["It is {query}."], "usage": usage}))
    reply = await run(place.door, inputs={"word": "noon"})
    body = reply.json()
    assert reply.status == 200
    assert list(body) == ["task_id", "workflow_run_id", "data"]
    assert list(body["data"]) == MEMBERS
    assert body["data"]["id"] == body["workflow_run_id"]
    assert (body["data"]["status"], body["data"]["outputs"]) == ("succeeded", {"text": "It is noon."})
    assert (body["data"]["total_tokens"], body["data"]["total_steps"], body["data"]["error"]) == (12, 3, None)


@requirement("workflow:stream")
async def test_a_streamed_run_is_told_node_by_node_and_its_end_is_last(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules({"say": ["It ", "is."]}))
    events = (await run(place.door, inputs={"word": "noon"}, response_mode="streaming")).events
    assert names(events) == [
        *("workflow_started", "node_started", "node_finished", "node_started", "text_chunk", "text_chunk"),
        *("text_chunk", "node_finished", "node_started", "node_finished", "workflow_finished"),
    ]
    assert {(event["task_id"], event["workflow_run_id"]) for event in events} == {
        (events[0]["task_id"], events[0]["data"]["id"])
    }
    assert not {"conversation_id", "message_id"} & {name for event in events for name in event}
    assert "".join(event["data"]["text"] for event in events if event["event"] == "text_chunk") == "It is."
    assert events[-1]["data"]["outputs"] == {"text": "It is."}


@requirement("workflow:failed", "check:25")
async def test_a_failed_run_is_no_failed_request(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules(FAILS))
    asked = {"word": "noon"}
    reply = await run(place.door, inputs=asked)
    assert reply.status == 200
    data = reply.json()["data"]
    assert (data["status"], data["error"], data["outputs"]) == ("failed", "[openai] broken", {})
    events = (await run(place.door, inputs=asked, response_mode="streaming")).events
    assert names(events)[-3:] == ["node_finished", "workflow_finished", "error"]
    assert (events[-3]["data"]["status"], events[-2]["data"]["status"]) == ("failed", "failed")


@requirement("workflow:request", "workflow:mode", "error:not-workflow-app")
async def test_what_is_wrong_with_a_request_is_told_in_order(build: Build) -> None:
    form = graph_file("workflow", [start(text_field("word", required=True)), end()], chain("start", "end"))
    place = await build(apps={"first": form, "chat": chat_app(), "flow": branching(), "write": app_file("completion")})
    assert refused(await place.door.request("POST", RUN, json_body={}, key="app-nobody"), "unauthorized", 401)
    assert refused(await place.door.request("POST", RUN, body=b"{"), "unsupported_media_type", 415)
    for key in ("chat", "flow", "write"):
        no_user = await place.door.request("POST", RUN, json_body={"inputs": {}}, key=key_of(key))
        assert refused(no_user, "invalid_param")
        elsewhere = await place.door.request("POST", RUN, json_body={"inputs": [], "user": "ann"}, key=key_of(key))
        assert refused(elsewhere, "not_workflow_app")
    wrong: list[tuple[dict[str, object], str]] = [
        ({"user": "ann"}, "inputs"),
        ({"user": "ann", "inputs": None}, "inputs"),
        ({"user": "ann", "inputs": []}, "inputs"),
        ({"user": "ann", "inputs": {}, "response_mode": "stream"}, "response_mode"),
        ({"user": "ann", "inputs": {}, "files": "x"}, "files"),
        ({"inputs": {}}, "user"),
        ({"user": "ann", "inputs": {}}, "word"),
    ]
    for members, params in wrong:
        reply = await place.door.request("POST", RUN, json_body=members)
        assert refused(reply, "invalid_param"), members
        assert params in reply.json()["message"], members
    assert (await run(place.door, user=5, inputs={"word": "x"})).status == 200


@requirement("workflow:form", "workflow:files")
async def test_files_come_in_the_form_and_beside_it(build: Build) -> None:
    one = {"variable": "one", "label": "one", "type": "file", "required": False, "allowed_file_types": ["image"]}
    outputs = end(("one", ["start", "one"]), ("many", ["sys", "files"]))
    graph = {"nodes": [start(one), outputs], "edges": chain("start", "end")}
    place = await build(apps={"first": flow_file("workflow", graph=graph, features={"file_upload": TAKING})})
    sent = await upload(place.door)
    done = await run(place.door, inputs={"one": local(sent)}, files=[local(sent)])
    found = done.json()["data"]["outputs"]
    assert found["one"]["dify_model_identity"] == "__dify__file__"
    assert [found["one"]["related_id"], found["many"][0]["related_id"]] == [sent, sent]
    assert refused(await run(place.door, inputs={"one": local(NOBODY)}), "invalid_param")
    assert refused(await run(place.door, "bob", files=[local(sent)]), "invalid_param")


async def published(place: Place, source: str, *, draft: bool = False) -> str:
    """The id of one more version of the app."""
    if not draft:
        return (await place.house.catalogue.publish(source, "first")).card.version
    await place.storage.versions.publish(Version(NOBODY, "first", source, 0.0, draft=True))
    return NOBODY


@requirement("workflow:version")
async def test_the_version_that_the_path_names_runs(build: Build) -> None:
    place = await build(apps={"first": saying("one")})
    old = (await run(place.door)).json()["data"]["workflow_id"]
    new = await published(place, saying("two"))
    for version, said in ((old, "one"), (old.upper(), "one"), (new, "two")):
        done = (await place.door.post(f"/v1/workflows/{version}/run", inputs={}, user="ann")).json()["data"]
        assert (done["outputs"], done["workflow_id"]) == ({"text": said}, version.lower())
    assert (await run(place.door)).json()["data"]["outputs"] == {"text": "two"}


@requirement("workflow:version:wrong", "error:workflow-codes")
async def test_a_version_that_cannot_be_run_is_told_by_its_code(build: Build) -> None:
    form = graph_file("workflow", [start(text_field("word", required=True)), end()], chain("start", "end"))
    place = await build(apps={"first": form, "second": saying("theirs")})
    draft = await published(place, saying("draft"), draft=True)
    theirs = place.house.catalogue.get("second")
    assert theirs is not None
    for version, code in (
        ("abc", "workflow_id_format_error"),
        (str(NOBODY).replace("1", "2"), "workflow_not_found"),
        (theirs.card.version, "workflow_not_found"),
        (draft, "draft_workflow_error"),
    ):
        reply = await place.door.post(f"/v1/workflows/{version}/run", inputs={}, user="ann")
        assert refused(reply, code), version
        assert version in reply.json()["message"]


@requirement("workflow:limits")
async def test_a_run_needs_a_place_and_gives_it_back(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules(HANGS), limits=Limits(active=1))
    stream = running(place.door, word="wait")
    first = await stream.next()
    assert first is not None
    full = await run(place.door)
    assert refused(full, "too_many_requests", 429)
    assert refused(await place.door.post("/v1/workflows/abc/run", inputs={}, user="ann"), "too_many_requests", 429)
    await place.door.post(f"/v1/workflows/tasks/{first['task_id']}/stop", user="ann")
    await stream.rest()
    assert (await run(place.door)).status == 200


@requirement("workflow:limits")
async def test_the_rates_of_keys_and_users_hold_for_workflows(build: Build) -> None:
    rates = AppRates(per_user=Rate(1, 60), per_key=Rate(2, 60))
    place = await build(apps={"first": saying("x")}, fixed=True, rates=rates)
    replies = [await run(place.door, user) for user in ("ann", "ann", "bob", "cleo")]
    assert [reply.status for reply in replies] == [200, 429, 200, 429]
    assert replies[1].headers["retry-after"] == "60"


@requirement("workflow:stop", "check:27")
async def test_a_stop_ends_the_run_whoever_of_the_app_asks(build: Build) -> None:
    apps = {"first": workflow_file(), "second": workflow_file(), "chat": chat_app()}
    place = await build(apps=apps, models=rules(HANGS))
    stream = running(place.door, word="wait")
    begun = await stream.take(5)
    path = f"/v1/workflows/tasks/{begun[0]['task_id']}/stop"
    assert refused(await place.door.post(path), "invalid_param")
    assert refused(
        await place.door.request("POST", path, json_body={"user": "ann"}, key=key_of("chat")), "not_workflow_app"
    )
    for door in (FrontDoor(place.app, key_of("second")), place.door):
        reply = await door.post(path, user="bob")
        assert (reply.status, reply.json()) == (200, {"result": "success"})
        assert (await door.post(f"/v1/workflows/tasks/{NOBODY}/stop", user="bob")).status == 200
    last = (await stream.rest())[-1]
    older = await place.door.post(f"/v1/workflows/{begun[0]['task_id']}/stop", user="bob")
    assert (older.status, older.json()) == (200, {"result": "success"})
    assert (last["event"], last["data"]["status"], last["data"]["error"]) == (
        "workflow_finished",
        "stopped",
        "Stopped by user.",
    )
    kept = (await place.door.get(f"/v1/workflows/run/{begun[0]['workflow_run_id']}")).json()
    assert (kept["status"], kept["error"]) == ("stopped", "Stopped by user.")


@requirement("workflow:events", "run:events:own")
async def test_a_run_is_told_again_to_its_own_user(build: Build) -> None:
    place = await build(apps={"first": workflow_file()})
    once = await run(place.door, inputs={"word": "noon"}, response_mode="streaming")
    path = f"/v1/runs/{once.events[0]['task_id']}/events"
    for after in range(len(once.frames) + 1):
        assert (await place.door.get(path, user="ann", after=after)).frames == once.frames[after:]
    assert refused(await place.door.get(path, user="bob"), "not_found", 404)


@requirement("workflow:life")
async def test_a_client_that_goes_away_changes_nothing_for_the_run(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules({"say": ["a ", "b "], "repeat": 50}))
    stream = running(place.door, word="x")
    begun = await stream.next()
    assert begun is not None
    stream.disconnect()

    async def ended() -> bool:
        kept = (await place.door.get(f"/v1/workflows/run/{begun['workflow_run_id']}")).json()
        return kept["status"] == "succeeded" and kept["outputs"] == {"text": "a b " * 50}

    await until(ended)


@requirement("workflow:life")
async def test_runs_beside_each_other_do_not_mix(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules({"say": ["{query}"]}))
    words = [f"word{number}" for number in range(20)]
    done = await asyncio.gather(*(run(place.door, inputs={"word": word}) for word in words))
    assert [reply.json()["data"]["outputs"]["text"] for reply in done] == words


@requirement("workflow:about")
async def test_flows_say_what_they_are(build: Build) -> None:
    nodes = [start(text_field("word", max_length=48)), end()]
    workflow = graph_file("workflow", nodes, chain("start", "end"))
    flow = flow_file(features={"opening_statement": "Hello.", "file_upload": TAKING})
    place = await build(apps={"workflow": workflow, "flow": flow})
    for name, mode, form, greeting in (("workflow", "workflow", ["word"], ""), ("flow", "advanced-chat", [], "Hello.")):
        door = FrontDoor(place.app, key_of(name))
        assert (await door.get("/v1/info")).json()["mode"] == mode
        said = (await door.get("/v1/parameters")).json()
        assert [field["variable"] for one in said["user_input_form"] for field in one.values()] == form
        assert said["opening_statement"] == greeting
        assert (await door.get("/v1/meta")).json() == {"tool_icons": {}}
        assert (await door.get("/v1/site")).json()["title"] == "Sample"


@requirement("order:error-last", "workflow:failed")
async def test_a_node_that_is_not_there_fails_the_run_and_nothing_comes_after(build: Build) -> None:
    missing = node("look", "tool", title="Look")
    source = graph_file("workflow", [start(), missing, end()], chain("start", "look", "end"))
    place = await build(apps={"first": saying("x")})
    await place.house.catalogue.publish(source, "first", partial=True)
    events = (await run(place.door, response_mode="streaming")).events
    assert names(events)[-1] == "error"
