"""What an operator sees, in SQL: the port `Oversight`, one snapshot a call. Knows no threads and no keys.

Lists and figures are read from indexes that hold all that they are narrowed by and made of. The database counts every
request, and lets the interpreter go on meanwhile; times, which it would have to sort, are told from an even sample.
"""

import math
from typing import cast

from msgspec import structs

from parlour.domain.message import Conversation, Item, Message, MessageStatus, Owner, Page
from parlour.domain.oversight import AnyRun, Figures, Quantiles, Sought, Span, Statistics
from parlour.domain.problems import NotFound
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.conversations import ConversationRow, conversation_from
from parlour.stores.sql.database import Database
from parlour.stores.sql.messages import COLUMNS, MessageRow, message_from
from parlour.stores.sql.workflows import decode_run

TIMED = 10_000
"""Requests that times are told from: of more than these an even sample, about so many."""

# A comparison comes first: from it Postgres knows of what type a value is.
RUNS = """
SELECT created_at, run FROM workflow_runs
WHERE (created_at, sequence) < (:time, :last) AND created_at >= :after
    AND (app_id = :app_id OR :app_id IS NULL)
    AND (user = :user OR :user IS NULL)
    AND (status = :status OR :status IS NULL)
ORDER BY created_at DESC, sequence DESC LIMIT :limit
"""

RUN_CURSOR = "SELECT created_at, sequence FROM workflow_runs WHERE id = :last_id"

RUN = "SELECT run FROM workflow_runs WHERE id = :id"

CONVERSATIONS = """
SELECT id, name, inputs, introduction, version, created_at, updated_at, app_id, user FROM conversations
WHERE (created_at, id) < (:time, :last) AND created_at >= :after
    AND (app_id = :app_id OR :app_id IS NULL)
    AND (user = :user OR :user IS NULL)
ORDER BY created_at DESC, id DESC LIMIT :limit
"""

CONVERSATION_CURSOR = "SELECT created_at, id FROM conversations WHERE id = :last_id"

MESSAGES = """
SELECT {columns}, conversation_id, app_id, user
FROM messages
WHERE {more} (created_at, sequence) < (:time, :last) AND created_at >= :after
    AND (app_id = :app_id OR :app_id IS NULL)
    AND (user = :user OR :user IS NULL)
    AND (status = :status OR :status IS NULL)
ORDER BY created_at DESC, sequence DESC LIMIT :limit
""".replace("{columns}", COLUMNS)

MESSAGE_CURSOR = "SELECT created_at, sequence FROM messages WHERE id = :last_id"

MESSAGE = "SELECT {columns}, conversation_id, app_id, user FROM messages WHERE id = :id".replace("{columns}", COLUMNS)

# A message is a request, and a run without one. Rounded, and not cut: databases do not agree how a number is cut.
ANSWERED = """
    SELECT CAST(round((created_at - :since) / :step - 0.4999999) AS BIGINT) AS place, app_id, sequence,
        CASE WHEN status = 'error' THEN 1 ELSE 0 END AS failed,
        CASE WHEN status = 'normal' THEN took END AS took,
        CASE WHEN status = 'normal' THEN first_text END AS first_text,
        tokens, cost, currency
    FROM messages
    WHERE created_at >= :since AND created_at < :until AND (app_id = :app_id OR :app_id IS NULL)
"""

RAN = """
    SELECT CAST(round((created_at - :since) / :step - 0.4999999) AS BIGINT) AS place, app_id, sequence,
        CASE WHEN status = 'failed' THEN 1 ELSE 0 END AS failed,
        CASE WHEN status IN ('succeeded', 'partial-succeeded') THEN took END AS took,
        CASE WHEN status IN ('succeeded', 'partial-succeeded') THEN first_text END AS first_text,
        tokens, cost, currency
    FROM workflow_runs
    WHERE created_at >= :since AND created_at < :until AND (app_id = :app_id OR :app_id IS NULL) AND message_id = ''
"""

SUMS = """
SELECT place, app_id, currency, count(*), CAST(sum(failed) AS BIGINT), CAST(sum(tokens) AS BIGINT), sum(cost)
FROM ({requests}) AS requests
GROUP BY place, app_id, currency
"""

