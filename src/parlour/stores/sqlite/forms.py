"""Forms of runs that wait, in SQLite: the port `Forms`, one transaction a call. Knows no threads and no files."""

import sqlite3

from msgspec import json

from parlour.domain.events import HumanInputRequired
from parlour.domain.turn import Submission
from parlour.domain.workflow_run import Form, LaidAside
from parlour.stores.sqlite.database import Database, snapshot
from parlour.stores.sqlite.workflows import CLOSE, decode_run, row_of

ADD = """
INSERT INTO forms (id, run_id, app_id, token, asked, expires_at)
VALUES (:id, :run_id, :app_id, :token, :asked, :expires_at)
ON CONFLICT (id) DO NOTHING
"""

FIND = "SELECT run_id, app_id, asked, action, inputs FROM forms WHERE token = :token AND app_id = :app_id"

ANSWER = "UPDATE forms SET action = :action, inputs = :inputs WHERE id = :id AND action IS NULL"

WAITING = """
SELECT run, state FROM workflow_runs
WHERE id = :id AND (:app_id IS NULL OR app_id = :app_id) AND status = 'paused' AND state IS NOT NULL
"""

OF_RUN = "SELECT run_id, app_id, asked, action, inputs FROM forms WHERE run_id = :id ORDER BY sequence"

DUE = """
SELECT DISTINCT run_id FROM forms JOIN workflow_runs ON workflow_runs.id = run_id
WHERE status = 'paused' AND state IS NOT NULL AND (action IS NOT NULL OR expires_at <= :now)
LIMIT 100
"""

decode_inputs = json.Decoder(dict[str, object]).decode
decode_asked = json.Decoder(HumanInputRequired).decode

FormRow = tuple[str, str, str, str | None, str | None]


class SqliteForms:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def lay_aside(self, laid: LaidAside) -> None:
        run = row_of(laid.run, laid.state)
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

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(CLOSE, run)
            connection.executemany(ADD, forms)

        await self._database.write(work)

    async def find(self, app_id: str, token: str) -> Form | None:
        asked = {"app_id": app_id, "token": token}
        row: FormRow | None = await self._database.read(lambda connection: connection.execute(FIND, asked).fetchone())
        return None if row is None else form_from(row)

    async def answer(self, form_id: str, submission: Submission) -> bool:
        row = {"id": form_id, "action": submission.action, "inputs": json.encode(submission.inputs).decode()}
        return bool(await self._database.write(lambda connection: connection.execute(ANSWER, row).rowcount))

    async def of_run(self, app_id: str, run_id: str) -> LaidAside | None:
        return await self._database.read(lambda connection: laid_aside(connection, run_id, app_id))

    async def due(self, now: float) -> tuple[LaidAside, ...]:
        def work(connection: sqlite3.Connection) -> tuple[LaidAside, ...]:
            ids: list[tuple[str]] = connection.execute(DUE, {"now": now}).fetchall()
            found = [laid_aside(connection, run_id, None) for (run_id,) in ids]
            return tuple(one for one in found if one is not None)

        return await self._database.read(work)


def laid_aside(connection: sqlite3.Connection, run_id: str, app_id: str | None) -> LaidAside | None:
    with snapshot(connection):
        row: tuple[str, bytes] | None = connection.execute(WAITING, {"id": run_id, "app_id": app_id}).fetchone()
        if row is None:
            return None
        forms: list[FormRow] = connection.execute(OF_RUN, {"id": run_id}).fetchall()
    return LaidAside(decode_run(row[0]), row[1], tuple(map(form_from, forms)))


def form_from(row: FormRow) -> Form:
    run_id, app_id, asked, action, inputs = row
    submission = None if action is None else Submission(action, decode_inputs(inputs or "{}"))
    return Form(run_id, app_id, decode_asked(asked), submission)
