"""Somebody is asked in the middle of a run, and it goes on with the answer (contract 3.2, 4.5 o, 5.10, check 40)."""

import asyncio
from typing import Any

import pytest
from anyio import fail_after

from parlour.runs.start import Limits
from tests.contract.flow_samples import names, run
from tests.contract.pausing import ECHO, NOTE, approval, asks, both, followed, paused, submit, token
from tests.contract.requirements import requirement
from tests.contract.uploading import local, upload
from tests.dsl.graph_samples import edge, graph_file, node
from tests.front_door import Reply
from tests.houses import NOBODY, NOW, Build, Gate, chat_app, key_of, rules, scripted

pytestmark = pytest.mark.anyio


@requirement("pause:events", "check:40")
async def test_a_run_that_asks_tells_the_form_then_the_pause_and_closes(build: Build) -> None:
    place = await build(apps={"first": approval()}, models=rules(ECHO))
    events = await paused(place)
    assert names(events)[-3:] == ["node_started", "human_input_required", "workflow_paused"]
    assert "message_end" not in names(events)
    form, pause = events[-2]["data"], events[-1]["data"]
    assert form["form_content"] == "Send it? {{#$output.note#}}"
    assert pause["reasons"] == [{"TYPE": "human_input_required", **form}]
    assert (pause["status"], pause["paused_nodes"], pause["total_steps"]) == ("paused", ["ask"], 3)
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    (message,) = page.json()["data"]
    assert (message["status"], message["answer"]) == ("paused", "One moment. ")


@requirement("pause:resumed", "check:40")
async def test_an_answered_form_takes_the_run_on_and_the_stored_answer_is_old_and_new(build: Build) -> None:
    place = await build(apps={"first": approval()}, models=rules(ECHO))
    before = await paused(place)
    run_id = before[0]["workflow_run_id"]
    assert (await submit(place.door, token(before))).json() == {}
    after = (await followed(place.door, run_id)).events
    assert names(after)[:3] == ["workflow_started", "human_input_form_filled", "node_finished"]
    assert after[0]["data"]["reason"] == "resumption"
    assert names(after)[-2:] == ["message_end", "workflow_finished"]
    ids = ("conversation_id", "message_id", "task_id", "created_at", "workflow_run_id")
    assert {tuple(event.get(name) for name in ids[:-1]) for event in (*before, *after)} == {
        tuple(before[0][name] for name in ids[:-1])
    }
    said = "".join(event.get("answer", "") for event in after)
    assert said == "Sent: <please>"
    page = await place.door.get("/v1/messages", user="ann", conversation_id=before[0]["conversation_id"])
    (message,) = page.json()["data"]
    assert (message["status"], message["answer"]) == ("normal", "One moment. Sent: <please>")
    assert after[-1]["data"]["outputs"]["answer"] == "One moment. Sent: <please>"


@requirement("pause:blocking")
async def test_a_blocking_caller_is_told_what_is_waited_for(build: Build) -> None:
    place = await build(apps={"first": approval()})
    body = (await place.door.send("it")).json()
    assert (body["event"], body["answer"], body["data"]["status"]) == ("workflow_paused", "One moment. ", "paused")
    assert [reason["node_id"] for reason in body["data"]["reasons"]] == ["ask"]
    assert body["workflow_run_id"] == body["data"]["workflow_run_id"]
    assert (await submit(place.door, body["data"]["reasons"][0]["form_token"], "no")).status == 200
    after = (await followed(place.door, body["workflow_run_id"])).events
    assert after[-1]["data"]["outputs"]["answer"] == "One moment. Dropped."


@requirement("form:show")
async def test_a_form_can_be_read_by_its_token(build: Build) -> None:
    words = {"type": "constant", "value": ["low", "high"]}
    inputs = [
        {**NOTE, "default": {"type": "variable", "selector": ["sys", "query"]}},
        {"type": "select", "output_variable_name": "level", "option_source": words},
    ]
    place = await build(apps={"first": approval(inputs=inputs)})
    events = await paused(place)
    form = (await place.door.get(f"/v1/form/human_input/{token(events)}")).json()
    assert form == {
        "form_content": "Send it? {{#$output.note#}}",
        "inputs": [
            {**NOTE, "default": {"type": "variable", "selector": ["sys", "query"], "value": ""}},
            {"type": "select", "output_variable_name": "level", "option_source": {**words, "selector": []}},
        ],
        "resolved_default_values": {"note": "it"},
        "user_actions": [
            {"id": "yes", "title": "Send", "button_style": "primary"},
            {"id": "no", "title": "Drop", "button_style": "default"},
        ],
        "expiration_time": events[-2]["data"]["expiration_time"],
    }