# Each number of the order of writing is thrown to another place (Knuth's multiplicative hashing), as apps may take
# turns. `twice`: in its own step, and in that of the whole.
TIMES = """
WITH sample AS (
    SELECT place, app_id, took, first_text FROM ({answered} UNION ALL {ran}) AS requests
    WHERE took IS NOT NULL AND (sequence % 1000003) * 2654435761 % 4294967296 < :share
), twice AS (
    SELECT * FROM sample UNION ALL SELECT -1, app_id, took, first_text FROM sample
), ranked AS (
    SELECT place, app_id, took, first_text,
        row_number() OVER (PARTITION BY place, app_id ORDER BY took) AS at,
        count(*) OVER (PARTITION BY place, app_id) AS ended,
        row_number() OVER (PARTITION BY place, app_id ORDER BY first_text IS NULL, first_text) AS at_first,
        count(first_text) OVER (PARTITION BY place, app_id) AS begun
    FROM twice
)
SELECT place, app_id,
    min(CASE WHEN at >= 0.5 * ended THEN took END),
    min(CASE WHEN at >= 0.95 * ended THEN took END),
    min(CASE WHEN at >= 0.99 * ended THEN took END),
    min(CASE WHEN at_first >= 0.5 * begun THEN first_text END),
    min(CASE WHEN at_first >= 0.95 * begun THEN first_text END),
    min(CASE WHEN at_first >= 0.99 * begun THEN first_text END)
FROM ranked
GROUP BY place, app_id
""".replace("{answered}", ANSWERED).replace("{ran}", RAN)

SumRow = tuple[int, str, str, int, int, int, float]
TimeRow = tuple[int, str, float | None, float | None, float | None, float | None, float | None, float | None]
Row = tuple[object, ...]

FIRST_SEQUENCE, LAST_SEQUENCE, LAST_ID = -1, 2**63 - 1, "z"
"""Before and behind all others of its time; ids are UUIDs."""

EVERYTHING = 2**32

STATUSES: dict[str | None, MessageStatus | None] = {
    None: None,
    "running": "running",
    "succeeded": "normal",
    "failed": "error",
}
"""How a message stands whose run would stand so; of one that was stopped, what it had said is its answer."""


class SqlOversight:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def runs(self, asked: Sought) -> Page[AnyRun]:
        def work(connection: Connection) -> tuple[list[Row], list[Row]]:
            with snapshot(connection):
                of_runs, of_messages = cursors(connection, asked)
                runs = connection.execute(RUNS, of_runs).fetchall()
                if asked.status not in STATUSES:
                    return runs, []
                said = of_messages | {"status": STATUSES[asked.status]}
                return runs, connection.execute(MESSAGES.replace("{more}", "graph = 0 AND"), said).fetchall()

        runs, messages = await self._database.read(work)
        # Sorting is stable: of one time, messages come first.
        found: list[AnyRun] = [message_of(row) for row in messages]
        found += [decode_run(cast("str", run)) for _, run in runs]
        return page_of(sorted(found, key=lambda one: -one.created_at), asked)

    async def run(self, run_id: str) -> AnyRun | None:
        asked = {"id": run_id}

        def work(connection: Connection) -> tuple[Row | None, Row | None]:
            with snapshot(connection):
                run = connection.execute(RUN, asked).fetchone()
                return run, None if run else connection.execute(MESSAGE, asked).fetchone()

        run, message = await self._database.read(work)
        if run is not None:
            return decode_run(cast("str", run[0]))
        return None if message is None else message_of(message)

    async def conversations(self, asked: Sought) -> Page[Conversation]:
        rows = await self._page(asked, CONVERSATIONS, CONVERSATION_CURSOR, LAST_ID)
        return page_of(
            [
                conversation_from(Owner(str(app_id), str(user)), cast("ConversationRow", tuple(row)))
                for *row, app_id, user in rows
            ],
            asked,
        )

    async def messages(self, asked: Sought) -> Page[Message]:
        one = "conversation_id = :conversation_id AND" if asked.conversation_id else ""
        rows = await self._page(asked, MESSAGES.replace("{more}", one), MESSAGE_CURSOR, LAST_SEQUENCE)
        return page_of([message_of(row) for row in rows], asked)

    async def statistics(self, asked: Span) -> Statistics:
        values = structs.asdict(asked)

        def work(connection: Connection) -> tuple[list[SumRow], list[TimeRow]]:
            with snapshot(connection):
                found = [connection.execute(SUMS.replace("{requests}", of), values) for of in (ANSWERED, RAN)]
                sums: list[SumRow] = [row for cursor in found for row in cursor.fetchall()]
                share = sampled(sum(row[3] for row in sums))
                return sums, connection.execute(TIMES, values | {"share": share}).fetchall()

        sums, times = await self._database.read(work)
        steps = figures(sums, times)
        whole = figures([(-1, *row[1:]) for row in sums], times)
        complete = sampled(sum(one.requests for one in whole)) == EVERYTHING
        return Statistics(steps, tuple(structs.replace(one, place=0) for one in whole), complete=complete)

    async def _page(self, asked: Sought, sql: str, cursor: str, last: int | str) -> list[Row]:
        """One row more than is asked for, if there are more."""

        def work(connection: Connection) -> list[Row]:
            with snapshot(connection):
                values = sought(asked, last)
                if asked.last_id:
                    found = connection.execute(cursor, values).fetchone()
                    if found is None:
                        raise NotFound(GONE)
                    values["time"], values["last"] = found
                return connection.execute(sql, values).fetchall()

        return await self._database.read(work)


