"""What figures over 200,000 messages cost, and that an older database has them too."""

import time
from pathlib import Path

import pytest

from parlour.domain.oversight import Quantiles, Span
from parlour.stores.postgres.opening import open_database as postgres_database
from parlour.stores.sql import oversight
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.steps import steps
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database
from tests.postgres_server import Postgres

pytestmark = pytest.mark.anyio

DAY = 24 * 3600
MANY = 200_000
BETWEEN = 7 * DAY / MANY

CONVERSATION = """
INSERT INTO conversations (id, app_id, user, name, inputs, introduction, version, created_at, updated_at)
VALUES ('c', 'app-1', 'ann', '', '{}', '', 'v', 0, 0)
"""

# Eight apps take turns; the answers take from 0.1 to 30 seconds.
MESSAGES = """
INSERT INTO messages
    (id, conversation_id, parent_id, query, inputs, answer, status, usage, citations, created_at, app_id, user, took,
     first_text, tokens, cost, currency)
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :many - 1)
SELECT 'message ' || n, 'c', '', 'What is new today?', '{}',
    'Nothing much is new today, or so they say; come again tomorrow, and ask whoever is there then.',
    CASE WHEN n % 50 = 0 THEN 'error' ELSE 'normal' END, '{}', '[]', n * :between,
    'app-' || (n % 8) || '-with-a-name-as-long-as-they-are', 'user-' || (n % 5000) || '@example.com',
    0.1 + (n * 7919 % 29900) / 1000.0, 0.05 + (n * 1009 % 2000) / 1000.0, 500 + n % 1000, 0.001, 'USD'
FROM numbers
"""


def filled(connection: Connection) -> None:
    connection.execute(CONVERSATION, {})
    connection.execute(MESSAGES, {"many": MANY, "between": BETWEEN})


async def took(store: Stores, span: Span) -> float:
    """The seconds of the quickest of three: others use the machine, too."""
    times: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        await store.oversight.statistics(span)
        times.append(time.perf_counter() - began)
    return min(times)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_week_of_very_many_messages_is_counted_whole_and_soon(
    tmp_path: Path, postgres: Postgres, kind: str
) -> None:
    with postgres.database() as url:
        database = open_database(tmp_path / "a.db", serving=True) if kind == "sqlite" else postgres_database(url)
        store = Stores(database)
        await database.write(filled)
        week = Span(0.0, 7 * DAY, 4 * 3600)
        found = await store.oversight.statistics(week)
        seconds = await took(store, week)
        print(f"figures of {MANY:,} messages in {kind}: {seconds:.2f} s")  # noqa: T201 -- shown with -s
        await store.close()
    assert sum(one.requests for one in found.whole) == sum(one.requests for one in found.steps) == MANY
    assert sum(one.errors for one in found.steps) == MANY // 50
    assert sum(one.tokens for one in found.whole) == sum(500 + n % 1000 for n in range(MANY))
    assert sum(one.cost["USD"] for one in found.whole) == pytest.approx(MANY * 0.001)
    for one in found.whole:
        assert one.latency.p50 == pytest.approx(15.0, rel=0.05)
        assert one.latency.p95 == pytest.approx(28.5, rel=0.05)
        assert one.first_token.p50 == pytest.approx(1.05, rel=0.05)
    assert seconds < 5.0, "about 0.3 on cores that have nothing else to do"


async def test_figures_read_an_index_and_no_message(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db", serving=True)
    asked = {"since": 0.0, "until": 1.0, "step": 1.0, "app_id": None, "share": 1}

    statements = [
        oversight.TIMES,
        *(oversight.SUMS.replace("{requests}", of) for of in (oversight.ANSWERED, oversight.RAN)),
    ]

    def plan(connection: Connection) -> list[str]:
        plans = (connection.execute(f"EXPLAIN QUERY PLAN {sql}", asked).fetchall() for sql in statements)
        return [row[3] for found in plans for row in found]

    read = [line for line in await database.read(plan) if "messages" in line or "workflow_runs" in line]
    assert read
    assert all("USING COVERING INDEX" in line for line in read), read
    await database.close()


OLD = """
INSERT INTO messages
    (id, conversation_id, parent_id, query, inputs, answer, status, usage, citations, created_at, thoughts)
VALUES (:id, 'c', '', 'What?', '{}', 'That.', :status, :usage, '[]', 5.0, '[]')
"""
USAGE = """{"prompt_tokens": 1000, "completion_tokens": 500, "latency": 2.5, "time_to_first_token": 0.5,
    "price": {"prompt": "0.15", "completion": "0.60", "unit": "0.000001", "currency": "USD"}, "paid": null}"""
RUN = """
INSERT INTO workflow_runs (id, app_id, user, message_id, conversation_id, status, created_at, searched, run, task_id)
VALUES ('r', 'app-2', 'bob', '', '', 'succeeded', 5.0, '', :run, 't')
"""


async def test_what_was_said_before_figures_had_columns_is_counted_as_well(tmp_path: Path) -> None:
    path, known = tmp_path / "a.db", steps("parlour.stores.sqlite")
    before = open_database(path, serving=True, known=tuple(step for step in known if step.number < 21))

    def told(connection: Connection) -> None:
        connection.execute(CONVERSATION, {})
        connection.execute(OLD, {"id": "m", "status": "normal", "usage": USAGE})
        connection.execute(OLD, {"id": "n", "status": "error", "usage": "{}"})
        connection.execute(RUN, {"run": '{"finished_at": 8.0, "total_tokens": 7, "usage": ' + USAGE + "}"})

    await before.write(told)
    await before.close()
    store = Stores(open_database(path, serving=True))
    chat, flow = (await store.oversight.statistics(Span(0.0, 10.0, 10.0))).whole
    assert (chat.app_id, chat.requests, chat.errors, chat.tokens) == ("app-1", 2, 1, 1500)
    assert (chat.latency.p50, chat.first_token.p50) == (2.5, 0.5)
    assert chat.cost == {"USD": pytest.approx(0.00045)}
    assert (flow.app_id, flow.requests, flow.tokens, flow.latency) == ("app-2", 1, 7, Quantiles(3.0, 3.0, 3.0))
    assert flow.cost == {"USD": pytest.approx(0.00045)}
    await store.close()
