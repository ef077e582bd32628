"""Clients of the flows: one reads a workflow, one fills the form of a chatflow, or leaves it. Know the wire alone."""

import asyncio
import time
from contextlib import aclosing
from random import Random
from typing import Any

from tests.chaos.apps import FLOW_KEY, FORM_KEY
from tests.chaos.calls import BROKEN, PATIENCE, Calls, FlowRun, Heard, events

END = {"workflow_finished", "error"}
PAUSE = {"workflow_paused", *END}


class Flows:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def run(self, random: Random, user: str, name: str) -> None:
        """A workflow, by one reader or two."""
        run = await self._begun(random, user, name, FLOW_KEY, "/v1/workflows/run", {"inputs": {"word": name}})
        if run is not None:
            await self._read_on(random, run)
            run.until = time.monotonic()

    async def ask(self, random: Random, user: str, name: str) -> None:
        """A chatflow up to its form; some fill it after a while."""
        run = await self._begun(random, user, name, FORM_KEY, "/v1/chat-messages", {"query": name})
        if run is None:
            return
        (heard,) = run.readers
        await self._calls.read_on(random, run, heard, PAUSE, run.key)
        token = form_token(heard)
        if heard[-1]["event"] == "workflow_paused" and token and random.random() < 0.8:
            await asyncio.sleep(random.uniform(0, 3))
            run.answered = await self._fill(random, run, token)
            await self._read_on(random, run)
        run.until = time.monotonic()

    async def _begun(
        self, random: Random, user: str, name: str, key: str, path: str, body: dict[str, Any]
    ) -> FlowRun | None:
        """One that was accepted, read for as long as its first connection holds."""
        heard: Heard = []
        run: FlowRun | None = None
        try:
            asked = self._calls.ask(
                random, "POST", path, key, json={"inputs": {}, **body, "user": user, "response_mode": "streaming"}
            )
            async with asked as reply, aclosing(events(reply)) as told:
                if reply.status != 200:
                    await self._calls.refused(reply.status)
                    return None
                async for event in told:
                    heard.append(event)
                    if run is None:
                        ids = (event["task_id"], event["workflow_run_id"])
                        run = FlowRun(key, user, name, *ids, [heard], event.get("conversation_id", ""))
                        self._calls.ledger.flows.append(run)
        except BROKEN as error:
            await self._calls.refused(type(error).__name__)
        return run

    async def _read_on(self, random: Random, run: FlowRun) -> None:
        """Whoever has read it until now, and another from its beginning."""
        run.readers.append([])
        await asyncio.gather(*(self._calls.read_on(random, run, heard, END, run.key) for heard in run.readers))

    async def _fill(self, random: Random, run: FlowRun, token: str) -> bool:
        until = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < until:
            try:
                filled = self._calls.ask(
                    random, "POST", f"/v1/form/human_input/{token}", run.key, json=filling(run.name, run.user)
                )
                async with filled as reply:
                    if reply.status in {200, 412}:  # or by the request before, whose answer was not heard
                        return True
                    await self._calls.refused(reply.status)
            except BROKEN as error:
                await self._calls.refused(type(error).__name__)
        return False


def form_token(heard: Heard) -> str:
    asked = [event["data"]["form_token"] for event in heard if event["event"] == "human_input_required"]
    return asked[-1] if asked else ""


def filling(note: str, user: str) -> dict[str, Any]:
    return {"inputs": {"note": note}, "action": "yes", "user": user}
