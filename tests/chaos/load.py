"""Clients that ask, read, lose their connection and read on elsewhere, and write down all that they were told.

Know the wire and nothing else: what was promised to them is held against what they find when all is over.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from random import Random
from typing import Any

import aiohttp

from tests.chaos.calls import BROKEN, Calls, Heard, Question, Upload, events
from tests.chaos.flows import Flows


class Load:
    """So many clients at a time, until they are told to end."""

    def __init__(self, addresses: Sequence[str], seed: int) -> None:
        self.calls = Calls(addresses)
        self.ledger = self.calls.ledger
        self._flows = Flows(self.calls)
        self._seed = seed
        self._over = False

    async def run(self, clients: int) -> None:
        await asyncio.gather(*(self._client(number) for number in range(clients)))

    def end(self) -> None:
        self._over = True

    async def _client(self, number: int) -> None:
        random, user, asked = Random(f"{self._seed} {number}"), f"user-{number}", 0  # noqa: S311
        ways = (self._streamed, self._blocking, self._filed, self._flows.run, self._flows.ask)
        while not self._over:
            asked += 1
            do = random.choices(ways, (4, 1, 1, 4, 2))[0]
            try:
                await do(random, user, f"{user} asks {asked}")
            except BROKEN as error:
                await self.calls.refused(type(error).__name__)

    async def _blocking(self, random: Random, user: str, query: str, upload: Upload | None = None) -> None:
        body = {"query": query, "user": user, "files": files(upload)}
        async with self.calls.ask(random, "POST", "/v1/chat-messages", json=body) as reply:
            told = await reply.json()
            if reply.status != 200:
                await self.calls.refused(reply.status)
                return
        ids = (told["conversation_id"], told["message_id"], told["task_id"])
        self.ledger.questions.append(Question(user, query, *ids, answer=told["answer"], upload=upload))

    async def _filed(self, random: Random, user: str, query: str) -> None:
        """A file, and at another replica a question that holds it."""
        form = aiohttp.FormData({"user": user})
        form.add_field("file", query.encode(), filename="a.txt", content_type="text/plain")
        async with self.calls.ask(random, "POST", "/v1/files/upload", data=form) as reply:
            told = await reply.json()
            if reply.status != 201:
                await self.calls.refused(reply.status)
                return
        self.ledger.uploads.append(upload := Upload(user, told["id"], query.encode()))
        await random.choice((self._streamed, self._blocking))(random, user, query, upload)

    async def _streamed(self, random: Random, user: str, query: str, upload: Upload | None = None) -> None:
        body = {"query": query, "user": user, "response_mode": "streaming", "files": files(upload)}
        heard: Heard = []
        others: list[asyncio.Task[None]] = []
        question: Question | None = None
        try:
            asked = self.calls.ask(random, "POST", "/v1/chat-messages", json=body)
            async with asked as reply, aclosing(events(reply)) as told:
                if reply.status != 200:
                    await self.calls.refused(reply.status)
                    return
                async for event in told:
                    heard.append(event)
                    if question is None:
                        ids = (event["conversation_id"], event["message_id"], event["task_id"])
                        question = Question(user, query, *ids, readers=[heard], upload=upload)
                        self.ledger.questions.append(question)
                        others = self._others(random, question)
        except BROKEN as error:
            await self.calls.refused(type(error).__name__)
        if question is not None:
            await self.calls.read_on(random, question, heard)
            await asyncio.gather(*others)

    def _others(self, random: Random, question: Question) -> list[asyncio.Task[None]]:
        """Another reader, or somebody who stops it, at whichever replica."""
        if random.random() < 0.25:
            heard: Heard = []
            question.readers.append(heard)
            return [asyncio.create_task(self.calls.read_on(random, question, heard))]
        if random.random() < 0.15:
            return [asyncio.create_task(self._stop(random, question))]
        return []

    async def _stop(self, random: Random, question: Question) -> None:
        await asyncio.sleep(random.random() / 2)
        path = f"/v1/chat-messages/{question.task_id}/stop"
        try:
            async with self.calls.ask(random, "POST", path, json={"user": question.user}) as reply:
                question.stopped |= reply.status == 200
        except BROKEN as error:
            question.stopped = True  # or not: nobody knows
            await self.calls.refused(type(error).__name__)


def files(upload: Upload | None) -> list[dict[str, Any]]:
    if upload is None:
        return []
    return [{"type": "document", "transfer_method": "local_file", "upload_file_id": upload.id}]
