"""What must hold whatever has happened: held from outside, by the wire, when all faults are over. Knows no fault."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import aiohttp
import psycopg

from tests.chaos.apps import WHOLE
from tests.chaos.calls import LAST, Heard, Ledger, Question, Upload, text
from tests.chaos.flow_invariant import flow_broken
from tests.process.conftest import KEY

UNTOLD = 3.0
"""Seconds after which replicas tell Valkey again what runs say, once it is back."""
SETTLED = 40.0
"""Seconds after the last fault in which every run must have ended."""


async def losses(ledger: Ledger, address: str, files: str, forgotten: Sequence[float]) -> list[str]:
    """Every promise that was not kept. `files`: where those of users lie, by their ids.

    `forgotten`: when the bus was emptied. Who reads a flow then that is taken up elsewhere may miss some of it.
    """
    found: list[str] = []

    async def hold(name: str, kept: AsyncGenerator[str, None]) -> None:
        async with aclosing(kept) as said:
            found.extend([f"{name}: {why}" async for why in said])

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=16)) as session:
        gaps = [any(run.since - UNTOLD < at < run.until for at in forgotten) for run in ledger.flows]
        await asyncio.gather(
            *(hold(one.query, broken(session, address, one)) for one in ledger.questions),
            *(
                hold(run.name, flow_broken(session, address, run, forgotten=gap))
                for run, gap in zip(ledger.flows, gaps, strict=True)
            ),
            *(hold(f"upload {one.id}", absent(session, files, one)) for one in ledger.uploads),
        )
    return found


async def absent(session: aiohttp.ClientSession, files: str, upload: Upload) -> AsyncGenerator[str, None]:
    async with session.get(f"{files}/{upload.id}", headers={"Authorization": f"Bearer {KEY}"}) as reply:
        if await reply.read() != upload.content:
            yield f"{reply.status}"


async def broken(session: aiohttp.ClientSession, address: str, question: Question) -> AsyncGenerator[str, None]:
    path = f"/v1/messages?user={question.user}&conversation_id={question.conversation_id}"
    async with session.get(address + path, headers={"Authorization": f"Bearer {KEY}"}) as reply:
        page = (await reply.json()).get("data", [])
    stored = next((message for message in page if message["id"] == question.message_id), None)
    if stored is None or stored["query"] != question.query:
        yield "the question is lost"
        return
    if question.answer is not None and stored["answer"] != question.answer:
        yield f"answered {question.answer!r}, and {stored['answer']!r} is stored"
    if stored["status"] == "normal" and stored["answer"] != WHOLE and not question.stopped:
        yield f"ended early: {stored['answer']!r}"
    if question.upload is not None and await shown(session, stored) != [question.upload.content]:
        yield "its file is lost"
    for heard in question.readers:
        for why in misheard(heard, stored):
            yield why


async def shown(session: aiohttp.ClientSession, stored: dict[str, Any]) -> list[bytes]:
    """The files of a message, as whoever reads it finds them."""
    found: list[bytes] = []
    for file in stored["message_files"]:
        async with session.get(file["url"]) as reply:
            found.append(await reply.read())
    return found


def misheard(heard: Heard, stored: dict[str, Any]) -> list[str]:
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
            found = connection.execute(
                "SELECT (SELECT count(*) FROM parlour.messages WHERE status = 'running') + "
                "(SELECT count(*) FROM parlour.workflow_runs WHERE status = 'running' AND message_id = '')"
            ).fetchone()
            return found[0] if found else 0

    until = asyncio.get_running_loop().time() + SETTLED
    while (  # noqa: ASYNC110 -- what is waited for is in another process
        left := await asyncio.to_thread(running)
    ) and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.5)
    return left