@requirement("form:submit")
async def test_whoever_has_the_token_may_send_the_form(build: Build) -> None:
    place = await build(apps={"first": approval()}, models=rules(ECHO))
    events = await paused(place)
    reply = await submit(place.door, token(events), user="bob")
    assert (reply.status, reply.json()) == (200, {})
    after = (await followed(place.door, events[0]["workflow_run_id"])).events
    (filled,) = (event["data"] for event in after if event["event"] == "human_input_form_filled")
    assert filled == {
        "node_id": "ask",
        "node_title": "Ask",
        "rendered_content": "Send it? please",
        "action_id": "yes",
        "action_text": "Send",
        "submitted_data": {"note": "please"},
    }


@requirement("form:invalid", "error:forms")
@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"inputs": {"note": "x"}, "action": "maybe", "user": "ann"}, "invalid_form_data", "Invalid action: maybe"),
        ({"inputs": {}, "action": "yes", "user": "ann"}, "invalid_form_data", "Missing required inputs: note, level"),
        ({"inputs": {"note": 1, "level": "low"}, "action": "yes", "user": "ann"}, "invalid_form_data", "a string"),
        ({"inputs": {"note": "x", "level": "top"}, "action": "yes", "user": "ann"}, "invalid_form_data", "low, high"),
        ({"inputs": {"note": "x", "level": "low"}, "action": "yes"}, "invalid_param", "user"),
        ({"inputs": [], "action": "yes", "user": "ann"}, "invalid_param", "an object"),
        ({"action": "yes", "user": "ann"}, "invalid_param", "inputs"),
        ({"inputs": {"note": "x", "level": "low"}, "user": "ann"}, "invalid_param", "action"),
    ],
)
async def test_what_does_not_fit_is_refused_and_the_form_stays_open(
    build: Build, body: dict[str, object], code: str, said: str
) -> None:
    level = {"type": "select", "output_variable_name": "level", "option_source": {"value": ["low", "high"]}}
    place = await build(apps={"first": approval(inputs=[NOTE, level])}, models=rules(ECHO))
    form = token(await paused(place))
    reply = await place.door.request("POST", f"/v1/form/human_input/{form}", json_body=body)
    assert (reply.status, reply.json()["code"]) == (400, code)
    assert said in reply.json()["message"]
    assert (await submit(place.door, form, level="low", more="dropped")).status == 200


@requirement("form:once", "error:forms", "check:40")
async def test_a_form_is_sent_once(build: Build) -> None:
    place = await build(apps={"first": approval()}, models=rules(ECHO))
    events = await paused(place)
    form, form_id = token(events), events[-2]["data"]["form_id"]
    first, second = await submit(place.door, form), await submit(place.door, form, "no", user="bob")
    assert first.status == 200
    for reply in (second, await place.door.get(f"/v1/form/human_input/{form}")):
        assert (reply.status, reply.json()["code"]) == (412, "human_input_form_submitted")
        assert reply.json()["message"] == f"This form has already been submitted by another user, form_id={form_id}"


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@requirement("form:expired", "form:history", "pause:timeout", "error:forms")
async def test_a_form_whose_time_is_over_takes_no_answer_and_the_run_goes_on_by_the_timeout(build: Build) -> None:
    time = Time()
    place = await build(apps={"first": approval(timeout=1, timeout_unit="hour")}, clock=time)
    events = await paused(place)
    form, form_id = token(events), events[-2]["data"]["form_id"]
    time.now += 3600
    for reply in (await submit(place.door, form), await place.door.get(f"/v1/form/human_input/{form}")):
        assert (reply.status, reply.json()["code"]) == (412, "human_input_form_expired")
        assert form_id in reply.json()["message"]
    await place.house.resumptions.begin()  # as at the start of a server; the next test waits for the timer
    after = (await followed(place.door, events[0]["workflow_run_id"])).events
    assert names(after)[:3] == ["workflow_started", "human_input_form_timeout", "node_finished"]
    expired = {"node_id": "ask", "node_title": "Ask", "expiration_time": int(NOW) + 3600}
    assert after[1]["data"] == expired
    assert after[-1]["data"]["outputs"]["answer"] == "One moment. Nobody answered."
    assert (await submit(place.door, form)).json()["code"] == "human_input_form_expired"
    page = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    (content,) = page.json()["data"][0]["extra_contents"]
    assert (content["submitted"], content["form_submission_data"]) == (False, None)


