"""What is still to be indexed, in SQL: the port `Indexing`, one transaction a call. Knows no threads.

Whoever takes work holds it until a time; a worker that died lets go of it by that alone.
"""

from collections.abc import Callable

import msgspec

from parlour.domain.dataset import Place
from parlour.domain.passages import UNDONE, Progress
from parlour.ports.passages import ReplyTask, Task, Work, Written
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.database import Database
from parlour.stores.sql.segments import put

# The second look at the time is for two who take at once: the one that comes later gets nothing.
TAKE = """
UPDATE indexing SET worker = :worker, held_until = :until
WHERE sequence = (SELECT sequence FROM indexing WHERE held_until <= :now OR worker = :worker ORDER BY sequence LIMIT 1)
  AND (held_until <= :now OR worker = :worker)
RETURNING document_id, (
    SELECT datasets.tenant FROM documents JOIN datasets ON datasets.id = documents.dataset_id
    WHERE documents.id = document_id
  ), (SELECT dataset_id FROM documents WHERE documents.id = document_id), app_id
"""

HOLD = "UPDATE indexing SET held_until = :until WHERE document_id = :document_id AND worker = :worker"
HOLD_APP = "UPDATE indexing SET held_until = :until WHERE app_id = :app_id AND worker = :worker"
DROP = "DELETE FROM indexing WHERE document_id = :document_id AND worker = :worker"
ADVANCE = """
UPDATE documents SET status = :status, words = :words, progress = :progress WHERE id = :document_id RETURNING sequence
"""
CLEAR = "DELETE FROM segments WHERE document_id = :document_id"


class SqlIndexing:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, worker: str, now: float, until: float) -> Work | None:
        asked = {"worker": worker, "now": now, "until": until}
        rows: list[tuple[str, str, str, str | None]] = await self._database.write(
            lambda connection: connection.execute(TAKE, asked).fetchall()
        )
        for document_id, tenant, dataset_id, app_id in rows:
            return Task(Place(tenant, dataset_id), document_id) if app_id is None else ReplyTask(app_id)
        return None

    async def hold(self, task: Work, worker: str, until: float) -> bool:
        asked = {"worker": worker, "until": until}
        if isinstance(task, ReplyTask):
            asked, held = asked | {"app_id": task.app_id}, HOLD_APP
        else:
            asked, held = asked | {"document_id": task.document_id}, HOLD
        return bool(await self._database.write(lambda connection: connection.execute(held, asked).rowcount))

    async def advance(self, task: Task, worker: str, progress: Progress, until: float) -> bool:
        return await self._step(task, worker, progress, until, lambda _connection, _document: None)

    async def lay_out(self, task: Task, worker: str, written: Written, progress: Progress, until: float) -> bool:
        def lay(connection: Connection, document: int) -> None:
            connection.execute(CLEAR, {"document_id": task.document_id})
            put(connection, task.place, document, task.document_id, written)

        return await self._step(task, worker, progress, until, lay)

    async def complete(self, task: Task, worker: str, written: Written, progress: Progress, until: float) -> bool:
        def write(connection: Connection, document: int) -> None:
            put(connection, task.place, document, task.document_id, written)

        return await self._step(task, worker, progress, until, write)

    async def _step(
        self,
        task: Task,
        worker: str,
        progress: Progress,
        until: float,
        doing: Callable[[Connection, int], None],
    ) -> bool:
        row = {
            "document_id": task.document_id,
            "worker": worker,
            "until": until,
            "status": progress.status,
            "words": progress.words,
            "progress": msgspec.json.encode(progress).decode(),
        }
        held = HOLD if progress.status in UNDONE else DROP

        def work(connection: Connection) -> bool:
            if not connection.execute(held, row).rowcount:
                return False
            document: int = connection.execute(ADVANCE, row).fetchall()[0][0]
            doing(connection, document)
            return True

        return await self._database.write(work)
