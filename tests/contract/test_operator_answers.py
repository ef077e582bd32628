"""What an operator sees of apps that answer without a graph, and how long users of every kind of app have waited."""

import asyncio
import json
from typing import Any

import pytest
from anyio import fail_after

from parlour.runs.start import Limits
from tests.contract.flow_samples import chatflow_file, running, workflow_file
from tests.contract.test_agents import call, uses
from tests.contract.test_operator import ADMIN, WHERE, look, ran, seen
from tests.contract.test_workflows import FAILS
from tests.houses import GPT, Build, Gate, agent_app, app_file, chat_app, key_of, rules, scripted

pytestmark = pytest.mark.anyio

USAGE = {"prompt_tokens": 1000, "completion_tokens": 500}


class Hours:
    """A clock that moves only when somebody waits by it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)  # others have their turn while somebody waits
        self.now += seconds


async def test_an_answer_without_a_graph_is_listed_and_opens(build: Build) -> None:
    models = rules({"say": ["Yes, ", "it is."], "usage": USAGE})
    apps = {"first": chat_app(), "write": app_file("completion")}
    place = await build(apps=apps, models=models, price=GPT, operated=True)
    reply = await place.door.send("Is it?", auto_generate_name=False)
    body = {"inputs": {"query": "Write."}, "user": "bob"}
    await place.door.request("POST", "/v1/completion-messages", json_body=body, key=key_of("write"))
    listed = (await seen(place, "runs"))["data"]
    assert [(one["app"], one["user"], one["status"], one["total_tokens"]) for one in listed] == [
        ("write", "bob", "succeeded", 1500),
        ("first", "ann", "succeeded", 1500),
    ]
    assert listed[1]["id"] == listed[1]["message_id"] == reply.json()["message_id"]
    found = await seen(place, f"runs/{listed[1]['id']}")
    assert found["run"] == listed[1]
    assert (found["run"]["total_price"], found["run"]["currency"], found["run"]["total_steps"]) == ("0.00045", "USD", 1)
    assert (found["graph"], found["nodes"], found["outputs"]) == (None, [], None)
    said = found["said"]
    assert (said["query"], said["answer"], said["steps"]) == ("Is it?", "Yes, it is.", [])
    [asked] = said["calls"]
    assert (asked["model"], asked["total_tokens"], asked["total_price"]) == ("gpt-4o-mini", 1500, "0.00045")
    assert [one["id"] for one in (await seen(place, "runs", app="write"))["data"]] == [listed[0]["id"]]


async def test_a_model_that_failed_is_the_call_that_did(build: Build) -> None:
    place = await build(models=rules(FAILS), operated=True)
    await place.door.send("Hello", auto_generate_name=False)
    [one] = (await seen(place, "runs", status="failed"))["data"]
    assert one["error"] == "[openai] broken"
    said = (await seen(place, f"runs/{one['id']}"))["said"]
    assert [(asked["model"], asked["error"]) for asked in said["calls"]] == [("gpt-4o-mini", "[openai] broken")]


@pytest.mark.parametrize("level", ["meta", "full"])
async def test_an_agents_models_and_tools_are_told_with_their_times_and_its_words_as_recorded(
    build: Build, level: Any
) -> None:
    hours = Hours()
    first = uses(call("say", word="secret"), say="A secret thought.") | {"first_ms": 2000}
    models = scripted({"rules": [first, {"say": ["Done."], "first_ms": 500}]}, hours.sleep)
    plan: dict[str, Any] = {"models": models, "limits": Limits(record=level), "clock": hours}
    place = await build(apps={"first": agent_app("say")}, operated=True, **plan)
    await place.door.streamed("Do it", auto_generate_name=False)
    [one] = (await seen(place, "runs"))["data"]
    said = (await seen(place, f"runs/{one['id']}"))["said"]
    assert [(made["label"], made["elapsed_time"]) for made in said["calls"]] == [
        ("gpt-4o-mini", pytest.approx(2.0)),
        ("say", pytest.approx(0.0)),
        ("gpt-4o-mini", pytest.approx(0.5)),
    ]
    assert [made["started_at"] - one["created_at"] for made in said["calls"]] == pytest.approx([0.0, 2.0, 2.0])
    assert [step["tool"] for step in said["steps"]] == ["say", ""]
    assert said["steps"][0]["thought"] == ("A secret thought." if level == "full" else None)
    assert ("secret" in json.dumps(said["steps"])) == (level == "full")
    assert said["answer"] == "A secret thought.\nDone."


async def test_a_chatflows_run_shows_what_was_asked_and_answered(build: Build) -> None:
    place = await build(apps={"first": chatflow_file()}, models=rules({"say": ["Yes."]}), operated=True)
    await place.door.send("Is it?", auto_generate_name=False)
    [one] = (await seen(place, "runs"))["data"]
    found = await seen(place, f"runs/{one['id']}")
    assert found["graph"] is not None
    assert (found["said"]["query"], found["said"]["calls"]) == ("Is it?", [])


async def test_an_answer_is_heard_while_it_is_given(build: Build) -> None:
    gate = Gate()
    models = scripted({"rules": [{"say": ["One ", "two"], "delay_ms": 50}]}, gate.sleep)
    place = await build(models=models, operated=True)
    stream = place.door.open(
        "POST", "/v1/chat-messages", json_body={"query": "Count", "user": "ann", "response_mode": "streaming"}
    )
    with fail_after(5):
        await gate.waiting.wait()
    [one] = (await seen(place, "runs", status="running"))["data"]
    watching = place.door.open("GET", f"{WHERE}/runs/{one['id']}/events", key=ADMIN)
    [told] = await watching.take(1)
    assert (told["event"], told["text"]) == ("text", "One ")
    gate.opened.set()
    assert [(event["event"], event["text"]) for event in await watching.rest()] == [("text", "two"), ("finished", None)]
    await stream.whole()


async def test_texts_of_a_workflow_are_not_heard(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules({"say": ["secret"]}), operated=True)
    await running(place.door, word="x").whole()
    [one] = (await seen(place, "runs"))["data"]
    assert "secret" not in (await look(place, f"runs/{one['id']}/events")).body.decode()


@pytest.mark.parametrize("kind", ["chat", "agent", "chatflow", "workflow"])
async def test_figures_tell_how_long_a_user_waited_for_the_first_word_and_the_last(build: Build, kind: str) -> None:
    hours = Hours()
    thinks: list[Any] = [uses(call("say", word="x")) | {"first_ms": 3000}] if kind == "agent" else []
    answers = {"say": ["One ", "two"], "first_ms": 400, "delay_ms": 100}
    models = scripted({"rules": [*thinks, answers]}, hours.sleep)
    files = {"chat": chat_app, "agent": lambda: agent_app("say"), "chatflow": chatflow_file, "workflow": workflow_file}
    place = await build(apps={"first": files[kind]()}, models=models, clock=hours, operated=True)
    if kind == "workflow":
        await ran(place, word="x")
    else:
        await place.door.streamed("Count", auto_generate_name=False)
    hours.now += 1
    [found] = (await seen(place, "statistics"))["whole"]
    before = 3.0 if kind == "agent" else 0.0
    assert found["latency"]["p50"] == pytest.approx(before + 0.5)
    assert found["first_token"]["p50"] == pytest.approx(before + 0.4)