@requirement("pause:timeout")
async def test_a_timer_takes_the_run_on_when_the_time_of_its_form_is_over(build: Build) -> None:
    place = await build(apps={"first": approval(timeout=0.0001, timeout_unit="hour")})
    events = await paused(place)
    after = (await followed(place.door, events[0]["workflow_run_id"])).events
    assert "human_input_form_timeout" in names(after)
    assert names(after)[-1] == "workflow_finished"


@requirement("form:own")
async def test_a_token_that_opens_nothing_here_is_not_found(build: Build) -> None:
    place = await build(apps={"first": approval(), "second": approval(), "third": chat_app()})
    form = token(await paused(place))
    for written, key in ((NOBODY, "first"), ("abc", "first"), (form, "second"), (form, "third")):
        path = f"/v1/form/human_input/{written}"
        sent = {"inputs": {"note": "x"}, "action": "yes", "user": "ann"}
        for reply in (
            await place.door.request("GET", path, key=key_of(key)),
            await place.door.request("POST", path, json_body=sent, key=key_of(key)),
        ):
            assert (reply.status, reply.json()["code"]) == (404, "not_found")
            assert reply.json()["message"] == "Form not found"
    assert (await submit(place.door, form)).status == 200


async def test_a_form_that_is_not_delivered_as_a_web_app_has_no_token(build: Build) -> None:
    place = await build(apps={"first": approval(delivery_methods=[{"id": "1", "type": "email", "enabled": True}])})
    assert token(await paused(place)) is None


@requirement("form:files")
async def test_files_of_a_form_are_looked_up_and_held_to_its_rules(build: Build) -> None:
    pictures = {"allowed_file_types": ["image"], "allowed_file_upload_methods": ["local_file"]}
    inputs = [
        {"type": "file", "output_variable_name": "one", **pictures},
        {"type": "file-list", "output_variable_name": "some", "number_limits": 1, **pictures},
    ]
    nodes = [
        node("start", "start", variables=[]),
        asks(inputs=inputs, form_content="{{#$output.one#}}"),
        node("say", "answer", answer="{{#ask.one.name#}} {{#ask.some#}}"),
    ]
    ways = [edge("start", "ask"), edge("ask", "say", sourceHandle="yes")]
    place = await build(apps={"first": graph_file("advanced-chat", nodes, ways)})
    own, foreign = local(await upload(place.door)), local(await upload(place.door, user="bob"))
    events = await paused(place)
    form, path = token(events), "/v1/form/human_input/"
    remote = {"type": "image", "transfer_method": "remote_url", "url": "http://pictures.test/a.png"}
    unfit: list[dict[str, object]] = [
        {"one": "x", "some": []},
        {"one": foreign, "some": []},
        {"one": remote, "some": []},
        {"one": {**own, "type": "audio"}, "some": []},
        {"one": own, "some": [own, own]},
        {"one": own, "some": own},
        {"one": {}, "some": []},
    ]
    for wrong in unfit:
        sent: dict[str, object] = {"inputs": wrong, "action": "yes", "user": "ann"}
        reply = await place.door.request("POST", path + form, json_body=sent)
        assert (reply.status, reply.json()["code"]) == (400, "invalid_form_data"), wrong
    sent = {"inputs": {"one": own, "some": [own]}, "action": "yes", "user": "ann"}
    assert (await place.door.request("POST", path + form, json_body=sent)).status == 200
    after = (await followed(place.door, events[0]["workflow_run_id"])).events
    (filled,) = (event["data"] for event in after if event["event"] == "human_input_form_filled")
    assert filled["submitted_data"]["one"]["related_id"] == own["upload_file_id"]
    assert filled["submitted_data"]["one"]["dify_model_identity"] == "__dify__file__"
    assert [file["related_id"] for file in after[-1]["data"]["files"]] == [own["upload_file_id"]]


