"""A database in use: one writer that commits in groups, and a few readers. Knows no table, nor what kind it is.

Whatever waits while the disk is busy shares the next commit, so a hundred answers that end together cost one fsync.

Work of one kind also shares its statements. Each call into a database lets the interpreter's lock go, and beside a busy
event loop it takes up to the interpreter's switch interval (5 ms, unless the process shortens it) to get it back: two
hundred calls a commit would be a second, six are nothing.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from uuid import uuid4

from msgspec import Struct

from parlour.domain.problems import StoreUnavailable
from parlour.stores.sql.connection import Joint, Result, Row, Work
from parlour.stores.sql.groups import Refusals, each
from parlour.stores.sql.lanes import Lane, Run, Unit
from parlour.stores.sql.nearest import Nearest
from parlour.stores.sql.wording import Wording

LARGEST_GROUP = 500
"""Writes in one transaction, so that none waits long for those after it."""

LARGEST_LOOK = 8
"""Reads that one reader takes at once, so that few wait behind a slow one while another reader is free."""


class Opened(Struct, frozen=True):
    """What a kind of database brings."""

    kind: str
    alone: bool
    """Whether one process at most serves it."""
    commit: Run
    look_ups: Sequence[Run]
    """One for each reader."""
    held: contextlib.ExitStack
    """What is to be closed in the end."""
    look: Work[object]
    """The least that it can be asked."""
    changes: Work[int]
    """Another number whenever another process has written; asked of the writer."""
    changes_before: int
    failures: Refusals
    """How it fails by itself."""
    wording: Wording
    nearest: Nearest | None = None
    """What it has to find vectors by."""


class Database:
    """See the module's text."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._changes = opened.changes_before
        self.wording, self.nearest = opened.wording, opened.nearest
        self.alone = opened.alone
        self.replica = uuid4().hex
        """The name of this process among those on the database."""
        self._closing = False
        self._writes = Lane(f"{opened.kind}-writer", [opened.commit], LARGEST_GROUP)
        self._reads = Lane(f"{opened.kind}-reader", opened.look_ups, LARGEST_LOOK)

    async def write(self, work: Work[Result]) -> Result:
        """Do it in the next transaction; durable when this returns. Once accepted it is done, awaited or not."""
        return await self.join(each, work)

    async def join(self, joint: Joint[Row, Result], row: Row) -> Result:
        """As `write`, together with the rows that others bring to the same joint work at this time."""
        waiting = asyncio.get_running_loop().create_future()
        self._writes.put(Unit(joint, row, waiting))
        return await waiting

    async def read(self, work: Work[Result], *, alone: bool = False) -> Result:
        """Do it on a read-only connection, which sees all that was written before. `alone`: it takes long."""
        waiting = asyncio.get_running_loop().create_future()
        self._reads.put(Unit(each, work, waiting, alone))
        return await waiting

    @property
    def queued(self) -> int:
        """About how many writes wait for their transaction."""
        return self._writes.queued

    async def changed(self) -> bool:
        """Whether another process has written since this was last asked."""
        before, self._changes = self._changes, await self.write(self._opened.changes)
        return self._changes != before

    async def check(self) -> None:
        """Return if it takes writes and reads.

        Raises:
            StoreUnavailable, ShuttingDown: it does not.
        """
        try:
            await self.write(self._opened.look)
            await self.read(self._opened.look)
        except self._opened.failures as error:
            raise StoreUnavailable(f"The database cannot be used ({error}).") from error

    async def close(self) -> None:
        """Do what is queued, then let go of the database."""
        if self._closing:
            return
        self._closing = True
        self._writes.end()
        self._reads.end()
        await asyncio.to_thread(self._finish)

    def _finish(self) -> None:
        self._writes.wait()
        self._reads.wait()
        self._opened.held.close()
