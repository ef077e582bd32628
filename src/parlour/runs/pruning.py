"""What is old goes: runs of graphs, messages and what hangs on them, uploads and their bytes, keys that have expired.

In small pieces with a breath between them, so that a chat beside it waits for one piece at most. Knows no store.
"""

import asyncio
from collections.abc import Awaitable, Callable

from parlour.ports.blobs import Blobs
from parlour.ports.retention import Pruned, Retention

PIECE = 100
"""Messages in one transaction: a few milliseconds of the writer's time."""

BREATH = 0.02
"""Seconds between two. Beside a server this may be another process, and SQLite gives its lock to whoever asks at the
right moment: one that asked all the time would keep the other out."""

Told = Callable[[Pruned], None]
Sleep = Callable[[float], Awaitable[object]]


async def prune(
    retention: Retention,
    blobs: Blobs,
    before: float,
    now: float,
    *,
    told: Told = lambda _: None,
    sleep: Sleep = asyncio.sleep,
) -> Pruned:
    """Let go of everything of the time before; `told` hears again and again how much has gone so far."""
    total = Pruned()
    while runs := await retention.runs(before, PIECE):  # first: a conversation would take its own along, uncounted
        total += Pruned(runs=runs)
        told(total)
        await sleep(BREATH)
    while True:
        some = await retention.messages(before, PIECE)
        if not some.messages:
            break
        total += some
        told(total)
        await sleep(BREATH)
    while names := await retention.uploads(before, PIECE):
        for name in names:
            await blobs.delete(name)
        await retention.deleted(names)
        total += Pruned(uploads=len(names))
        told(total)
        await sleep(BREATH)
    while keys := await retention.keys(now, PIECE):
        total += Pruned(keys=keys)
        told(total)
        await sleep(BREATH)
    return total


def counted(pruned: Pruned) -> str:
    """The numbers in words."""
    return (
        f"{pruned.messages} messages, {pruned.conversations} conversations, {pruned.feedbacks} feedbacks, "
        f"{pruned.uploads} files, {pruned.runs} runs of flows, {pruned.keys} keys of repeated requests"
    )
