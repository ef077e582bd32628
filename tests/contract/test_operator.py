"""The operator's routes: what goes on in the house, across apps and users, for an operator's key alone."""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any, cast

import pytest
from anyio import fail_after

from parlour.domain.message import Message, Page
from parlour.domain.oversight import Sought
from parlour.http import admin
from parlour.http.auth import digest
from parlour.ports.catalogue import Key
from parlour.ports.oversight import Oversight
from parlour.runs.start import Limits
from tests.conformance.samples import a_conversation, a_message
from tests.contract.flow_samples import chatflow_file, each, running, workflow_file
from tests.contract.test_agent_nodes import SAY, agent, chatflow, uses
from tests.contract.test_workflows import FAILS
from tests.front_door import Reply
from tests.houses import ADMIN, GPT, NOBODY, Build, Gate, Place, chat_app, key_of, knowledge_key, rules, scripted

pytestmark = pytest.mark.anyio

WHERE = "/v1/admin"
PATHS = (
    ("GET", "apps"),
    ("GET", "runs"),
    ("GET", f"runs/{NOBODY}"),
    ("GET", f"runs/{NOBODY}/events"),
    ("GET", "conversations"),
    ("GET", "conversations/export"),
    ("GET", "messages"),
    ("GET", "statistics"),
    ("DELETE", "end-users"),
)
Body = dict[str, Any]


async def look(place: Place, path: str, method: str = "GET", **query: Any) -> Reply:
    return await place.door.request(method, f"{WHERE}/{path}", query=query, key=ADMIN)


async def seen(place: Place, path: str, **query: Any) -> Body:
    reply = await look(place, path, **query)
    assert reply.status == 200, reply.body
    return reply.json()


async def ran(place: Place, app: str = "first", user: str = "ann", **inputs: object) -> Body:
    body = {"inputs": inputs, "user": user}
    return (await place.door.request("POST", "/v1/workflows/run", json_body=body, key=key_of(app))).json()


async def recorded(place: Place, run_id: str) -> Body:
    """A run, with all of its nodes written down: no other can begin here afterwards."""
    await place.house.runs.close(0)
    return await seen(place, f"runs/{run_id}")


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_no_other_key_opens_them(build: Build, method: str, path: str) -> None:
    place = await build(operated=True)
    revoked = "admin-".ljust(30, "r")
    await place.storage.keys.add(Key(digest(revoked), "admin", "", "", 0))
    query = {"user": "ann"}
    before = await place.door.request(method, f"{WHERE}/{path}", query=query, key=revoked)
    assert before.status in {200, 404}
    await place.storage.keys.revoke(digest(revoked))
    place.house.keyring.forget()
    for key in (key_of("first"), knowledge_key("acme"), "admin-".ljust(30, "y"), revoked, ""):
        reply = await place.door.request(method, f"{WHERE}/{path}", query=query, key=key)
        assert (reply.status, reply.json()["code"]) == (401, "unauthorized"), key


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_where_they_are_not_switched_on_they_are_not_there(build: Build, method: str, path: str) -> None:
    place = await build()
    assert (await place.door.request(method, f"{WHERE}/{path}", key=ADMIN)).status == 404


async def test_an_operators_key_opens_no_app(build: Build) -> None:
    place = await build(operated=True)
    for path in ("/v1/parameters", "/v1/conversations", "/v1/datasets"):
        assert (await place.door.request("GET", path, key=ADMIN)).status == 401


