"""What is not let through, in questions and answers of every mode (contract 4.5 d and p, check 29; dsl.md 9.4)."""

from collections.abc import Mapping
from typing import Any

import pytest

from parlour.ports.moderation import Point, Ruling
from tests.contract.flow_samples import chatflow_file, names, start
from tests.contract.pausing import asks
from tests.contract.requirements import requirement
from tests.dsl.graph_samples import chain, flow_file, node
from tests.front_door import FrontDoor, Reply
from tests.houses import Build, Gate, Place, agent_app, app_file, rules, scripted
from tests.moderating import Moderating

pytestmark = pytest.mark.anyio

NO = "I cannot share that."
FILL = "and so on and on; " * 20
"""More than is told before somebody looks."""
TRANSLATED: dict[str, object] = {"text-input": {"variable": "topic", "label": "Topic", "required": False}}


def rule(kind: str = "keywords", *, inputs: bool = False, outputs: bool = False, **config: object) -> dict[str, Any]:
    """The feature as a file has it."""
    presets = {
        "inputs_config": {"enabled": inputs, "preset_response": NO},
        "outputs_config": {"enabled": outputs, "preset_response": NO},
    }
    return {
        "sensitive_word_avoidance": {
            "enabled": True,
            "type": kind,
            "config": {"keywords": "Secret\n\nhemlock", **presets, **config},
        }
    }


def app_of(mode: str, said: Mapping[str, Any]) -> str:
    """An app that asks a model, and has these features."""
    if mode == "advanced-chat":
        return chatflow_file(features=dict(said))
    return agent_app(**said) if mode == "agent-chat" else app_file(mode, user_input_form=[TRANSLATED], **said)


async def asked(door: FrontDoor, mode: str, **body: Any) -> Reply:
    route = "/v1/completion-messages" if mode == "completion" else "/v1/chat-messages"
    sent: dict[str, Any] = {"query": "hi", "inputs": {}, "user": "ann", "response_mode": "streaming", **body}
    return await door.post(route, **sent, auto_generate_name=False)


def left(events: list[dict[str, Any]]) -> str:
    """What stands before a client in the end."""
    text = ""
    for event in events:
        text = event["answer"] if event["event"] == "message_replace" else text + event.get("answer", "")
    return text


async def kept(place: Place, events: list[dict[str, Any]]) -> dict[str, Any]:
    of = events[0]["conversation_id"]
    return (await place.door.get("/v1/messages", user="ann", conversation_id=of)).json()["data"][-1]


def tokens(events: list[dict[str, Any]]) -> int:
    [end] = [event for event in events if event["event"] == "message_end"]
    return end["metadata"]["usage"]["total_tokens"]


BODY = {"query": "hi", "user": "ann", "response_mode": "streaming", "auto_generate_name": False}
MODES = ("chat", "agent-chat", "completion", "advanced-chat")


@requirement("moderation:question", "check:29")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", ["What is the SECRET?", "A hemlock?"])
async def test_a_question_that_is_not_let_through_gets_the_preset_answer_and_reaches_no_model(
    build: Build, mode: str, query: str
) -> None:
    model = rules({"error": {"message": "a model was asked"}})
    place = await build(apps={"first": app_of(mode, rule(inputs=True))}, models=model)
    events = (await asked(place.door, mode, query=query)).events
    assert set(names(events)) == {"message", "message_end"}
    assert (left(events), tokens(events), names(events)[-1]) == (NO, 0, "message_end")
    if mode != "agent-chat":
        again = (await asked(place.door, mode, query=query, response_mode="blocking")).json()
        assert (again["answer"], again["metadata"]["usage"]["total_price"]) == (NO, "0")
    if mode != "completion":
        row = await kept(place, events)
        assert (row["query"], row["answer"], row["status"], row["total_tokens"]) == (query, NO, "normal", 0)


