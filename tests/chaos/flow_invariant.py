"""What must hold of runs of durable flows, when all faults are over: held from outside, by the wire. Knows no fault."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from itertools import groupby
from typing import Any

import aiohttp

from tests.chaos.apps import FLOW_NODES, FORM_KEY, FORM_NODES, WHOLE, said
from tests.chaos.calls import FlowRun, Heard, events
from tests.chaos.flows import filling, form_token

WAITS = 20.0
"""Seconds in which a run that has just got its answer must have ended."""
CUT_OFF = "The server was stopped while this was being answered."


class Asked:
    """The cluster, asked about one run."""

    def __init__(self, session: aiohttp.ClientSession, address: str, run: FlowRun) -> None:
        self._session = session
        self._address = address
        self._headers = {"Authorization": f"Bearer {run.key}"}
        self._run = run

    async def told(self, method: str, path: str, **more: Any) -> Any:
        async with self._session.request(method, self._address + path, headers=self._headers, **more) as reply:
            return await reply.json()

    async def stored(self) -> dict[str, Any]:
        return await self.told("GET", f"/v1/workflows/run/{self._run.run_id}")

    async def message(self) -> dict[str, Any]:
        user, conversation = self._run.user, self._run.conversation_id
        return (await self.told("GET", f"/v1/messages?user={user}&conversation_id={conversation}"))["data"][0]

    async def token(self) -> str:
        """Of its form, as somebody learns it who comes only now."""
        path = f"/v1/workflow/{self._run.run_id}/events?user={self._run.user}&include_state_snapshot=true"
        async with (
            self._session.get(self._address + path, headers=self._headers) as reply,
            aclosing(events(reply)) as told,
        ):
            return form_token([event async for event in told])

    async def ended(self) -> dict[str, Any]:
        until = asyncio.get_running_loop().time() + WAITS
        while (stored := await self.stored())["status"] in {"running", "paused"}:
            if asyncio.get_running_loop().time() > until:
                break
            await asyncio.sleep(0.1)
        return stored


async def flow_broken(
    session: aiohttp.ClientSession, address: str, run: FlowRun, *, forgotten: bool
) -> AsyncGenerator[str, None]:
    asked = Asked(session, address, run)
    stored = await asked.stored()
    if run.key == FORM_KEY and stored.get("status") == "paused" and not run.answered:
        token = await asked.token()
        await asked.told("POST", f"/v1/form/human_input/{token}", json=filling(run.name, run.user))
        stored = await asked.ended()
    if "status" not in stored:
        yield "the run is lost"
        return
    if stored["status"] == "failed" and stored["error"] == CUT_OFF and not finished(run):
        return  # before the end of its first node was written down
    if stored["status"] != "succeeded":
        yield f"it is {stored['status']}: {stored.get('error')}"
        return
    outputs = {"text": WHOLE, "word": run.name, "last": "3"}
    if run.key == FORM_KEY:
        answer = (await asked.message())["answer"]
        if answer != said(run.name):
            yield f"{answer!r} is stored"
        outputs = {"answer": answer}
    if stored["outputs"] != outputs and run.key != FORM_KEY:
        yield f"{stored['outputs']!r} is stored"
    for heard in run.readers:
        for why in misheard(heard, run, outputs, forgotten=forgotten):
            yield why


def finished(run: FlowRun) -> bool:
    """Whether anybody heard that a step has ended."""
    return any("step1" in ended(heard) for heard in run.readers)


def misheard(heard: Heard, run: FlowRun, outputs: dict[str, Any], *, forgotten: bool) -> Iterator[str]:
    """What one reader was told that it should not have been. `forgotten`: whether the bus was emptied meanwhile."""
    nodes = FORM_NODES if run.key == FORM_KEY else FLOW_NODES
    over = bool(heard) and heard[-1]["event"] == "workflow_finished"
    ran = ended(heard)
    if ran != [name for name in nodes if name in ran]:
        yield f"heard of nodes twice, or not in order: {ran}"
    if sum(event["event"] == "workflow_finished" for event in heard) > 1:
        yield "two ends"
    if over and run.key != FORM_KEY and heard[-1]["data"]["outputs"] != outputs:
        yield f"finished with {heard[-1]['data']['outputs']!r}"
    if forgotten:
        return
    if heard and heard[-1]["event"] == "error":
        yield f"told of an error: {heard[-1]}"
    if ran != nodes[: len(nodes) if over else len(ran)]:
        yield f"heard of nodes {ran}"
    text, whole = spoken(heard), "\n".join(outputs.values())
    if not whole.startswith(text) or (over and text != whole):
        yield f"heard {text!r}"


def ended(heard: Heard) -> list[str]:
    """Nodes whose end was heard, in their order. One that was not written down is told again."""
    ran = [event["data"]["node_id"] for event in heard if event["event"] == "node_finished"]
    return [name for name, _ in groupby(ran)]


def spoken(heard: Heard) -> str:
    """What was said, as a client shows it."""
    text = ""
    for event in heard:
        match event["event"]:
            case "message":
                text += event["answer"]
            case "text_chunk":
                text += event["data"]["text"]
            case "message_replace":
                text = event["answer"]
            case "text_replace":
                text = event["data"]["text"]
            case _:
                pass
    return text
