"""Nodes of runs in SQL: the port `Executions`, one transaction a call. Knows no threads and no files."""

from collections.abc import Sequence

from msgspec import json

from parlour.domain.events import NodeOutcome
from parlour.stores.sql.database import Database

ADD = """
INSERT INTO node_executions (run_id, outcome)
SELECT :run_id, :outcome WHERE EXISTS (SELECT 1 FROM workflow_runs WHERE id = :run_id)
"""

OF_RUN = "SELECT outcome FROM node_executions WHERE run_id = :run_id ORDER BY sequence"

decode_outcome = json.Decoder(NodeOutcome).decode


class SqlExecutions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run_id: str, outcomes: Sequence[NodeOutcome]) -> None:
        rows = [{"run_id": run_id, "outcome": json.encode(outcome).decode()} for outcome in outcomes]
        await self._database.write(lambda connection: connection.executemany(ADD, rows).rowcount)

    async def of_run(self, run_id: str) -> tuple[NodeOutcome, ...]:
        asked = {"run_id": run_id}
        rows: list[tuple[str]] = await self._database.read(
            lambda connection: connection.execute(OF_RUN, asked).fetchall()
        )
        return tuple(decode_outcome(row[0]) for row in rows)
