"""What an operator sees, in SQL: the port `Oversight`, one snapshot a call. Knows no threads and no keys.

Lists are narrowed by indexes that hold all that they are narrowed by. Figures are made by the database of at most
`MOST` messages and as many runs: it lets the interpreter go on meanwhile, and what is kept is read only when somebody
looks.
"""

import math
from typing import cast

from msgspec import structs

from parlour.domain.message import Conversation, Item, Message, Owner, Page
from parlour.domain.oversight import Figures, Quantiles, Sought, Span, Statistics
from parlour.domain.problems import NotFound
from parlour.domain.workflow_run import WorkflowRun
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.conversations import ConversationRow, conversation_from
from parlour.stores.sql.database import Database
from parlour.stores.sql.messages import MessageRow, message_from
from parlour.stores.sql.uploads import FILES
from parlour.stores.sql.workflows import decode_run

MOST = 20_000
"""Requests of each kind that figures are made of: they took a reader of SQLite 4 s, on cores that were very busy."""

# A comparison comes first: from it Postgres knows of what type a value is.
RUNS = """
SELECT run FROM workflow_runs
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
SELECT messages.id, query, messages.inputs, messages.created_at, answer, status, error, usage, citations, parent_id,
    thoughts, {files},
    conversation_id, app_id, user
FROM messages JOIN conversations ON conversations.id = conversation_id
WHERE {conversation} (messages.created_at, sequence) < (:time, :last) AND messages.created_at >= :after
    AND (app_id = :app_id OR :app_id IS NULL)
    AND (user = :user OR :user IS NULL)
    AND (status = :status OR :status IS NULL)
ORDER BY messages.created_at DESC, sequence DESC LIMIT :limit
""".replace("{files}", FILES)

MESSAGE_CURSOR = "SELECT created_at, sequence FROM messages WHERE id = :last_id"

# Rounded, and not cut: databases do not agree how a number is cut. `twice`: in its own step, and in that of the whole.
SEEN = """
WITH seen (place, app_id, failed, tokens, latency, first_token, currency, cost) AS (
    SELECT
        CAST(round((moment - :since) / :step - 0.4999999) AS BIGINT), app_id, failed,
        coalesce(whole, CAST(json_extract(usage, '$.prompt_tokens') AS BIGINT)
            + CAST(json_extract(usage, '$.completion_tokens') AS BIGINT), 0),
        CASE WHEN ended = 1 THEN CAST(took AS DOUBLE PRECISION) END,
        CASE WHEN ended = 1 THEN CAST(json_extract(usage, '$.time_to_first_token') AS DOUBLE PRECISION) END,
        json_extract(usage, '$.price.currency'),
        coalesce(
            CAST(json_extract(usage, '$.paid.prompt') AS DOUBLE PRECISION)
                + CAST(json_extract(usage, '$.paid.completion') AS DOUBLE PRECISION),
            (CAST(json_extract(usage, '$.prompt_tokens') AS BIGINT)
                * CAST(json_extract(usage, '$.price.prompt') AS DOUBLE PRECISION)
            + CAST(json_extract(usage, '$.completion_tokens') AS BIGINT)
                * CAST(json_extract(usage, '$.price.completion') AS DOUBLE PRECISION))
                * CAST(json_extract(usage, '$.price.unit') AS DOUBLE PRECISION)
        )
    FROM (
        SELECT * FROM (
            SELECT messages.created_at AS moment, app_id,
                CASE WHEN status = 'error' THEN 1 ELSE 0 END AS failed,
                CASE WHEN status = 'normal' THEN 1 ELSE 0 END AS ended,
                json_extract(usage, '$.latency') AS took, usage, CAST(NULL AS BIGINT) AS whole
            FROM messages JOIN conversations ON conversations.id = conversation_id
            WHERE messages.created_at >= :since AND messages.created_at < :until
                AND (app_id = :app_id OR :app_id IS NULL)
            ORDER BY messages.created_at DESC LIMIT :most
        ) AS answered
        UNION ALL
        SELECT * FROM (
            SELECT created_at, app_id,
                CASE WHEN status = 'failed' THEN 1 ELSE 0 END,
                CASE WHEN status IN ('succeeded', 'partial-succeeded') THEN 1 ELSE 0 END,
                json_extract(run, '$.elapsed_time'), json_extract(run, '$.usage'),
                CAST(json_extract(run, '$.total_tokens') AS BIGINT)
            FROM workflow_runs
            WHERE created_at >= :since AND created_at < :until AND message_id = ''
                AND (app_id = :app_id OR :app_id IS NULL)
            ORDER BY created_at DESC LIMIT :most
        ) AS ran
    ) AS requests
), twice AS (
    SELECT * FROM seen
    UNION ALL
    SELECT -1, app_id, failed, tokens, latency, first_token, currency, cost FROM seen
)
"""

