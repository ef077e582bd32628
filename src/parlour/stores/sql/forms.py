"""Runs that wait and their forms in SQL: the ports `Pauses` and `Forms`. Knows no threads and no files."""

from typing import cast

from msgspec import json, structs

from parlour.domain.events import HumanInputRequired
from parlour.domain.turn import Submission
from parlour.domain.workflow_run import Form, LaidAside
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database
from parlour.stores.sql.workflows import CLOSE, decode_run, row_of

REST = "UPDATE forms SET current = 0 WHERE run_id = :id AND current = 1"

ADD = """
INSERT INTO forms (id, run_id, app_id, token, asked, expires_at)
VALUES (:id, :run_id, :app_id, :token, :asked, :expires_at)
ON CONFLICT (id) DO UPDATE SET current = 1
"""

FIND = """
SELECT run_id, forms.app_id, asked, action, inputs
FROM forms JOIN workflow_runs ON workflow_runs.id = run_id
WHERE token = :token AND forms.app_id = :app_id AND (action IS NOT NULL OR status IN ('paused', 'running'))
"""

# What was answered is due at once.
ANSWER = "UPDATE forms SET action = :action, inputs = :inputs, expires_at = 0 WHERE id = :id AND action IS NULL"

GET = """
SELECT run, state FROM workflow_runs
WHERE id = :name AND app_id = :app_id AND status = 'paused' AND state IS NOT NULL
UNION ALL
SELECT run, state FROM workflow_runs
WHERE task_id = :name AND app_id = :app_id AND status = 'paused' AND state IS NOT NULL
"""

OF_RUN = "SELECT run_id, app_id, asked, action, inputs FROM forms WHERE run_id = :id AND current = 1 ORDER BY sequence"

OF_CONVERSATION = """
SELECT message_id, run_id, forms.app_id, asked, action, inputs
FROM forms JOIN workflow_runs ON workflow_runs.id = run_id
WHERE conversation_id = :id AND conversation_id <> '' AND forms.app_id = :app_id
ORDER BY forms.sequence
"""

# As it was found: another process may have had it, and laid it aside anew.
TAKE_UP = f"""
{CLOSE} AND state = :found AND (status = 'paused' OR (status = 'running' AND replica = :replica))
"""

TAKE_UP_MESSAGE = "UPDATE messages SET status = 'running', replica = :replica WHERE id = :message_id"

DUE = """
SELECT run, state FROM workflow_runs
WHERE status = 'paused' AND state IS NOT NULL AND id IN (
    SELECT run_id FROM forms WHERE current = 1 AND expires_at <= :now
)
LIMIT 100
"""

SOONEST = """
SELECT min(expires_at) FROM forms JOIN workflow_runs ON workflow_runs.id = run_id
WHERE current = 1 AND action IS NULL AND status = 'paused'
"""

# Whoever finds them has them: another process looks in vain.
INTERRUPTED = """
UPDATE workflow_runs SET replica = :replica
WHERE status = 'running' AND state IS NOT NULL AND replica NOT IN (SELECT id FROM replicas)
RETURNING run, state
"""

decode_inputs = json.Decoder(dict[str, object]).decode
decode_asked = json.Decoder(HumanInputRequired).decode

RunRow = tuple[str, bytes]
FormRow = tuple[str, str, str, str | None, str | None]
Found = list[tuple[RunRow, list[FormRow]]]


class SqlPauses:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def lay_aside(self, laid: LaidAside) -> None:
        run = row_of(laid.run, self._database.replica, laid.state)
        forms = [
            {
                "id": form.asked.form_id,
                "run_id": form.run_id,
                "app_id": form.app_id,
                "token": form.asked.form_token,
                "asked": json.encode(form.asked).decode(),
                "expires_at": form.asked.expiration_time,
            }
            for form in laid.forms
        ]

        def work(connection: Connection) -> None:
            if connection.execute(CLOSE, run).rowcount:
                connection.execute(REST, {"id": run["id"]})
                connection.executemany(ADD, forms)

        await self._database.write(work)

    async def get(self, app_id: str, name: str) -> LaidAside | None:
        return next(iter(await self._read(GET, {"name": name, "app_id": app_id})), None)

    async def take_up(self, laid: LaidAside, *, keep: bool) -> bool:
        going = structs.replace(laid.run, status="running")
        row = row_of(going, self._database.replica, laid.state if keep else None) | {"found": laid.state}

        def work(connection: Connection) -> bool:
            taken = connection.execute(TAKE_UP, row).rowcount > 0
            if taken:
                connection.execute(TAKE_UP_MESSAGE, row)
            return taken

        return await self._database.write(work)

    async def due(self, now: float) -> tuple[LaidAside, ...]:
        return await self._read(DUE, {"now": now})

    async def soonest(self) -> float | None:
        found: tuple[float | None] = await self._database.read(
            lambda connection: connection.execute(SOONEST).fetchone()
        )
        return found[0]

    async def interrupted(self) -> tuple[LaidAside, ...]:
        asked: dict[str, object] = {"replica": self._database.replica}
        return laid_aside(await self._database.write(lambda connection: with_forms(connection, INTERRUPTED, asked)))

    async def _read(self, sql: str, asked: dict[str, object]) -> tuple[LaidAside, ...]:
        def work(connection: Connection) -> Found:
            with snapshot(connection):
                return with_forms(connection, sql, asked)

        return laid_aside(await self._database.read(work))


def with_forms(connection: Connection, sql: str, asked: dict[str, object]) -> Found:
    runs: list[RunRow] = connection.execute(sql, asked).fetchall()
    return [(run, connection.execute(OF_RUN, {"id": decode_run(run[0]).id}).fetchall()) for run in runs]


def laid_aside(found: Found) -> tuple[LaidAside, ...]:
    return tuple(LaidAside(decode_run(run), state, tuple(map(form_from, forms))) for (run, state), forms in found)


class SqlForms:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, app_id: str, token: str) -> Form | None:
        asked = {"app_id": app_id, "token": token}
        row: FormRow | None = await self._database.read(lambda connection: connection.execute(FIND, asked).fetchone())
        return None if row is None else form_from(row)

    async def of_conversation(self, app_id: str, conversation_id: str) -> dict[str, list[Form]]:
        asked = {"app_id": app_id, "id": conversation_id}
        rows: list[tuple[str, str, str, str, str | None, str | None]] = await self._database.read(
            lambda connection: connection.execute(OF_CONVERSATION, asked).fetchall()
        )
        found: dict[str, list[Form]] = {}
        for message_id, *form in rows:
            found.setdefault(message_id, []).append(form_from(cast("FormRow", form)))
        return found

    async def answer(self, form_id: str, submission: Submission) -> bool:
        row = {"id": form_id, "action": submission.action, "inputs": json.encode(submission.inputs).decode()}
        return bool(await self._database.write(lambda connection: connection.execute(ANSWER, row).rowcount))


def form_from(row: FormRow) -> Form:
    run_id, app_id, asked, action, inputs = row
    submission = None if action is None else Submission(action, decode_inputs(inputs or "{}"))
    return Form(run_id, app_id, decode_asked(asked), submission)
