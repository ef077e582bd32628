"""What must hold whatever has happened: held from outside, by the wire, when all faults are over. Knows no fault."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import aiohttp
import psycopg

from tests.chaos.load import LAST, WHOLE, Ledger, Question, text
from tests.process.conftest import KEY

SETTLED = 40.0
"""Seconds after the last fault in which every run must have ended."""


async def losses(ledger: Ledger, address: str, files: str) -> list[str]:
    """Every promise that was not kept. `files`: where those of users lie, by their ids."""
    found: list[str] = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
        for question in ledger.questions:
            found += [f"{question.query}: {why}" async for why in broken(session, address, question)]
        for upload in ledger.uploads:
            async with session.get(f"{files}/{upload.id}") as reply:
                if await reply.read() != upload.content:
                    found.append(f"upload {upload.id}: {reply.status}")
    return found


async def broken(session: aiohttp.ClientSession, address: str, question: Question) -> AsyncGenerator[str, None]:
    path = f"/v1/messages?user={question.user}&conversation_id={question.conversation_id}"
    async with session.get(address + path) as reply:
        page = (await reply.json()).get("data", [])
    stored = next((message for message in page if message["id"] == question.message_id), None)
    if stored is None or stored["query"] != question.query:
        yield "the question is lost"
        return
    if question.answer is not None and stored["answer"] != question.answer:
        yield f"answered {question.answer!r}, and {stored['answer']!r} is stored"
    if stored["status"] == "normal" and stored["answer"] != WHOLE and not question.stopped:
        yield f"ended early: {stored['answer']!r}"
    for heard in question.readers:
        for why in misheard(heard, stored):
            yield why


def misheard(heard: Sequence[dict[str, Any]], stored: dict[str, Any]) -> list[str]:
    """What one reader was told that it should not have been."""
    why: list[str] = []
    said = text(heard)
    if not WHOLE.startswith(said):
        why.append(f"heard twice, or not in order: {said!r}")
    if sum(event["event"] in LAST for event in heard) > 1:
        why.append("two ends")
    if heard and heard[-1]["event"] == "message_end" and (stored["answer"] != said or stored["status"] != "normal"):
        why.append(f"finished with {said!r}, and {stored['status']} {stored['answer']!r} is stored")
    return why


async def none_runs(url: str) -> int:
    """How many runs have not ended after a while."""

    def running() -> int:
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT count(*) FROM parlour.messages WHERE status = 'running'").fetchone()
            return found[0] if found else 0

    until = asyncio.get_running_loop().time() + SETTLED
    while (  # noqa: ASYNC110 -- what is waited for is in another process
        left := await asyncio.to_thread(running)
    ) and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.5)
    return left