@requirement("moderation:question")
async def test_what_stands_in_the_form_is_looked_at_as_well(build: Build) -> None:
    place = await build(apps={"first": app_of("chat", rule(inputs=True))}, models=rules({"say": ["fine"]}))
    assert left((await asked(place.door, "chat", inputs={"topic": "my secret"})).events) == NO
    assert left((await asked(place.door, "chat", inputs={"topic": "my garden"})).events) == "fine"


@requirement("moderation:question")
async def test_the_run_of_a_graph_that_did_not_begin_is_listed_as_stopped(build: Build) -> None:
    place = await build(apps={"first": app_of("advanced-chat", rule(inputs=True))})
    await asked(place.door, "advanced-chat", query="hemlock")
    [entry] = (await place.door.get("/v1/workflows/logs")).json()["data"]
    run = entry["workflow_run"]
    assert (run["status"], run["error"], run["total_steps"]) == ("stopped", "Stopped by input moderation.", 0)


@requirement("moderation:answer", "check:29")
@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_that_is_not_let_through_at_its_end_is_replaced_and_kept_so(build: Build, mode: str) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    model = rules({"say": ["The se", "cret is", " out."], "usage": usage})
    place = await build(apps={"first": app_of(mode, rule(outputs=True))}, models=model)
    events = (await asked(place.door, mode)).events
    [replaced] = [event for event in events if event["event"] == "message_replace"]
    assert (replaced["answer"], replaced["reason"]) == (NO, "output_moderation")
    after = names(events)[events.index(replaced) + 1 :]
    assert after == (["message_end", "workflow_finished"] if mode == "advanced-chat" else ["message_end"])
    assert (left(events), tokens(events)) == (NO, 12)
    if mode != "completion":
        assert (await kept(place, events))["answer"] == NO
    if mode == "advanced-chat":
        assert events[-1]["data"]["outputs"] == {"answer": NO, "files": []}


@requirement("moderation:answer", "check:29")
@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_that_is_not_let_through_midway_ends_there_and_its_model_is_left(
    build: Build, mode: str
) -> None:
    model = rules({"say": ["The secret: ", FILL, "never told"], "hang": True})
    place = await build(apps={"first": app_of(mode, rule(outputs=True))}, models=model)
    events = (await asked(place.door, mode)).events
    assert left(events) == NO
    assert not [event for event in events if "never told" in event.get("answer", "")]
    ends = names(events)[names(events).index("message_replace") + 1 :]
    if mode == "advanced-chat":
        assert ends == ["workflow_finished", "message_end"]
        told = events[-2]["data"]
        assert (told["status"], told["error"]) == ("stopped", "Stopped by output moderation.")
    else:
        assert ends == ["message_end"]
    assert tokens(events) > len(FILL.split())  # what was said is paid for
    if mode != "completion":
        assert (await kept(place, events))["answer"] == NO


@requirement("moderation:answer")
async def test_an_answer_that_is_let_through_is_as_if_nobody_had_looked(build: Build) -> None:
    model = rules({"say": ["plain ", FILL, FILL, "end"]})
    place = await build(apps={"first": app_of("chat", rule(outputs=True))}, models=model)
    events = (await asked(place.door, "chat")).events
    assert (left(events), set(names(events))) == (f"plain {FILL}{FILL}end", {"message", "message_end"})


@requirement("moderation:answer")
async def test_an_answer_that_is_stopped_or_breaks_off_is_looked_at_as_well(build: Build) -> None:
    gate, app = Gate(), app_of("chat", rule(outputs=True))
    breaks = {"match": "break", "say": ["secret "], "error": {"after": 1}}
    model = scripted({"rules": [breaks, {"say": ["secret ", "no"], "delay_ms": 1}]}, gate.sleep)
    place = await build(apps={"first": app}, models=model)
    stream = place.door.open("POST", "/v1/chat-messages", json_body=BODY)
    [first] = await stream.take(1)
    await gate.waiting.wait()
    await place.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="ann")
    events = [first, *await stream.rest()]
    assert names(events) == ["message", "message_replace", "message_end"]
    assert (await kept(place, events))["answer"] == NO
    events = (await asked(place.door, "chat", query="break")).events
    assert names(events) == ["message", "message_replace", "error"]
    row = await kept(place, events)
    assert (row["answer"], row["status"]) == (NO, "error")


