"""A user is forgotten: what was said and run, the files, and what still goes on. Knows no store and no route.

In small pieces with a breath between them, as what is old goes (`pruning.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable

from parlour.domain.message import Owner
from parlour.domain.oversight import Erased
from parlour.ports.blobs import Blobs
from parlour.ports.oversight import Erasure
from parlour.ports.retention import Retention

PIECE = 20
"""Conversations in one transaction: each may have many messages."""
BREATH = 0.02
"""As in `pruning.py`; what was still going on when its row went has ended by then."""

Forget = Callable[[str], Awaitable[None]]


async def erase(erasure: Erasure, retention: Retention, blobs: Blobs, forget: Forget, owner: Owner) -> Erased:
    """Let go of everything of a user of an app. `forget` ends and hides the runs of a conversation, or of a task."""
    total = Erased()
    while (gone := await erasure.piece(owner, PIECE)).erased != Erased():
        total += gone.erased
        for name in (*gone.conversations, *gone.tasks):
            await forget(name)
        await asyncio.sleep(BREATH)
    while names := await retention.uploads(0.0, PIECE):  # none is that old: those that were given up
        for name in names:
            await blobs.delete(name)
        await retention.deleted(names)
    return total