async def test_runs_of_all_apps_are_listed_and_narrowed(build: Build) -> None:
    apps = {"first": workflow_file(), "second": workflow_file(), "chat": chatflow_file()}
    place = await build(apps=apps, models=rules(FAILS | {"match": "break"}, {"say": ["Yes."]}), operated=True)
    one = await ran(place, "first", word="x")
    two = await ran(place, "second", "bob", word="break")
    said = (
        await place.door.request(
            "POST", "/v1/chat-messages", json_body={"query": "hi", "user": "ann"}, key=key_of("chat")
        )
    ).json()
    found = await seen(place, "runs")
    assert [(one["app"], one["user"], one["status"]) for one in found["data"]] == [
        ("chat", "ann", "succeeded"),
        ("second", "bob", "failed"),
        ("first", "ann", "succeeded"),
    ]
    assert found["data"][0]["conversation_id"] == said["conversation_id"]
    assert found["data"][1]["error"] == "[openai] broken"

    async def ids(**query: object) -> list[str]:
        return [one["id"] for one in (await seen(place, "runs", **query))["data"]]

    first, second = one["workflow_run_id"], two["workflow_run_id"]
    assert await ids(app="second") == [second]
    assert await ids(status="failed") == [second]
    assert await ids(user="ann", app="first") == [first]
    assert await ids(app="no such app") == []
    assert await ids(created_at__before="2001-01-01") == []
    page = await seen(place, "runs", limit=2)
    assert page["has_more"]
    assert await ids(last_id=page["data"][-1]["id"]) == [first]
    wrongs: list[Body] = [{"status": "odd"}, {"limit": 0}, {"last_id": "x"}, {"created_at__after": "noon"}]
    for wrong in wrongs:
        assert (await look(place, "runs", **wrong)).json()["code"] == "invalid_param", wrong
    assert (await look(place, "runs", last_id=NOBODY)).status == 404


async def test_a_run_that_failed_shows_where_with_its_graph(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules(FAILS), operated=True)
    run_id = (await ran(place, word="noon"))["workflow_run_id"]
    found = await recorded(place, run_id)
    assert (found["run"]["status"], found["run"]["error"]) == ("failed", "[openai] broken")
    assert [(one["id"], one["type"]) for one in found["graph"]["nodes"]] == [
        ("start", "start"),
        ("ask", "llm"),
        ("end", "end"),
    ]
    assert [(one["source"], one["target"]) for one in found["graph"]["edges"]] == [("start", "ask"), ("ask", "end")]
    assert [(one["node_id"], one["status"], one["error"]) for one in found["nodes"]] == [
        ("start", "succeeded", None),
        ("ask", "failed", "[openai] broken"),
    ]
    assert found["inputs"]["word"] == "noon"
    assert (await look(place, f"runs/{NOBODY}")).status == 404
    assert (await look(place, "runs/x")).status == 404


@pytest.mark.parametrize("level", ["meta", "full"])
async def test_a_node_shows_its_costs_its_model_and_as_much_of_its_values_as_is_recorded(
    build: Build, level: Any
) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 500}
    models = rules({"say": ["secret answer"], "usage": usage})
    plan: Body = {"models": models, "price": GPT, "limits": Limits(record=level)}
    place = await build(apps={"first": workflow_file()}, operated=True, **plan)
    run_id = (await ran(place, word="noon"))["workflow_run_id"]
    found = await recorded(place, run_id)
    ask = found["nodes"][1]
    assert (ask["total_tokens"], ask["total_price"], ask["currency"]) == (1500, "0.00045", "USD")
    assert (found["run"]["total_price"], found["run"]["total_tokens"], found["record"]) == ("0.00045", 1500, level)
    [call] = ask["calls"]
    assert (call["model"], call["total_tokens"], call["total_price"]) == ("gpt-4o-mini", 1500, "0.00045")
    assert ask["started_at"] <= call["started_at"] <= ask["started_at"] + ask["elapsed_time"]
    assert (ask["inputs"], ask["outputs"] and ask["outputs"]["text"]) == (
        ({"#start.word#": "noon"}, "secret answer") if level == "full" else (None, None)
    )
    assert ("secret" in json.dumps(found["nodes"])) == (level == "full")


async def test_the_steps_of_an_agent_are_calls_and_nothing_of_what_they_said(build: Build) -> None:
    file = chatflow(agent("say"), SAY)
    place = await build(
        apps={"first": file}, models=rules(uses("say", "secret", word="secret"), {"say": ["secret"]}), operated=True
    )
    await place.door.send("draw", auto_generate_name=False)
    [one] = (await seen(place, "runs"))["data"]
    found = await recorded(place, one["id"])
    [do] = [node for node in found["nodes"] if node["node_id"] == "do"]
    assert [call["label"] for call in do["calls"]] == ["gpt-4o-mini Thought", "CALL say", "gpt-4o-mini Thought"]
    assert [call["model"] for call in do["calls"]] == ["gpt-4o-mini", None, "gpt-4o-mini"]
    assert "secret" not in json.dumps(found["nodes"])