@requirement("pause:several")
async def test_several_forms_are_one_pause_and_each_answer_takes_the_run_on(build: Build) -> None:
    place = await build(apps={"first": both()})
    events = await paused(place)
    assert names(events)[-3:] == ["human_input_required", "human_input_required", "workflow_paused"]
    assert events[-1]["data"]["paused_nodes"] == ["one", "two"]
    run_id = events[0]["workflow_run_id"]
    await submit(place.door, token(events, "one"), note="A")
    second = (await followed(place.door, run_id)).events
    assert names(second)[-2:] == ["human_input_required", "workflow_paused"]
    assert second[-2]["data"] == events[-2]["data"]
    assert token(second, "two") == token(events, "two")
    await submit(place.door, token(events, "two"), note="B")
    third = (await followed(place.door, run_id)).events
    assert third[-1]["data"]["outputs"]["answer"] == "A and B."
    assert "".join(event.get("answer", "") for event in (*second, *third)) == "A and B."


@requirement("pause:several")
async def test_two_forms_that_are_sent_at_once_are_both_taken_up(build: Build) -> None:
    place = await build(apps={"first": both()})
    events = await paused(place)
    stream = place.door.open(
        "GET",
        f"/v1/workflow/{events[0]['workflow_run_id']}/events",
        query={"user": "ann", "continue_on_pause": "true"},
    )
    one, two = token(events, "one"), token(events, "two")
    replies = await asyncio.gather(submit(place.door, one, note="A"), submit(place.door, two, note="B"))
    assert [reply.status for reply in replies] == [200, 200]
    assert (await stream.rest())[-1]["data"]["outputs"]["answer"] == "A and B."


@requirement("pause:stop")
async def test_a_run_that_waits_can_be_stopped_by_its_user(build: Build) -> None:
    place = await build(apps={"first": approval()})
    events = await paused(place)
    task, run_id, conversation = (events[0][name] for name in ("task_id", "workflow_run_id", "conversation_id"))
    stream = place.door.open("GET", f"/v1/workflow/{run_id}/events", query={"user": "ann", "continue_on_pause": "true"})
    await stream.opened.wait()
    assert (await place.door.post(f"/v1/chat-messages/{task}/stop", user="bob")).json() == {"result": "success"}
    assert (await place.door.get(f"/v1/form/human_input/{token(events)}")).status == 200
    await place.door.post(f"/v1/chat-messages/{task}/stop", user="ann")
    after = await stream.rest()
    assert names(after) == ["workflow_finished", "message_end"]
    assert (after[0]["data"]["status"], after[0]["data"]["error"]) == ("stopped", "Stopped by user.")
    assert (await submit(place.door, token(events))).status == 404
    page = await place.door.get("/v1/messages", user="ann", conversation_id=conversation)
    (message,) = page.json()["data"]
    assert (message["status"], message["answer"]) == ("normal", "One moment. ")


@requirement("pause:place")
async def test_a_run_that_waits_takes_no_place_and_one_that_goes_on_is_let_in(build: Build) -> None:
    gate = Gate()
    script = {"rules": [{"match": "slow", "say": ["x", "y"], "delay_ms": 5}, ECHO]}
    place = await build(apps={"first": approval()}, models=scripted(script, gate.sleep), limits=Limits(active=1))
    first, second = await paused(place, "a"), await paused(place, "b")
    await submit(place.door, token(first), note="slow")
    with fail_after(5):
        await gate.waiting.wait()
    assert (await place.door.send("c")).json()["code"] == "too_many_requests"
    assert (await submit(place.door, token(second), "no")).status == 200
    after = (await followed(place.door, second[0]["workflow_run_id"])).events
    assert after[-1]["data"]["status"] == "succeeded"
    gate.opened.set()
    assert (await followed(place.door, first[0]["workflow_run_id"])).events[-1]["data"]["status"] == "succeeded"
    assert (await place.door.send("c")).status == 200


async def test_a_run_that_went_on_can_be_read_again_from_its_very_first_event(build: Build) -> None:
    place = await build(apps={"first": approval()}, models=rules(ECHO))
    before = await paused(place)
    await submit(place.door, token(before))
    after = (await followed(place.door, before[0]["workflow_run_id"])).events
    path, whole = f"/v1/runs/{before[0]['task_id']}/events", [*before, *after]
    for at in (0, len(before) - 1, len(before), len(whole) - 1, len(whole)):
        assert (await place.door.get(path, user="ann", after=at)).events == whole[at:]


