"""Chatflows on /chat-messages: their bodies, the order of their events, their failures, their versions."""

from typing import Any

import pytest

from parlour.ports.catalogue import Version
from tests.contract.flow_samples import around, branching, chatflow_file, each, llm, names, saying, start
from tests.contract.requirements import requirement
from tests.contract.test_workflows import FAILS, HANGS, refused
from tests.dsl.graph_samples import edge, graph_file, node
from tests.houses import NOBODY, Build, Place, chat_app, rules

pytestmark = pytest.mark.anyio

Events = list[dict[str, Any]]
OTHER = NOBODY.replace("1", "2")


def assert_paired(events: Events) -> None:
    """Each node that starts ends once, under the same id, and after its start."""
    open_: set[str] = set()
    for event in events:
        if event["event"] == "node_started":
            assert event["data"]["id"] not in open_
            open_.add(event["data"]["id"])
        elif event["event"] == "node_finished":
            open_.remove(event["data"]["id"])
    assert not open_


@requirement("check:21", "order:chatflow", "mode:chatflow", "flow:true-values")
async def test_a_chatflow_begins_with_its_run_and_ends_with_it_after_its_message(build: Build) -> None:
    place = await build(apps={"first": chatflow_file()}, models=rules({"say": ["Hel", "lo"]}))
    events = (await place.door.streamed()).events
    assert names(events) == [
        *("workflow_started", "node_started", "node_finished", "node_started", "message", "message", "message"),
        *("node_finished", "node_started", "node_finished", "message_end", "workflow_finished"),
    ]
    assert_paired(events)
    assert [event["data"]["index"] for event in events if event["event"] == "node_started"] == [1, 2, 3]
    for name in ("conversation_id", "message_id", "task_id", "created_at"):
        assert len({event[name] for event in events}) == 1, name
    runs = {event["workflow_run_id"] for event in events if not event["event"].startswith("message")}
    assert runs == {events[0]["data"]["id"]} == {events[-1]["data"]["id"]}
    assert [event["from_variable_selector"] for event in events if event["event"] == "message"] == [["ask", "text"]] * 3


@requirement("blocking:chatflow", "mode:chatflow", "check:18")
async def test_a_blocking_chatflow_answers_as_a_chat_does(build: Build) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    place = await build(apps={"first": chatflow_file()}, models=rules({"say": ["Hel", "lo"], "usage": usage}))
    said = (await place.door.send()).json()
    assert (said["event"], said["mode"], said["answer"]) == ("message", "advanced-chat", "Hello")
    assert said["metadata"]["usage"]["total_tokens"] == 12
    events = (await place.door.streamed()).events
    assert "".join(event["answer"] for event in events if event["event"] == "message") == "Hello"
    page = await place.door.get("/v1/messages", user="ann", conversation_id=said["conversation_id"])
    assert page.json()["data"][0]["answer"] == "Hello"


@requirement("check:22", "order:chatflow")
@pytest.mark.parametrize(("query", "taken", "said"), [("please", "yes", "Gladly."), ("now", "no", "Say please.")])
async def test_only_the_branch_that_is_taken_is_told(build: Build, query: str, taken: str, said: str) -> None:
    place = await build(apps={"first": branching()})
    events = (await place.door.streamed(query)).events
    assert [one["data"]["node_id"] for one in events if one["event"] == "node_started"] == ["start", "polite", taken]
    [decided] = [
        one["data"] for one in events if one["event"] == "node_finished" and one["data"]["node_id"] == "polite"
    ]
    assert decided["outputs"] == {"result": taken == "yes", "selected_case_id": "true" if taken == "yes" else "false"}
    assert [one["answer"] for one in events if one["event"] == "message"] == [said]


def rounds(events: Events) -> list[tuple[str, object]]:
    """What is told of a container and of the nodes within it."""
    return [
        (event["event"], event["data"].get("index") if "next" in event["event"] else event["data"]["node_id"])
        for event in events
        if event["event"].startswith(("iteration", "loop"))
        or event["data"].get("iteration_id")
        or event["data"].get("loop_id")
    ]


