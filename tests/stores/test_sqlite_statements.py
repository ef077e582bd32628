"""What the SQLite store asks of the database: few statements a message, and none that reads a whole table."""

import re
from itertools import groupby
from pathlib import Path

import pytest

from parlour.domain.claim import Claim, Repeat
from parlour.domain.workflow_run import WorkflowRun
from parlour.stores.sql import claims, conversations, history, messages
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database
from tests.conformance.samples import ANN, a_conversation, a_message, answered

pytestmark = pytest.mark.anyio

EVERY_DAY = {
    **{f"conversations.{sort}": sql for sort, sql in conversations.PAGES.items()},
    "history.CONVERSATION_OF": history.CONVERSATION_OF,
    "history.MESSAGE": history.MESSAGE,
    "claims.FIND": claims.FIND,
    **{f"conversations.{name}": getattr(conversations, name) for name in ("GET", "RENAME", "DELETE")},
    **{
        f"messages.{name}": getattr(messages, name)
        for name in (
            "ADD_CONVERSATIONS",
            "ADD_MESSAGES",
            "TOUCH_CONVERSATIONS",
            "CLOSE_MESSAGES",
            "THREAD",
            "CURSOR",
            "PAGE",
            "SWEEP",
        )
    },
}
WIDTHS = {"ADD_CONVERSATIONS": 9, "ADD_MESSAGES": 16, "TOUCH_CONVERSATIONS": 4, "CLOSE_MESSAGES": 17}


async def test_a_chat_message_takes_four_statements_at_most(tmp_path: Path) -> None:
    told: list[str] = []
    store = Stores(open_database(tmp_path / "parlour.db", serving=True, trace=told.append))

    def statements() -> int:
        once = (one.strip() for one, _ in groupby(told))  # a statement with triggers is told once for each
        count = sum(one not in {"BEGIN IMMEDIATE", "COMMIT"} for one in once)
        told.clear()
        return count

    conversation = a_conversation()
    first, second = a_message(conversation, at=1.0), a_message(conversation, at=2.0)
    statements()
    await store.messages.open(first, conversation)
    assert statements() == 2
    await store.messages.close(answered(first))
    assert statements() == 1
    await store.messages.thread(ANN, conversation.id, 500)
    assert statements() == 1
    await store.messages.open(second, None)
    assert statements() == 2
    await store.messages.page(ANN, conversation.id, second.id, 20)
    assert statements() <= 3
    third = a_message(conversation, at=3.0)
    await store.messages.open(third, None, Claim(ANN, Repeat("k", "body"), "t", third.id, 3.0))
    assert statements() == 3, "a key takes one more to write, and one to look for"
    fourth = a_message(conversation, at=4.0)
    run = WorkflowRun("r", ANN, "t", "v", {}, 4.0, fourth.id, conversation.id)
    await store.messages.open(fourth, None, None, run)
    assert statements() == 3, "the run of a graph takes one more"
    await store.claims.find(ANN, "k", 3.0)
    assert statements() == 1
    await store.close()


@pytest.mark.parametrize("name", EVERY_DAY)
async def test_no_everyday_statement_reads_or_sorts_a_whole_table(tmp_path: Path, name: str) -> None:
    database = open_database(tmp_path / "parlour.db", serving=True)
    width = WIDTHS.get(name.rpartition(".")[2], 0)
    rows = ", ".join([f"({', '.join(['NULL'] * width)})"] * 2)
    sql = EVERY_DAY[name].replace("{rows}", rows)
    unset: dict[str, None] = dict.fromkeys(re.findall(r":(\w+)", sql))
    plan = await database.read(lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {sql}", unset).fetchall())
    steps = [row[-1] for row in plan]
    await database.close()
    assert not [step for step in steps if step.startswith(("SCAN conversations", "SCAN messages", "SCAN c"))], steps
    assert not [step for step in steps if "TEMP B-TREE" in step], steps
