"""Whole replies, byte for byte: one folder a scenario, streamed, blocking, and read again from every position.

`app.yml` is the app, `datasets.json` what it can look up, if anything, `annotations.json` what was answered by hand,
`script.json` what the model says, `request.json` the message (or `body`, with earlier messages in `before`, and
`stop_after` events at which the user stops); `expected.sse` and `expected.json` are the two replies,
`conversations.json` the list afterwards, `run.json` what is told of a workflow's run. Where a run waits for somebody,
`submit` is the answer, and `resumed.sse` what comes of it. `make accept` rewrites what is expected; the diff is the
review.
"""

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from parlour.stores.memory_bus import MemoryBus
from tests.contract.filling import annotate, fill
from tests.contract.requirements import requirement
from tests.front_door import Reply, blocks, until
from tests.houses import GPT, Build, Place, counting_ids, scripted

pytestmark = pytest.mark.anyio

SCENARIOS = sorted(path.parent.name for path in Path(__file__).parent.glob("*/app.yml"))
ACCEPT = os.environ.get("PARLOUR_ACCEPT") == "1"


class Scenario:
    """One folder."""

    def __init__(self, name: str) -> None:
        self.folder = Path(__file__).parent / name
        self.app = (self.folder / "app.yml").read_text()
        self.script: object = json.loads((self.folder / "script.json").read_text())
        request: dict[str, Any] = json.loads((self.folder / "request.json").read_text())
        self.before: list[dict[str, Any]] = request.get("before", [])
        self.body: dict[str, Any] = request.get("body", request)
        self.stop_after: int | None = request.get("stop_after")
        self.submit: dict[str, Any] | None = request.get("submit")
        self._task_id: str | None = request.get("task_id")

    def expected(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    async def begin(self, build: Build, **plan: object) -> Place:
        """A house in which all that came before has been said."""
        model = scripted(self.script, lambda _: asyncio.sleep(0))  # its pauses let others speak, and take no time
        place = await build(apps={"golden": self.app}, models=model, price=GPT, fixed=True, agent_blocking=True, **plan)
        datasets = self.folder / "datasets.json"
        if datasets.is_file() and "beside" not in plan:
            await fill(place, json.loads(datasets.read_text()))
        annotations, app = self.folder / "annotations.json", place.house.catalogue.get("golden")
        if annotations.is_file() and "beside" not in plan and app is not None:
            await annotate(place, app, json.loads(annotations.read_text()))
        for earlier in () if "beside" in plan else self.before:
            assert (await place.door.post(self.route, **earlier)).status == 200
        return place

    @property
    def route(self) -> str:
        """Where the app of this mode is asked."""
        if self.workflow:
            return "/v1/workflows/run"
        return "/v1/completion-messages" if "mode: completion\n" in self.app else "/v1/chat-messages"

    @property
    def stop(self) -> str:
        return f"{'/v1/workflows/tasks' if self.workflow else self.route}/{self.task_id}/stop"

    @property
    def workflow(self) -> bool:
        return "mode: workflow\n" in self.app

    @property
    def streams_only(self) -> bool:
        """A new agent refuses the blocking mode, whatever the settings say (contract 2.7)."""
        return "mode: agent\n" in self.app

    @property
    def task_id(self) -> str:
        """Fixed ids are counted: a first message takes three of them, each later one two, and an agent's steps more."""
        if self._task_id is not None:
            return self._task_id
        new_id = counting_ids()
        for turn in range(len(self.before)):
            for _ in range(2 if turn else 3):
                new_id()
        return new_id()


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return Scenario(request.param)


def check(scenario: Scenario, name: str, found: bytes) -> None:
    if ACCEPT:
        (scenario.folder / name).write_bytes(found)
    assert found.decode().split("\n") == scenario.expected(name).decode().split("\n")
    assert found == scenario.expected(name)


async def ask(place: Place, scenario: Scenario, mode: str) -> Reply:
    """Send the message; where the scenario says so, stop it, as a second client that looks on."""
    door, user = place.door, scenario.body["user"]
    sent = {**scenario.body, "response_mode": mode}
    if scenario.stop_after is None:
        return await door.post(scenario.route, **sent)
    stream = door.open("POST", scenario.route, json_body=sent)
    onlooker = await door.attach(scenario.task_id, user)
    await onlooker.take(scenario.stop_after)
    assert (await door.post(scenario.stop, user=user)).status == 200
    return await stream.whole()


def steps(events: list[dict[str, Any]]) -> list[str]:
    """What was said in each step of an agent; all of it is one step for any other app (contract 4.5 e)."""
    said, seen = [""], set[str]()
    for event in events:
        if event["event"] == "agent_thought" and event["id"] not in seen:
            seen.add(event["id"])
            said.append("")
        whole = event["event"] == "message" and seen  # a new agent's answer, once more
        if event["event"] == "message_replace" or whole:
            said = [""]
        said[-1] += event.get("answer", "")
    return said


@requirement("golden:transcripts", "check:17", "check:19", "check:20", "check:24")
async def test_the_stream_is_what_is_expected(scenario: Scenario, build: Build) -> None:
    place = await scenario.begin(build)
    reply = await ask(place, scenario, "streaming")
    assert reply.status == 200
    check(scenario, "expected.sse", reply.body)


@requirement("golden:transcripts", "check:16", "blocking:failure")
async def test_the_blocking_body_is_what_is_expected(scenario: Scenario, build: Build) -> None:
    place = await scenario.begin(build)
    reply = await ask(place, scenario, "blocking")
    assert reply.status == reply.json().get("status", 200)
    check(scenario, "expected.json", reply.body + b"\n")


@requirement("golden:transcripts", "run:events")
@pytest.mark.parametrize("mode", ["streaming", "blocking"])
async def test_the_run_can_be_read_again_from_every_position(scenario: Scenario, build: Build, mode: str) -> None:
    place = await scenario.begin(build)
    await ask(place, scenario, mode)
    if mode == "blocking" and scenario.streams_only:
        return  # it was refused, and no run was begun
    frames = blocks(scenario.expected("expected.sse"))
    if mode == "blocking":  # nobody hears it
        frames = [frame for frame in frames if '"event":"tts_' not in frame]
    for after in range(len(frames) + 1):
        path = f"/v1/runs/{scenario.task_id}/events"
        again = await place.door.get(path, user=scenario.body["user"], after=after)
        assert again.frames == frames[after:]


@pytest.mark.slow
@requirement("golden:transcripts", "processes:read")
async def test_the_run_can_be_read_in_another_process(scenario: Scenario, build: Build) -> None:
    bus = MemoryBus()
    place = await scenario.begin(build, bus=bus)
    beside = await scenario.begin(build, bus=bus, beside=place)
    asked = asyncio.create_task(ask(place, scenario, "streaming"))
    again = await (await beside.door.attach(scenario.task_id, scenario.body["user"])).whole()
    await asked
    assert again.body == scenario.expected("expected.sse")


@requirement("golden:transcripts", "check:18", "check:33")
async def test_what_is_kept_is_what_was_said(scenario: Scenario, build: Build) -> None:
    place = await scenario.begin(build)
    events = (await ask(place, scenario, "streaming")).events
    user, conversation = scenario.body["user"], events[0].get("conversation_id")
    if scenario.workflow:
        run = await place.door.get(f"/v1/workflows/run/{events[0]['workflow_run_id']}")
        check(scenario, "run.json", run.body + b"\n")
        return
    if conversation is None:
        return  # no route shows what a completion app keeps; tests/contract/test_completion.py looks behind them
    page = await place.door.get("/v1/messages", user=user, conversation_id=conversation)
    assert page.json()["data"][-1]["answer"] == "\n".join(step for step in steps(events) if step)
    if not (scenario.folder / "conversations.json").exists():
        return
    expected = scenario.expected("conversations.json")

    async def settled() -> bool:
        """A name may come after the answer."""
        return (await place.door.get("/v1/conversations", user=user)).body + b"\n" == expected

    with suppress(TimeoutError):
        await until(settled, 2)
    check(scenario, "conversations.json", (await place.door.get("/v1/conversations", user=user)).body + b"\n")


@requirement("golden:transcripts", "pause:resumed", "check:40")
@pytest.mark.parametrize("name", [name for name in SCENARIOS if Scenario(name).submit is not None])
async def test_a_run_that_waited_goes_on_as_is_expected(build: Build, name: str) -> None:
    scenario = Scenario(name)
    place = await scenario.begin(build)
    events = (await ask(place, scenario, "streaming")).events
    form = next(event["data"] for event in events if event["event"] == "human_input_required")
    path = f"/v1/form/human_input/{form['form_token']}"
    assert (await place.door.request("POST", path, json_body=scenario.submit)).json() == {}
    path = f"/v1/workflow/{events[0]['workflow_run_id']}/events"
    check(scenario, "resumed.sse", (await place.door.get(path, user=scenario.body["user"])).body)