@requirement("check:22", "order:chatflow")
async def test_an_iteration_tells_each_of_its_rounds_and_no_node_of_its_own(build: Build) -> None:
    place = await build(apps={"first": each()})
    events = [event for event in (await place.door.streamed()).events if "data" in event]
    assert rounds(events) == [
        ("iteration_started", "each"),
        *[("iteration_next", 0), ("node_started", "loud"), ("node_finished", "loud")],
        *[("iteration_next", 1), ("node_started", "loud"), ("node_finished", "loud")],
        ("iteration_completed", "each"),
    ]
    [started] = [event["data"] for event in events if event["event"] == "iteration_started"]
    [completed] = [event["data"] for event in events if event["event"] == "iteration_completed"]
    assert started["metadata"] == {"iteration_length": 2}
    assert (completed["outputs"], completed["steps"], completed["status"]) == ({"output": ["a!", "b!"]}, 2, "succeeded")
    assert {event["data"].get("node_id") for event in events if event["event"] == "node_started"} == {
        *("start", "loud", "say")
    }


@requirement("flow:true-values")
async def test_a_container_that_fails_says_why(build: Build) -> None:
    place = await build(apps={"first": each("{{ item.")})
    events = (await place.door.streamed()).events
    [completed] = [event["data"] for event in events if event["event"] == "iteration_completed"]
    [failed] = [one["data"] for one in events if one["event"] == "node_finished" and one["data"]["status"] == "failed"]
    assert (completed["status"], failed["node_id"]) == ("failed", "loud")
    assert failed["error"] in completed["error"]
    assert names(events)[-2:] == ["workflow_finished", "error"]


@requirement("check:22", "order:chatflow", "flow:true-values")
async def test_a_loop_tells_each_round_but_the_first(build: Build) -> None:
    place = await build(apps={"first": around()})
    events = [event for event in (await place.door.streamed()).events if "data" in event]
    assert rounds(events) == [
        ("loop_started", "round"),
        *[("node_started", "up"), ("node_finished", "up")],
        *[("loop_next", 1), ("node_started", "up"), ("node_finished", "up")],
        ("loop_completed", "round"),
    ]
    [completed] = [event["data"] for event in events if event["event"] == "loop_completed"]
    assert completed["execution_metadata"]["completed_reason"] == "loop_break"
    assert (completed["steps"], completed["outputs"]["loop_round"]) == (2, 2)


@requirement("check:23", "order:chatflow", "run:cause")
async def test_a_node_that_fails_fails_its_run_and_then_comes_the_error(build: Build) -> None:
    place = await build(apps={"first": chatflow_file()}, models=rules(FAILS))
    reply = await place.door.streamed()
    assert reply.status == 200
    *before, node_end, run_end, error = reply.events
    assert names([node_end, run_end, error]) == ["node_finished", "workflow_finished", "error"]
    assert (node_end["data"]["status"], node_end["data"]["error"]) == ("failed", "[openai] broken")
    assert (run_end["data"]["status"], run_end["data"]["error"]) == ("failed", "[openai] broken")
    assert (error["code"], error["status"], error["message"]) == (
        "invalid_param",
        400,
        "Run failed: [openai] broken",
    )
    assert error["cause"] == "completion_request_error"
    assert "message_end" not in names(before)
    kept = await place.door.get("/v1/messages", user="ann", conversation_id=error["conversation_id"])
    assert (kept.json()["data"][0]["status"], kept.json()["data"][0]["answer"]) == ("error", "Par")


@requirement("check:25", "blocking:failure", "run:cause")
async def test_a_blocking_chatflow_that_fails_is_refused(build: Build) -> None:
    place = await build(apps={"first": chatflow_file()}, models=rules(FAILS))
    reply = await place.door.send()
    assert refused(reply, "invalid_param")
    assert (reply.json()["message"], reply.json()["cause"]) == (
        "Run failed: [openai] broken",
        "completion_request_error",
    )
    run = (await place.door.get("/v1/workflows/logs", status="failed")).json()["data"][0]["workflow_run"]
    assert (run["status"], run["error"]) == ("failed", "[openai] broken")


