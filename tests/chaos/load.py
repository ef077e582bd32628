"""Clients that ask, read, lose their connection and read on elsewhere, and write down all that they were told.

Know the wire and nothing else: what was promised to them is held against what they find when all is over.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from random import Random
from typing import Any

import aiohttp
from msgspec import Struct, field

from tests.process.conftest import KEY

WORDS = 40
SCRIPT = {
    "rules": [
        {"purpose": "title", "say": ["A name"]},
        {"say": [f"{number} " for number in range(WORDS)], "delay_ms": 20},
    ]
}
"""Every answer counts: so what is missing, doubled or out of order in it can be seen."""
WHOLE = "".join(f"{number} " for number in range(WORDS))
BROKEN = (aiohttp.ClientError, TimeoutError, ConnectionError)
LAST = {"message_end", "error"}
PATIENCE = 25.0
"""Seconds in which a reader tries to read on."""


class Question(Struct):
    """One that was accepted, and what its readers heard."""

    user: str
    query: str
    conversation_id: str
    message_id: str
    task_id: str
    readers: list[list[dict[str, Any]]] = []
    answer: str | None = None
    """Of a blocking reply."""
    stopped: bool = False


class Upload(Struct):
    user: str
    id: str
    content: bytes


class Ledger(Struct):
    """What was promised."""

    requests: int = 0
    questions: list[Question] = []
    uploads: list[Upload] = []
    refused: Counter[str] = field(default_factory=Counter)
    """Answers that promise nothing, by their status."""


class Load:
    """So many clients at a time, until they are told to end."""

    def __init__(self, addresses: Sequence[str], seed: int) -> None:
        self.ledger = Ledger()
        self._addresses = addresses
        self._seed = seed
        self._over = False
        timeout = aiohttp.ClientTimeout(total=60, sock_connect=5, sock_read=30)
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}, timeout=timeout)

    async def run(self, clients: int) -> None:
        await asyncio.gather(*(self._client(number) for number in range(clients)))

    def end(self) -> None:
        self._over = True

    async def close(self) -> None:
        await self._session.close()

    async def _client(self, number: int) -> None:
        random, user, asked = Random(f"{self._seed} {number}"), f"user-{number}", 0  # noqa: S311
        while not self._over:
            asked += 1
            query = f"{user} asks {asked}"
            do = random.choices((self._streamed, self._blocking, self._uploaded), (8, 1, 1))[0]
            try:
                await do(random, user, query)
            except BROKEN as error:
                self.ledger.refused[type(error).__name__] += 1
                await asyncio.sleep(0.2)

    def _address(self, random: Random, path: str) -> str:
        self.ledger.requests += 1
        return random.choice(self._addresses) + path

    async def _blocking(self, random: Random, user: str, query: str) -> None:
        body = {"query": query, "user": user}
        async with self._session.post(self._address(random, "/v1/chat-messages"), json=body) as reply:
            told = await reply.json()
            if reply.status != 200:
                await self._refused(reply.status)
                return
        ids = (told["conversation_id"], told["message_id"], told["task_id"])
        self.ledger.questions.append(Question(user, query, *ids, answer=told["answer"]))

    async def _uploaded(self, random: Random, user: str, query: str) -> None:
        form = aiohttp.FormData({"user": user})
        form.add_field("file", query.encode(), filename="a.txt", content_type="text/plain")
        async with self._session.post(self._address(random, "/v1/files/upload"), data=form) as reply:
            told = await reply.json()
            if reply.status != 201:
                await self._refused(reply.status)
                return
        self.ledger.uploads.append(Upload(user, told["id"], query.encode()))

    async def _refused(self, status: int) -> None:
        self.ledger.refused[str(status)] += 1
        await asyncio.sleep(0.2)

    async def _streamed(self, random: Random, user: str, query: str) -> None:
        body = {"query": query, "user": user, "response_mode": "streaming"}
        heard: list[dict[str, Any]] = []
        asked = self._session.post(self._address(random, "/v1/chat-messages"), json=body)
        others: list[asyncio.Task[None]] = []
        question: Question | None = None
        try:
            async with asked as reply, aclosing(events(reply)) as told:
                if reply.status != 200:
                    await self._refused(reply.status)
                    return
                async for event in told:
                    heard.append(event)
                    if question is None:
                        ids = (event["conversation_id"], event["message_id"], event["task_id"])
                        question = Question(user, query, *ids, readers=[heard])
                        self.ledger.questions.append(question)
                        others = self._others(random, question)
        except BROKEN as error:
            self.ledger.refused[type(error).__name__] += 1
        if question is not None:
            await self._read_on(random, question, heard)
            await asyncio.gather(*others)

    def _others(self, random: Random, question: Question) -> list[asyncio.Task[None]]:
        """Another reader, or somebody who stops it, at whichever replica."""
        if random.random() < 0.25:
            heard: list[dict[str, Any]] = []
            question.readers.append(heard)
            return [asyncio.create_task(self._read_on(random, question, heard))]
        if random.random() < 0.15:
            return [asyncio.create_task(self._stop(random, question))]
        return []

    async def _stop(self, random: Random, question: Question) -> None:
        await asyncio.sleep(random.random() / 2)
        path = f"/v1/chat-messages/{question.task_id}/stop"
        try:
            async with self._session.post(self._address(random, path), json={"user": question.user}) as reply:
                question.stopped |= reply.status == 200
        except BROKEN as error:
            question.stopped = True  # or not: nobody knows
            self.ledger.refused[type(error).__name__] += 1

    async def _read_on(self, random: Random, question: Question, heard: list[dict[str, Any]]) -> None:
        """From where it was cut off, wherever, until its end or until nobody knows of it any more."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while not ended(heard) and asyncio.get_running_loop().time() < until:
            path = f"/v1/runs/{question.task_id}/events?user={question.user}&after={len(heard)}"
            try:
                reply = await self._session.get(self._address(random, path))
                async with reply, aclosing(events(reply)) as told:
                    if reply.status != 200:
                        await self._refused(reply.status)
                        continue
                    async for event in told:
                        heard.append(event)  # noqa: PERF401 -- what was heard before a failure counts
            except BROKEN as error:
                self.ledger.refused[type(error).__name__] += 1
                await asyncio.sleep(0.2)


async def events(reply: aiohttp.ClientResponse) -> AsyncGenerator[dict[str, Any], None]:
    if reply.status != 200:
        return
    async for line in reply.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def ended(heard: Sequence[dict[str, Any]]) -> bool:
    return bool(heard) and heard[-1]["event"] in LAST


def text(heard: Sequence[dict[str, Any]]) -> str:
    return "".join(event["answer"] for event in heard if event["event"] == "message")