GONE = "last_id: there is no such entry any more. Begin again without it."


def sought(asked: Sought, last: int | str) -> dict[str, object]:
    values: dict[str, object] = structs.asdict(asked)
    values["time"] = math.inf if asked.before is None else asked.before
    values["last"] = last
    values["after"] = -math.inf if asked.after is None else asked.after
    values["limit"] = asked.limit + 1
    return values


def cursors(connection: Connection, asked: Sought) -> tuple[dict[str, object], dict[str, object]]:
    """Where a list of both goes on, among the runs and among the messages: of one time, messages come first."""
    values = sought(asked, LAST_SEQUENCE)
    if not asked.last_id:
        return values, values
    if found := connection.execute(RUN_CURSOR, values).fetchone():
        time, sequence = found
        return values | {"time": time, "last": sequence}, values | {"time": time, "last": FIRST_SEQUENCE}
    if found := connection.execute(MESSAGE_CURSOR, values).fetchone():
        time, sequence = found
        return values | {"time": time}, values | {"time": time, "last": sequence}
    raise NotFound(GONE)


def page_of(found: list[Item], asked: Sought) -> Page[Item]:
    return Page(tuple(found[: asked.limit]), has_more=len(found) > asked.limit)


def message_of(row: Row) -> Message:
    *members, conversation_id, app_id, user = row
    return message_from(Owner(str(app_id), str(user)), str(conversation_id), cast("MessageRow", tuple(members)))


def sampled(requests: int) -> int:
    """Of 2^32 places how many are looked at, so that about `TIMED` of so many requests are."""
    return EVERYTHING if requests <= TIMED else EVERYTHING * TIMED // requests


def figures(sums: list[SumRow], times: list[TimeRow]) -> tuple[Figures, ...]:
    """By step and app. In each there may be several currencies, and the whole is the sum of all steps."""
    taken = {(place, app_id): quantiles for place, app_id, *quantiles in times}
    found: dict[tuple[int, str], Figures] = {}
    for place, app_id, currency, requests, errors, tokens, cost in sums:
        key = place, app_id
        before = found.get(key, Figures(place, app_id, 0, 0, 0))
        spent = before.cost | ({currency: before.cost.get(currency, 0) + cost} if cost else {})
        quantiles = taken.get(key, [None] * 6)
        found[key] = Figures(
            place,
            app_id,
            before.requests + requests,
            before.errors + errors,
            before.tokens + tokens,
            Quantiles(*quantiles[:3]),
            Quantiles(*quantiles[3:]),
            spent,
        )
    return tuple(found[key] for key in sorted(found))