FIGURES = """
{seen}, timed AS (
    SELECT place, app_id, failed, tokens, latency, first_token,
        row_number() OVER (PARTITION BY place, app_id ORDER BY latency IS NULL, latency) AS at,
        count(latency) OVER (PARTITION BY place, app_id) AS lasted,
        row_number() OVER (PARTITION BY place, app_id ORDER BY first_token IS NULL, first_token) AS at_first,
        count(first_token) OVER (PARTITION BY place, app_id) AS begun
    FROM twice
)
SELECT place, app_id, count(*), CAST(sum(failed) AS BIGINT), CAST(sum(tokens) AS BIGINT),
    min(CASE WHEN at >= 0.5 * lasted THEN latency END),
    min(CASE WHEN at >= 0.95 * lasted THEN latency END),
    min(CASE WHEN at >= 0.99 * lasted THEN latency END),
    min(CASE WHEN at_first >= 0.5 * begun THEN first_token END),
    min(CASE WHEN at_first >= 0.95 * begun THEN first_token END),
    min(CASE WHEN at_first >= 0.99 * begun THEN first_token END)
FROM timed
GROUP BY place, app_id ORDER BY place, app_id
""".replace("{seen}", SEEN)

COSTS = """
{seen}
SELECT place, app_id, currency, sum(cost) FROM twice WHERE cost > 0 GROUP BY place, app_id, currency
""".replace("{seen}", SEEN)

FigureRow = tuple[
    int, str, int, int, int, float | None, float | None, float | None, float | None, float | None, float | None
]
CostRow = tuple[int, str, str, float]
Row = tuple[object, ...]

LAST_SEQUENCE, LAST_ID = 2**63 - 1, "z"
"""Behind all others of its time; ids are UUIDs."""


class SqlOversight:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def runs(self, asked: Sought) -> Page[WorkflowRun]:
        rows = await self._page(asked, RUNS, RUN_CURSOR, LAST_SEQUENCE)
        return page_of([decode_run(cast("str", run)) for (run,) in rows], asked)

    async def run(self, run_id: str) -> WorkflowRun | None:
        row: tuple[str] | None = await self._database.read(
            lambda connection: connection.execute(RUN, {"id": run_id}).fetchone()
        )
        return None if row is None else decode_run(row[0])

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
        rows = await self._page(asked, MESSAGES.replace("{conversation}", one), MESSAGE_CURSOR, LAST_SEQUENCE)
        return page_of(
            [
                message_from(Owner(str(app_id), str(user)), str(conversation_id), cast("MessageRow", tuple(row)))
                for *row, conversation_id, app_id, user in rows
            ],
            asked,
        )

    async def statistics(self, asked: Span) -> Statistics:
        values = {**structs.asdict(asked), "most": MOST}

        def work(connection: Connection) -> tuple[list[FigureRow], list[CostRow]]:
            with snapshot(connection):
                return connection.execute(FIGURES, values).fetchall(), connection.execute(COSTS, values).fetchall()

        found = figures(*await self._database.read(work))
        steps = tuple(one for one in found if one.place >= 0)
        total = tuple(structs.replace(one, place=0) for one in found if one.place < 0)
        return Statistics(steps, total, complete=sum(one.requests for one in total) < MOST)

    async def _page(self, asked: Sought, sql: str, cursor: str, last: int | str) -> list[Row]:
        """One row more than is asked for, if there are more."""
        values = structs.asdict(asked) | {
            "time": math.inf if asked.before is None else asked.before,
            "last": last,
            "after": -math.inf if asked.after is None else asked.after,
            "limit": asked.limit + 1,
        }

        def work(connection: Connection) -> list[Row]:
            with snapshot(connection):
                if asked.last_id:
                    found = connection.execute(cursor, values).fetchone()
                    if found is None:
                        raise NotFound("last_id: there is no such entry any more. Begin again without it.")
                    values["time"], values["last"] = found
                return connection.execute(sql, values).fetchall()

        return await self._database.read(work)


def page_of(found: list[Item], asked: Sought) -> Page[Item]:
    return Page(tuple(found[: asked.limit]), has_more=len(found) > asked.limit)


def figures(rows: list[FigureRow], costs: list[CostRow]) -> tuple[Figures, ...]:
    spent: dict[tuple[int, str], dict[str, float]] = {}
    for place, app_id, currency, cost in costs:
        spent.setdefault((place, app_id), {})[currency] = cost
    return tuple(
        Figures(
            place,
            app_id,
            requests,
            errors,
            tokens,
            Quantiles(*times[:3]),
            Quantiles(*times[3:]),
            spent.get((place, app_id), {}),
        )
        for place, app_id, requests, errors, tokens, *times in rows
    )