@requirement("order:chatflow", "check:27")
async def test_a_stopped_chatflow_tells_the_end_of_its_run_and_keeps_what_was_said(build: Build) -> None:
    place = await build(apps={"first": chatflow_file()}, models=rules(HANGS))
    async with place.door.chat("wait") as stream:
        begun = await stream.take(6)
        assert (await place.door.post(f"/v1/chat-messages/{begun[0]['task_id']}/stop", user="ann")).status == 200
        rest = await stream.rest()
    assert {"message_end", "workflow_finished"} == set(names(rest))
    [run] = [event["data"] for event in rest if event["event"] == "workflow_finished"]
    assert (run["status"], run["error"]) == ("stopped", "Stopped by user.")
    page = await place.door.get("/v1/messages", user="ann", conversation_id=begun[0]["conversation_id"])
    assert page.json()["data"][0]["answer"] == "One two "


async def versions(place: Place) -> tuple[str, str]:
    """The ids of an older version and of a draft."""
    app = place.house.catalogue.get("first")
    assert app is not None
    await place.house.catalogue.publish(saying("new", "advanced-chat"), "first")
    draft = Version(OTHER, "first", saying("draft", "advanced-chat"), 0.0, draft=True)
    await place.storage.versions.publish(draft)
    return app.card.version, draft.id


@requirement("check:15", "error:workflow-codes")
async def test_a_version_that_cannot_be_used_is_told_before_an_empty_query_and_a_lost_conversation(
    build: Build,
) -> None:
    place = await build(apps={"first": saying("old", "advanced-chat"), "second": saying("theirs", "advanced-chat")})
    _, draft = await versions(place)
    theirs = place.house.catalogue.get("second")
    assert theirs is not None
    for version, code in (
        ("abc", "workflow_id_format_error"),
        (5, "workflow_id_format_error"),
        (NOBODY, "workflow_not_found"),
        (theirs.card.version, "workflow_not_found"),
        (draft, "draft_workflow_error"),
    ):
        for mode in ("blocking", "streaming"):
            asked: dict[str, object] = {"workflow_id": version, "conversation_id": NOBODY, "response_mode": mode}
            for query in ("", "hi"):
                reply = await place.door.send(query, **asked)
                assert refused(reply, code), (version, query)
                assert "UUID" in reply.json()["message"] or str(version) in reply.json()["message"]
    assert (await place.door.get("/v1/conversations", user="ann")).json()["data"] == []


@requirement("check:15", "chat:workflow-id:ignored")
async def test_an_older_version_runs_where_it_is_asked_for_and_the_newest_elsewhere(build: Build) -> None:
    place = await build(apps={"first": saying("old", "advanced-chat"), "chat": chat_app()})
    old, _ = await versions(place)
    first = (await place.door.send(workflow_id=old.replace("-", "").upper())).json()
    assert first["answer"] == "old"
    conversation = first["conversation_id"]
    for version, said in ((None, "new"), ("", "new"), (old, "old")):
        reply = await place.door.send(workflow_id=version, conversation_id=conversation)
        assert reply.json()["answer"] == said, version
    empty = await place.door.send("", workflow_id=old, conversation_id=NOBODY)
    assert refused(empty, "invalid_param")
    assert "query" in empty.json()["message"]
    events = (await place.door.streamed(workflow_id=old)).events
    assert events[0]["data"]["workflow_id"] == old


@requirement("order:chatflow")
async def test_two_models_beside_each_other_are_told_apart(build: Build) -> None:
    nodes = [
        start(),
        llm("one", "one"),
        llm("two", "two"),
        node("say", "answer", answer="{{#one.text#}}+{{#two.text#}}"),
    ]
    edges = [edge("start", "one"), edge("start", "two"), edge("one", "say"), edge("two", "say")]
    place = await build(
        apps={"first": graph_file("advanced-chat", nodes, edges)}, models=rules({"say": ["{query}", "!"]})
    )
    events = (await place.door.streamed()).events
    assert_paired(events)
    assert "".join(event["answer"] for event in events if event["event"] == "message") == "one!+two!"
    assert events[-1]["data"]["outputs"]["answer"] == "one!+two!"