async def test_rounds_of_an_iteration_are_told_apart(build: Build) -> None:
    place = await build(apps={"first": each()}, operated=True)
    await place.door.send(auto_generate_name=False)
    [one] = (await seen(place, "runs"))["data"]
    found = await recorded(place, one["id"])
    assert [(node["node_id"], node["iteration_id"], node["round"]) for node in found["nodes"]] == [
        ("start", None, None),
        ("loud", "each", 0),
        ("loud", "each", 1),
        ("each", None, None),
        ("say", None, None),
    ]
    assert [node["parent"] for node in found["graph"]["nodes"] if node["id"] == "loud"] == ["each"]


async def test_what_happens_in_a_run_is_heard_while_it_goes_on(build: Build) -> None:
    gate = Gate()
    models = scripted({"rules": [{"say": ["secret ", "word"], "delay_ms": 50}]}, gate.sleep)
    place = await build(apps={"first": workflow_file()}, models=models, operated=True)
    stream = running(place.door, word="noon")
    with fail_after(5):
        await gate.waiting.wait()
    [one] = (await seen(place, "runs", status="running"))["data"]
    watching = place.door.open("GET", f"{WHERE}/runs/{one['id']}/events", key=ADMIN)
    told = await watching.take(3)
    assert [(event["event"], event["node"]["node_id"]) for event in told] == [
        ("node_started", "start"),
        ("node_finished", "start"),
        ("node_started", "ask"),
    ]
    gate.opened.set()
    rest = await watching.rest()
    assert [(event["event"], event["node"] and event["node"]["node_id"]) for event in rest] == [
        ("node_finished", "ask"),
        ("node_started", "end"),
        ("node_finished", "end"),
        ("finished", None),
    ]
    assert "secret" not in json.dumps(rest)
    await stream.whole()
    place.house.runs.forget(one["task_id"])
    again = await look(place, f"runs/{one['id']}/events")
    assert [event["event"] for event in again.events] == ["finished"], "of a run that nobody remembers"


async def test_conversations_and_messages_of_all_users_are_listed(build: Build) -> None:
    apps = {"first": chat_app(), "second": chat_app()}
    place = await build(apps=apps, models=rules({"say": ["You said {query}."]}), operated=True)
    said: list[Body] = []
    for app, user in (("first", "ann"), ("second", "ann"), ("first", "bob")):
        body = {"query": f"{app} {user}", "user": user, "auto_generate_name": False}
        said.append((await place.door.request("POST", "/v1/chat-messages", json_body=body, key=key_of(app))).json())
    found = await seen(place, "conversations")
    assert [(one["app"], one["user"], one["name"]) for one in found["data"]] == [
        ("first", "bob", "first bob"),
        ("second", "ann", "second ann"),
        ("first", "ann", "first ann"),
    ]
    assert len((await seen(place, "conversations", app="first", user="ann"))["data"]) == 1
    [message] = (await seen(place, "messages", conversation_id=said[1]["conversation_id"]))["data"]
    assert (message["query"], message["answer"], message["app"]) == ("second ann", "You said second ann.", "second")
    assert message["usage"]["total_tokens"] > 0


async def test_an_export_has_every_message_once_however_many_there_are(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "PAGE", 2)
    place = await build(models=rules({"say": ["Yes."]}), operated=True)
    for number in range(5):
        await place.door.send(f"number {number}", "bob" if number == 3 else "ann", auto_generate_name=False)
    reply = await look(place, "conversations/export")
    assert reply.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in reply.body.decode().splitlines()]
    assert [line["query"] for line in lines] == [f"number {number}" for number in (4, 3, 2, 1, 0)]
    assert lines[0]["app"] == "first"
    of_bob = await look(place, "conversations/export", user="bob", last_id=NOBODY)
    assert [json.loads(line)["query"] for line in of_bob.body.splitlines()] == ["number 3"]
    nothing = await look(place, "conversations/export", user="nobody")
    assert (nothing.status, nothing.body) == (200, b"")


class Counting:
    """An overseer who counts how often messages are asked for; of these there is no end."""

    def __init__(self) -> None:
        self.asked = 0

    async def messages(self, asked: Sought) -> Page[Message]:
        self.asked += 1
        return Page((a_message(a_conversation()),) * asked.limit, has_more=True)