@requirement("moderation:model")
async def test_a_model_may_decide(build: Build) -> None:
    said = rule("openai_moderation", inputs=True, outputs=True)
    who = Moderating("knife")
    place = await build(apps={"first": app_of("chat", said)}, models=rules({"say": ["a knife"]}), moderation=who)
    assert left((await asked(place.door, "chat", query="Where is my knife?", inputs={"topic": "x"})).events) == NO
    assert who.asked == [("model", "", {"text": "x\nWhere is my knife?"})]
    assert left((await asked(place.door, "chat")).events) == NO
    assert who.asked[1:] == [("model", "", {"text": "hi"}), ("model", "", {"text": "a knife"})]


def extension(point: Point, params: dict[str, object]) -> Ruling:
    """Says no to what is bad, and changes names."""
    if point == "app.moderation.output":
        text = str(params["text"])
        if "bad" in text:
            return Ruling(flagged=True, preset_response="Not that.")
        return Ruling(flagged="Bob" in text, action="overridden", text=text.replace("Bob", "***"))
    if "bad" in str(params):
        return Ruling(flagged=True, preset_response="Not this.")
    inputs: dict[str, object] = {"topic": "roses", "nobody": "x"}
    return Ruling(flagged=True, action="overridden", inputs=inputs, query=str(params["query"]).replace("Bob", "***"))


@requirement("moderation:extension")
async def test_an_extension_may_decide_what_is_said_instead(build: Build) -> None:
    said = rule("api", inputs=True, outputs=True, api_based_extension_id="ext-1")
    who = Moderating(decide=extension)
    place = await build(apps={"first": app_of("chat", said)}, models=rules({"say": ["so bad"]}), moderation=who)
    assert left((await asked(place.door, "chat", query="a bad one")).events) == "Not this."
    app_id = place.house.catalogue.all()[0].card.id
    asked_for: dict[str, object] = {"app_id": app_id, "inputs": {}, "query": "a bad one"}
    assert who.asked == [("ext-1", "app.moderation.input", asked_for)]
    assert left((await asked(place.door, "chat")).events) == "Not that."
    assert who.asked[-1] == ("ext-1", "app.moderation.output", {"app_id": app_id, "text": "so bad"})


@requirement("moderation:extension")
async def test_an_extension_may_put_other_words_into_a_question_and_an_answer(build: Build) -> None:
    said = rule("api", inputs=True, outputs=True, api_based_extension_id="ext-1")
    app = app_of("chat", {**said, "pre_prompt": "On {{topic}}."})
    model = rules({"say": ["{system} {query} Bob. ", FILL, "Bob"]})
    place = await build(apps={"first": app}, models=model, moderation=Moderating(decide=extension))
    events = (await asked(place.door, "chat", query="Is Bob in?", inputs={"topic": "oaks"})).events
    assert names(events) == ["message", "message_replace", "message", "message_replace", "message_end"]
    assert left(events) == f"On roses.\n Is *** in? ***. {FILL}***"
    row = await kept(place, events)
    assert (row["query"], row["inputs"]) == ("Is Bob in?", {"topic": "oaks"})
    assert row["answer"] == left(events)


@requirement("moderation:extension")
async def test_a_graph_is_asked_in_its_users_words(build: Build) -> None:
    said = rule("api", inputs=True, api_based_extension_id="ext-1")
    place = await build(apps={"first": app_of("advanced-chat", said)}, moderation=Moderating(decide=extension))
    assert left((await asked(place.door, "advanced-chat", query="Is Bob in?")).events) == "Is Bob in?"


def undecided(point: Point, params: dict[str, object]) -> None:
    """A service that does not say."""
    del point, params


