"""Asking a cluster, wherever, and writing down what was promised. Knows no app and no fault."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from random import Random
from typing import Any

import aiohttp
from msgspec import Struct, field

from tests.process.conftest import KEY

BROKEN = (aiohttp.ClientError, TimeoutError, ConnectionError)
LAST = {"message_end", "error"}
"""What ends the stream of a chat."""
PATIENCE = 40.0
"""Seconds in which a reader tries to read on."""
Heard = list[dict[str, Any]]


class Question(Struct):
    """One that was accepted, and what its readers heard."""

    user: str
    query: str
    conversation_id: str
    message_id: str
    task_id: str
    readers: list[Heard] = []
    answer: str | None = None
    """Of a blocking reply."""
    stopped: bool = False
    upload: "Upload | None" = None
    """The file that it holds."""


class Upload(Struct):
    user: str
    id: str
    content: bytes


class FlowRun(Struct):
    """A run of a flow that was accepted, and what its readers heard."""

    key: str
    user: str
    name: str
    """What it was asked, like no other."""
    task_id: str
    run_id: str
    readers: list[Heard]
    conversation_id: str = ""
    answered: bool = False
    """Whether the answer to its form was accepted."""
    since: float = field(default_factory=time.monotonic)
    until: float = 0.0
    """When its readers had done."""


class Ledger(Struct):
    """What was promised."""

    requests: int = 0
    questions: list[Question] = []
    uploads: list[Upload] = []
    flows: list[FlowRun] = []
    refused: Counter[str] = field(default_factory=Counter)
    """Answers that promise nothing, by their status."""


class Calls:
    """Each request goes to any of the replicas."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.ledger = Ledger()
        self._addresses = addresses
        timeout = aiohttp.ClientTimeout(total=90, sock_connect=5, sock_read=30)
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def close(self) -> None:
        await self._session.close()

    def ask(self, random: Random, method: str, path: str, key: str = KEY, **more: Any) -> Any:
        """A reply, to be entered; `more` as the client takes it."""
        self.ledger.requests += 1
        headers = {"Authorization": f"Bearer {key}"}
        return self._session.request(method, random.choice(self._addresses) + path, headers=headers, **more)

    async def refused(self, why: object) -> None:
        self.ledger.refused[str(why)] += 1
        await asyncio.sleep(0.2)

    async def read_on(
        self, random: Random, run: Question | FlowRun, heard: Heard, last: Iterable[str] = LAST, key: str = KEY
    ) -> None:
        """From where it was cut off, wherever, until its end or until nobody knows of it any more."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while not ended(heard, last) and asyncio.get_running_loop().time() < until:
            path = f"/v1/runs/{run.task_id}/events?user={run.user}&after={len(heard)}"
            try:
                async with self.ask(random, "GET", path, key) as reply, aclosing(events(reply)) as told:
                    if reply.status != 200:
                        await self.refused(reply.status)
                        continue
                    async for event in told:
                        heard.append(event)
            except BROKEN as error:
                await self.refused(type(error).__name__)
            else:
                await asyncio.sleep(0 if ended(heard, last) else 0.2)


async def events(reply: aiohttp.ClientResponse) -> AsyncGenerator[dict[str, Any], None]:
    if reply.status != 200:
        return
    async for line in reply.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def ended(heard: Sequence[dict[str, Any]], last: Iterable[str] = LAST) -> bool:
    return bool(heard) and heard[-1]["event"] in last


def text(heard: Sequence[dict[str, Any]]) -> str:
    return "".join(event["answer"] for event in heard if event["event"] == "message")
