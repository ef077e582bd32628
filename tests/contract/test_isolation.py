"""One user never sees another: an id of somebody else's is answered as one of nothing, wherever it is sent.

The places are in `walk.py`. Here strangers go to each of them, and what the owner has is looked at before and after.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from parlour.wire.openapi import document
from tests.contract import walk
from tests.contract.flow_samples import end, start
from tests.contract.requirements import requirement
from tests.contract.walk import ALLOWED, NAMES, NO_IDS, PLACES, Person, furnish, furnish_runner, furnish_talker
from tests.dsl.graph_samples import chain, flow_file, node
from tests.front_door import Reply, Stream
from tests.houses import NOBODY, Build, Gate, app_file, chat_app, key_of, scripted
from tests.houses import Place as House

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SLOW = {"match": "slow", "say": ["One ", "two."], "delay_ms": 50}
FIELDS = [
    {"file": {"variable": "one", "label": "One", "required": False, "allowed_file_types": ["image"]}},
    {"file-list": {"variable": "many", "label": "Many", "required": False, "allowed_file_types": ["image"]}},
]
TAKING = {"enabled": True, "allowed_file_types": ["image"], "number_limits": 3}
FEATURES = {"suggested_questions_after_answer": {"enabled": True}, "file_upload": TAKING, "user_input_form": FIELDS}
KINDS = ("chat", "fill", "run", "flow")
STRANGERS = {
    "another user of the app": ("", "bob"),
    "the same name in another app": ("2", "ann"),
    "another user of another app": ("2", "bob"),
}


class Town:
    """Two users in each of two apps of each kind; Ann of the first ones is the owner."""

    def __init__(self, house: House, gate: Gate) -> None:
        self.house = house
        self.gate = gate
        self.people: dict[tuple[str, str], Person] = {}

    def of(self, app: str, user: str) -> Person:
        return self.people[app, user]

    async def live(self) -> None:
        for app in (kind + suffix for kind in KINDS for suffix in ("", "2")):
            for user in ("ann", "bob"):
                self.people[app, user] = Person(self.house.door, key_of(app), user)
        for app in ("chat", "chat2"):
            for user in ("ann", "bob"):
                person = self.of(app, user)
                await furnish(person, NOBODY)
                filler = self.of(app.replace("chat", "fill"), user)
                filler.has = {**person.has, "file_id": await walk.upload(filler.door, user=user, key=filler.key)}
                await furnish_runner(self.of(app.replace("chat", "run"), user))
                await furnish_talker(self.of(app.replace("chat", "flow"), user))

    def owner(self, place: walk.Place) -> Person:
        return self.of(place.of, "ann")

    def stranger(self, place: walk.Place, who: str) -> Person:
        suffix, user = STRANGERS[who]
        return self.of(place.of + suffix, user)


def running(text: str) -> str:
    """A workflow that says just that: two of the same content would have versions of the same id."""
    one = {"variable": "one", "label": "One", "type": "file", "required": False, "allowed_file_types": ["image"]}
    nodes = [start(one), node("write", "template-transform", template=text, variables=[]), end()]
    graph = {"nodes": nodes, "edges": chain("start", "write", "end")}
    return flow_file("workflow", graph=graph, features={"file_upload": TAKING})


def talking(digit: str) -> str:
    """A chatflow with a variable of that id: it is the same in every conversation of an app."""
    kept = {"id": NOBODY.replace("1", digit)[:-1] + "9", "name": "kept", "value_type": "string", "value": "as it was"}
    return flow_file(conversation_variables=[kept])


@asynccontextmanager
async def town(build: Build) -> AsyncGenerator[Town]:
    gate = Gate()
    chat, fill = chat_app(**FEATURES), app_file("completion", pre_prompt="slow", **FEATURES)
    apps = {"chat": chat, "chat2": chat, "fill": fill, "fill2": fill, "run": running("a"), "run2": running("b")}
    apps |= {"flow": talking("1"), "flow2": talking("2")}
    house = await build(apps=apps, models=scripted({"rules": [SLOW]}, gate.sleep))
    found = Town(house, gate)
    await found.live()
    yield found


def shown(reply: Reply, given: str) -> tuple[int, str, str]:
    """All that a caller can tell of a reply, without the id that it may echo."""
    return reply.status, reply.headers.get("content-type", ""), reply.body.decode("latin-1").replace(given, "ID")


async def belongings(person: Person) -> list[object]:
    """All that can be seen of what this user has, by itself."""
    user, run = person.user, person.has.get("workflow_run_id")
    if run is not None:
        replies = [
            await person.ask("GET", f"/v1/workflows/run/{run}"),
            await person.ask("GET", "/v1/workflows/logs"),
            await person.ask("GET", f"/v1/runs/{person.has['task_id']}/events", user=user),
        ]
        assert [reply.status for reply in replies] == [200] * len(replies)
        return [reply.body for reply in replies]
    conversation = person.has["conversation_id"]
    if "variable_id" in person.has:
        kept = await person.ask("GET", f"/v1/conversations/{conversation}/variables", user=user)
        assert kept.status == 200
        return [kept.body]
    replies = [
        await person.ask("GET", "/v1/conversations", user=user),
        await person.ask("GET", "/v1/messages", user=user, conversation_id=conversation),
        await person.ask("GET", "/v1/app/feedbacks"),
        await person.ask("GET", "/v1/apps/annotations"),
        await person.ask("GET", f"/v1/end-users/{person.has['end_user_id']}"),
        await person.ask("GET", f"/v1/files/{person.has['file_id']}/preview"),
        await person.ask("GET", f"/v1/runs/{person.has['task_id']}/events", user=user),
    ]
    assert [reply.status for reply in replies] == [200] * len(replies)
    return [without_addresses(reply) for reply in replies]


def without_addresses(reply: Reply) -> object:
    """Signed addresses are made anew each time."""
    if not reply.headers["content-type"].startswith("application/json"):
        return reply.body
    found = reply.json()
    for message in found.get("data", ()):
        for file in message.get("message_files", ()):
            del file["url"]
    return found


@requirement("error:not-found", "chat:conversation-id:unknown", "files:owner", "people:own", "annotations:own")
@pytest.mark.parametrize("who", STRANGERS)
async def test_a_strangers_id_is_answered_as_one_of_nothing_and_harms_nothing(build: Build, who: str) -> None:
    async with town(build) as there:
        signer = there.house.house.signer
        owners = [there.of(kind, "ann") for kind in ("chat", "run", "flow")]
        before = [await belongings(owner) for owner in owners]
        for place in PLACES:
            if place.app and who == "another user of the app":
                continue  # of an app, not of a user: she may
            stranger, foreign = there.stranger(place, who), there.owner(place).has[NAMES[place.kind]]
            found = await place.visit(stranger, foreign, signer)
            nothing = await place.visit(stranger, NOBODY, signer)
            if (allowed := ALLOWED.get((place.operation, who))) is not None:
                assert (found.status, nothing.status) == (allowed[0], 404), place
            else:
                assert shown(found, foreign) == shown(nothing, NOBODY), place
            assert found.status >= 400 or place.operation.endswith("/stop"), place
            assert [await belongings(owner) for owner in owners] == before, place


@requirement("error:not-found", "chat:conversation-id:unknown", "delete:runs")
async def test_an_id_of_something_deleted_is_answered_as_one_of_nothing(build: Build) -> None:
    async with town(build) as there:
        signer = there.house.house.signer
        for place in PLACES:
            owner = there.owner(place)
            gone = owner.gone.get(NAMES[place.kind])
            if gone is None or place.kind in {"upload", "end user"} or place.operation.startswith("GET /files"):
                continue  # nothing deletes these: uploads and end users stay, a signed address lives by itself
            found, nothing = await place.visit(owner, gone, signer), await place.visit(owner, NOBODY, signer)
            assert shown(found, gone) == shown(nothing, NOBODY), place


@requirement("stop:always-success", "run:events:own", "completion:stop")
@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("mode", ["chat", "fill"])
async def test_a_stranger_neither_reads_nor_stops_a_run_that_goes_on(build: Build, mode: str, who: str) -> None:
    async with town(build) as there:
        owner = there.of(mode, "ann")
        suffix, user = STRANGERS[who]
        stranger = there.of(mode + suffix, user)
        route = "/v1/chat-messages" if mode == "chat" else "/v1/completion-messages"
        asked: dict[str, object] = {"query": "slow", "inputs": {}, "user": "ann", "response_mode": "streaming"}
        stream: Stream = owner.door.open("POST", route, json_body=asked, key=owner.key)
        first = await stream.next()
        assert first is not None
        task = first["task_id"]
        for path in (f"{route}/{task}/stop", f"{route}/{NOBODY}/stop"):
            reply = await stranger.ask("POST", path, {"user": user})
            assert (reply.status, reply.json()) == (200, {"result": "success"})
        found, nothing = [await stranger.ask("GET", f"/v1/runs/{one}/events", user=user) for one in (task, NOBODY)]
        assert shown(found, task) == shown(nothing, NOBODY)
        assert found.status == 404
        there.gate.opened.set()
        events = [first, *await stream.rest()]
        assert "".join(event.get("answer", "") for event in events) == "One two."
        assert events[-1]["event"] == "message_end"


@requirement("delete:runs")
async def test_a_run_whose_conversation_is_deleted_ends_and_cannot_be_read_again(build: Build) -> None:
    async with town(build) as there:
        ann = there.of("chat", "ann")
        async with ann.door.chat("slow", key=ann.key) as stream:
            (first,) = await stream.take(1)
            path = f"/v1/conversations/{first['conversation_id']}"
            assert (await ann.ask("DELETE", path, {"user": "ann"})).status == 204
            assert [event["event"] for event in await stream.rest()] == ["message_end"]
        again = await ann.ask("GET", f"/v1/runs/{first['task_id']}/events", user="ann")
        assert (again.status, again.json()["code"]) == (404, "not_found")


def test_the_walk_goes_to_every_place_for_an_id_that_the_document_names() -> None:
    wanted = set(walk.described(json.loads(document("1.0.0")), "app_key"))
    visited = {(place.operation, place.name) for place in PLACES if place.name != "inputs"}
    assert wanted - visited == NO_IDS.keys()
    assert visited <= wanted


def test_every_exception_says_which_section_of_the_contract_allows_it() -> None:
    assert all("contract" in reason for _, reason in ALLOWED.values())
    assert all(reason.startswith("contract") for reason in NO_IDS.values())