async def test_a_repeated_request_is_told_of_the_pause_also_when_the_run_is_forgotten(build: Build) -> None:
    place = await build(apps={"first": approval()}, limits=Limits(kept_bytes=1))
    keyed = {"idempotency-key": "k"}

    async def ask(mode: str) -> Reply:
        sent: dict[str, object] = {"query": "it", "user": "ann", "response_mode": mode}
        return await place.door.request("POST", "/v1/chat-messages", json_body=sent, headers=keyed)

    first = (await ask("blocking")).json()
    await place.door.send("another")  # lets the first be forgotten
    again = (await ask("blocking")).json()
    assert again["event"] == "workflow_paused"
    assert again["data"]["reasons"] == first["data"]["reasons"]
    assert again["answer"] == first["answer"]


@requirement("pause:events", "pause:blocking", "pause:resumed")
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
async def test_a_workflow_app_waits_and_goes_on_alike(build: Build, mode: str) -> None:
    place = await build(apps={"first": approval("workflow", form_content="Well?")}, models=rules(ECHO))
    reply = await run(place.door, response_mode=mode)
    if mode == "blocking":
        data = reply.json()["data"]
        run_id, (reason,) = reply.json()["workflow_run_id"], data["reasons"]
        assert (data["status"], data["finished_at"], data["paused_nodes"]) == ("paused", None, ["ask"])
    else:
        assert names(reply.events)[-2:] == ["human_input_required", "workflow_paused"]
        run_id, reason = reply.events[0]["workflow_run_id"], reply.events[-2]["data"]
    detail = (await place.door.get(f"/v1/workflows/run/{run_id}")).json()
    assert (detail["status"], detail["finished_at"]) == ("paused", None)
    await submit(place.door, reason["form_token"])
    after = (await followed(place.door, run_id)).events
    assert names(after)[:3] == ["workflow_started", "human_input_form_filled", "node_finished"]
    assert (names(after)[-1], after[-1]["data"]["outputs"]) == (
        "workflow_finished",
        {"text": "<please>", "action": "yes"},
    )
    detail = (await place.door.get(f"/v1/workflows/run/{run_id}")).json()
    assert (detail["status"], detail["outputs"]) == ("succeeded", {"text": "<please>", "action": "yes"})


@requirement("pause:stop")
async def test_a_workflow_that_waits_can_be_stopped_by_its_task(build: Build) -> None:
    place = await build(apps={"first": approval("workflow")})
    events = (await run(place.door, response_mode="streaming")).events
    await place.door.post(f"/v1/workflows/tasks/{events[0]['task_id']}/stop", user="bob")
    after = (await followed(place.door, events[0]["workflow_run_id"])).events
    assert [(event["event"], event["data"]["status"]) for event in after] == [("workflow_finished", "stopped")]


@requirement("form:history")
async def test_the_history_tells_what_a_message_asks_and_then_what_was_answered(build: Build) -> None:
    place = await build(apps={"first": approval()}, models=rules(ECHO))
    events = await paused(place)
    first, run_id = events[0], events[0]["workflow_run_id"]
    asked = next(event["data"] for event in events if event["event"] == "human_input_required")
    conversation = first["conversation_id"]

    async def contents() -> list[list[dict[str, Any]]]:
        page = await place.door.get("/v1/messages", user="ann", conversation_id=conversation)
        return [message["extra_contents"] for message in page.json()["data"]]

    known = {"type": "human_input", "workflow_run_id": run_id}
    open_ = known | {"submitted": False, "form_definition": asked, "form_submission_data": None}
    assert await contents() == [[open_]]
    await submit(place.door, asked["form_token"], note="a *word*")
    await followed(place.door, run_id)
    said = {"node_id": "ask", "node_title": "Ask", "action_id": "yes", "action_text": "Send"}
    data = said | {"rendered_content": "Send it? a *word*"}
    over = known | {"submitted": True, "form_definition": None, "form_submission_data": data}
    assert await contents() == [[over]]
    again = await paused(place, conversation_id=conversation)
    assert [len(one) for one in await contents()] == [1, 1]
    assert (await contents())[1][0]["workflow_run_id"] == again[0]["workflow_run_id"]
