"""What feedback, annotations and end users ask of the database: nothing that reads a whole table."""

import re
from pathlib import Path

import pytest

from parlour.domain.message import Owner
from parlour.domain.people import EndUser
from parlour.stores.sql import annotations, feedback, forms, messages, people, workflows
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database

pytestmark = pytest.mark.anyio

EVERY_DAY = {
    **{f"feedback.{name}": getattr(feedback, name) for name in ("SET", "CLEAR", "IS_THERE", "RATINGS", "PAGE")},
    **{f"annotations.{name}": getattr(annotations, name) for name in ("UPDATE", "DELETE", "PAGE", "TOTAL")},
    "people.SEEN": people.SEEN.replace("{rows}", "(NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL)"),
    "people.GET": people.GET,
    **{f"forms.{name}": getattr(forms, name) for name in ("FIND", "GET", "OF_RUN", "DUE", "SOONEST", "INTERRUPTED")},
    **{f"forms.{name}": getattr(forms, name) for name in ("REST", "ANSWER")},
    "messages.SWEEP_PAUSED": messages.SWEEP_PAUSED,
    **{f"workflows.{name}": getattr(workflows, name) for name in ("CLOSE", "CUT_OFF")},
}
TABLES = ("messages", "c", "conversations", "feedbacks", "annotations", "end_users", "workflow_runs", "forms")


@pytest.mark.parametrize("name", EVERY_DAY)
async def test_no_statement_reads_or_sorts_a_whole_table(tmp_path: Path, name: str) -> None:
    database = open_database(tmp_path / "parlour.db", serving=True)
    sql = EVERY_DAY[name]
    unset: dict[str, object] = dict.fromkeys(re.findall(r":(\w+)", sql), "[]")
    plan = await database.read(lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {sql}", unset).fetchall())
    steps = [row[-1] for row in plan]
    await database.close()
    assert steps
    assert not [step for step in steps if step.split(" ")[:2] in [["SCAN", table] for table in TABLES]], steps
    assert not [step for step in steps if "TEMP B-TREE" in step], steps


async def test_new_users_that_come_together_take_one_statement(tmp_path: Path) -> None:
    told: list[str] = []
    store = Stores(open_database(tmp_path / "parlour.db", serving=True, trace=told.append))
    told.clear()
    await store.people.seen([EndUser(Owner("app", f"{number}"), 1.0) for number in range(60)])
    await store.close()
    assert [one.split()[0] for one in told] == ["BEGIN", "INSERT", "COMMIT"]