async def test_an_export_is_read_no_faster_than_it_is_taken_and_ends_with_its_reader() -> None:
    counting, gone, sent = Counting(), asyncio.Event(), asyncio.Queue[int]()
    taken = asyncio.Semaphore(0)

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if "body" in message:
            sent.put_nowait(message["body"].count(b"\n"))
            await taken.acquire()

    asked = Sought(limit=3)
    lines = admin.Lines(cast("Oversight", counting), asked, await counting.messages(asked), {})
    going = asyncio.create_task(lines({}, receive, send))
    with fail_after(5):
        for number in range(1, 4):
            assert await sent.get() == 3
            assert counting.asked == number, "the next page is read when this one is on its way"
            taken.release()
        await sent.get()
        gone.set()
        await asyncio.sleep(0)
        taken.release()
        await going
    assert counting.asked <= 5


async def test_figures_are_told_by_step_and_app(build: Build) -> None:
    now = 1_700_000_000.0
    apps = {"first": chat_app(), "flow": workflow_file()}
    models = rules(FAILS | {"match": "break"}, {"say": ["Yes."], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})
    place = await build(apps=apps, models=models, price=GPT, clock=lambda: now, operated=True)
    for query in ("one", "two", "break"):
        await place.door.send(query, auto_generate_name=False)
    now += 7200
    await ran(place, "flow", word="x")
    now += 60
    found = await seen(place, "statistics")
    assert (found["until"], found["since"], found["step"]) == (now, now - 24 * 3600, 3600)
    assert [(one["app"], one["requests"], one["errors"], one["tokens"]) for one in found["data"]] == [
        ("first", 3, 1, 24),
        ("flow", 1, 0, 12),
    ]
    assert found["data"][1]["at"] - found["data"][0]["at"] == 7200
    assert found["data"][0]["cost"] == {"USD": pytest.approx(2 * (9 * 0.15 + 3 * 0.60) / 1e6)}
    assert [(one["app"], one["requests"]) for one in found["whole"]] == [("first", 3), ("flow", 1)]
    alone = await seen(place, "statistics", app="flow", created_at__after="2023-11-14T22:00:00Z", step=60)
    assert [one["app"] for one in alone["data"]] == ["flow"]
    wrongs: list[Body] = [{"step": 1}, {"step": 0}, {"created_at__after": "2100-01-01"}]
    for wrong in wrongs:
        assert (await look(place, "statistics", **wrong)).json()["code"] == "invalid_param", wrong


async def test_a_user_who_is_forgotten_leaves_runs_that_go_on_nothing_to_say(build: Build) -> None:
    gate = Gate()
    models = scripted(
        {"rules": [{"match": "slow", "say": ["One ", "two."], "delay_ms": 50}, {"say": ["Yes."]}]}, gate.sleep
    )
    apps = {"first": chat_app(), "flow": workflow_file()}
    place = await build(apps=apps, models=models, operated=True)
    bob = (await place.door.send("hi", "bob", auto_generate_name=False)).json()
    flow = running(place.door, key=key_of("flow"), word="slow")
    with fail_after(5):
        await gate.waiting.wait()
    [going] = (await seen(place, "runs", user="ann"))["data"]
    async with place.door.chat("slow", auto_generate_name=False) as chat:
        first = await chat.next()
        assert first is not None
        gone = (await look(place, "end-users", "DELETE", user="ann")).json()
        assert (gone["conversations"], gone["messages"], gone["runs"], gone["users"]) == (1, 1, 1, 2)
        gate.opened.set()
        await chat.rest()
    await flow.whole()
    assert (await seen(place, "runs", user="ann"))["data"] == []
    assert (await seen(place, "messages", user="ann"))["data"] == []
    for task, key in ((first["task_id"], key_of("first")), (going["task_id"], key_of("flow"))):
        reply = await place.door.request("GET", f"/v1/runs/{task}/events", query={"user": "ann"}, key=key)
        assert reply.status == 404
    assert [one["id"] for one in (await seen(place, "messages"))["data"]] == [bob["message_id"]]
    assert (await look(place, "end-users", "DELETE")).json()["code"] == "invalid_param"
    again = await look(place, "end-users", "DELETE", user="ann", app="first")
    assert set(again.json().values()) == {0}