@requirement("moderation:failure")
@pytest.mark.parametrize("mode", ["chat", "advanced-chat"])
async def test_a_question_that_nobody_decides_of_is_not_answered(build: Build, mode: str) -> None:
    said = rule("api", inputs=True, api_based_extension_id="ext-1")
    place = await build(apps={"first": app_of(mode, said)}, moderation=Moderating(decide=undecided))
    [error] = (await asked(place.door, mode)).events
    assert (error["event"], error["code"]) == ("error", "completion_request_error")
    assert "moderation service" in error["message"]
    assert (await asked(place.door, mode, response_mode="blocking")).status == 400


@requirement("moderation:failure")
async def test_an_answer_that_nobody_decides_of_goes_on_and_the_log_says_so(build: Build) -> None:
    who = Moderating()
    who.broken = True
    app = app_of("chat", rule("openai_moderation", outputs=True))
    place = await build(apps={"first": app}, models=rules({"say": [FILL, FILL, FILL, "end"]}), moderation=who)
    assert left((await asked(place.door, "chat")).events) == f"{FILL}{FILL}{FILL}end"
    assert len(who.asked) == 2  # once midway, and at the end
    assert len([entry for entry in place.logs if "was not moderated" in entry.getMessage()]) == 2


@requirement("moderation:failure")
@pytest.mark.parametrize("where", [{"inputs": True}, {"outputs": True}])
async def test_an_app_whose_moderation_is_nowhere_to_be_found_says_nothing_but_that(
    build: Build, where: dict[str, bool]
) -> None:
    app = app_of("chat", rule("openai_moderation", **where))
    place = await build(apps={"first": app}, moderation=Moderating(there=False))
    [error] = (await asked(place.door, "chat")).events
    assert (error["event"], error["code"]) == ("error", "provider_not_initialize")


@requirement("moderation:pause")
async def test_what_was_said_before_a_pause_is_looked_at_before_it_and_with_the_rest(build: Build) -> None:
    nodes = [start(), node("one", "answer", answer="The sec"), asks(), node("two", "answer", answer="ret is out.")]
    edges = [*chain("start", "one", "ask"), *chain("ask", "two")]
    edges[-1]["sourceHandle"] = "yes"
    app = flow_file(graph={"nodes": nodes, "edges": edges}, features=rule(outputs=True))
    place = await build(apps={"first": app})
    events = (await asked(place.door, "advanced-chat")).events
    assert names(events)[-2:] == ["human_input_required", "workflow_paused"]
    form = next(event["data"] for event in events if event["event"] == "human_input_required")
    path = f"/v1/form/human_input/{form['form_token']}"
    sent = {"inputs": {"note": "x"}, "action": "yes", "user": "ann"}
    assert (await place.door.request("POST", path, json_body=sent)).status == 200
    path = f"/v1/workflow/{events[0]['workflow_run_id']}/events"
    events = (await place.door.get(path, user="ann")).events
    assert left(events) == NO
    assert (await kept(place, events))["answer"] == NO


@requirement("moderation:pause")
async def test_a_graph_whose_answer_is_not_let_through_asks_nobody_any_more(build: Build) -> None:
    nodes = [start(), node("one", "answer", answer="The secret."), asks()]
    app = flow_file(graph={"nodes": nodes, "edges": chain("start", "one", "ask")}, features=rule(outputs=True))
    place = await build(apps={"first": app})
    events = (await asked(place.door, "advanced-chat")).events
    assert names(events)[-3:] == ["message_replace", "workflow_finished", "message_end"]
    assert "human_input_required" not in names(events)
    assert (await kept(place, events))["answer"] == NO


@requirement("moderation:workflow")
async def test_a_workflow_is_not_moderated(build: Build) -> None:
    nodes = [start(), node("end", "end", outputs=[])]
    app = flow_file("workflow", graph={"nodes": nodes, "edges": chain("start", "end")}, features=rule(inputs=True))
    place = await build(apps={"first": app})
    run = (await place.door.post("/v1/workflows/run", inputs={}, user="secret", response_mode="blocking")).json()
    assert run["data"]["status"] == "succeeded"
