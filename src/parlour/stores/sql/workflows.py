"""Runs of graphs in SQL: the port `Workflows`, one transaction a call. Knows no threads and no files."""

from msgspec import json, structs

from parlour.domain.claim import Claim
from parlour.domain.problems import AlreadyBegun
from parlour.domain.workflow_run import LogPage, LogQuery, WorkflowRun, searched
from parlour.stores.sql.claims import TAKE
from parlour.stores.sql.claims import row_of as claim_row
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database

OPEN = """
INSERT INTO workflow_runs
    (id, app_id, user, message_id, conversation_id, status, created_at, searched, run, task_id, replica)
VALUES (:id, :app_id, :user, :message_id, :conversation_id, :status, :created_at, :searched, :run, :task_id, :replica)
"""

# The same for any number of rows (`fill`), each with the message that it answers; without that it is left out.
ADD_ANSWERING = """
INSERT INTO workflow_runs
    (id, app_id, user, message_id, conversation_id, status, created_at, searched, run, task_id, replica)
WITH asked (id, app_id, user, message_id, conversation_id, status, created_at, searched, run, task_id, replica)
    AS (VALUES {rows})
SELECT * FROM asked WHERE EXISTS (SELECT 1 FROM messages WHERE messages.id = asked.message_id)
"""

CLOSE = """
UPDATE workflow_runs
SET status = :status, searched = :searched, run = :run, state = :state, replica = :replica,
    took = :took, first_text = :first_text, tokens = :tokens, cost = :cost, currency = :currency
WHERE id = :id AND app_id = :app_id
"""

GET = "SELECT run FROM workflow_runs WHERE id = :id AND app_id = :app_id"

# A comparison comes first: from it Postgres knows of what type a value is.
PAGE = """
SELECT run FROM workflow_runs
WHERE app_id = :app_id
    AND (:keyword = '' OR instr(searched, :keyword) > 0)
    AND (:status = '' OR status = :status)
    AND (created_at <= :before OR :before IS NULL) AND (created_at >= :after OR :after IS NULL)
    AND (user = :user OR :user IS NULL)
ORDER BY created_at DESC, sequence DESC LIMIT :limit OFFSET :offset
"""

TOTAL = """
SELECT count(*) FROM workflow_runs
WHERE app_id = :app_id
    AND (:keyword = '' OR instr(searched, :keyword) > 0)
    AND (:status = '' OR status = :status)
    AND (created_at <= :before OR :before IS NULL) AND (created_at >= :after OR :after IS NULL)
    AND (user = :user OR :user IS NULL)
"""

CUT_OFF = """
SELECT run FROM workflow_runs
WHERE status = 'running' AND state IS NULL AND replica NOT IN (SELECT id FROM replicas)
"""

OPENED = (
    *("id", "app_id", "user", "message_id", "conversation_id", "status", "created_at", "searched", "run", "task_id"),
    "replica",
)
"""What a row begins with, in the order of the columns above."""

decode_run = json.Decoder(WorkflowRun).decode


class SqlWorkflows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, run: WorkflowRun, claim: Claim | None = None) -> None:
        row, taken = row_of(run, self._database.replica), claim and claim_row(claim)

        def work(connection: Connection) -> None:
            if taken is not None and not connection.execute(TAKE, taken).rowcount:
                raise AlreadyBegun
            connection.execute(OPEN, row)

        await self._database.write(work)

    async def close(self, run: WorkflowRun) -> None:
        row = row_of(run, self._database.replica)
        await self._database.write(lambda connection: connection.execute(CLOSE, row).rowcount)

    async def get(self, app_id: str, run_id: str) -> WorkflowRun | None:
        asked = {"id": run_id, "app_id": app_id}
        row: tuple[str] | None = await self._database.read(lambda connection: connection.execute(GET, asked).fetchone())
        return None if row is None else decode_run(row[0])

    async def page(self, app_id: str, asked: LogQuery) -> LogPage:
        values = {
            "app_id": app_id,
            "keyword": asked.keyword.casefold(),
            "status": asked.status,
            "before": asked.before,
            "after": asked.after,
            "user": asked.user,
            "limit": asked.limit,
            "offset": (asked.page - 1) * asked.limit,
        }

        def work(connection: Connection) -> tuple[list[tuple[str]], int]:
            with snapshot(connection):
                total: int = connection.execute(TOTAL, values).fetchone()[0]
                return connection.execute(PAGE, values).fetchall(), total

        rows, total = await self._database.read(work)
        return LogPage(tuple(decode_run(run) for (run,) in rows), total)

    async def sweep(self, error: str) -> int:
        def work(connection: Connection) -> int:
            rows: list[tuple[str]] = connection.execute(CUT_OFF).fetchall()
            for (row,) in rows:
                run = decode_run(row)
                failed = structs.replace(run, status="failed", error=error, finished_at=run.created_at)
                connection.execute(CLOSE, row_of(failed, self._database.replica))
            return len(rows)

        return await self._database.write(work)


def row_of(run: WorkflowRun, replica: str, state: bytes | None = None) -> dict[str, object]:
    return {
        "id": run.id,
        "app_id": run.owner.app_id,
        "user": run.owner.user,
        "message_id": run.message_id,
        "conversation_id": run.conversation_id,
        "status": run.status,
        "created_at": run.created_at,
        "searched": searched(run),
        "run": json.encode(run).decode(),
        "task_id": run.task_id,
        "replica": replica,
        "state": state,
        "took": run.took,
        "first_text": run.first_text,
        "tokens": run.total_tokens,
        "cost": float(run.usage.total_price),
        "currency": run.usage.price.currency,
    }


def answering(run: WorkflowRun, replica: str) -> tuple[object, ...]:
    """A row of `ADD_ANSWERING`."""
    row = row_of(run, replica)
    return tuple(row[name] for name in OPENED)
