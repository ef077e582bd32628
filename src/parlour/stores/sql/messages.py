"""Messages in SQL: the port `Messages`, one transaction a call. Knows no threads and no files."""

import math
from typing import cast

from msgspec import Struct, json

from parlour.domain.claim import Claim
from parlour.domain.events import AgentThought, Citation
from parlour.domain.files import Attachment, sent
from parlour.domain.ids import NIL
from parlour.domain.message import Asked, Conversation, Message, MessageStatus, Owner, Page
from parlour.domain.problems import AlreadyBegun, FirstMessageNotExists, NotFound
from parlour.domain.turn import Exchange
from parlour.domain.usage import Usage
from parlour.domain.workflow_run import WorkflowRun
from parlour.ports.messages import Thread
from parlour.stores.sql.claims import TAKE, row_of
from parlour.stores.sql.connection import Connection, fill, snapshot
from parlour.stores.sql.conversations import ConversationRow, conversation_from
from parlour.stores.sql.database import Database
from parlour.stores.sql.uploads import ATTACH, FILES, FileRow, file_rows, files_from, made_rows
from parlour.stores.sql.workflows import ADD_ANSWERING, answering

# The first four take any number of rows (`fill`); a row of NULLs finds nothing and writes nothing.

ADD_CONVERSATIONS = """
INSERT INTO conversations (id, app_id, user, name, inputs, introduction, version, created_at, updated_at)
WITH asked (id, app_id, user, name, inputs, introduction, version, created_at, updated_at) AS (VALUES {rows})
SELECT * FROM asked WHERE id IS NOT NULL
"""

# What has no conversation, or another's, is left out. Written in the order asked, which `sequence` keeps (a condition
# with EXISTS would let Postgres join in another order).
ADD_MESSAGES = """
INSERT INTO messages
    (app_id, user, id, conversation_id, parent_id, query, inputs, answer, status, error, usage, citations, created_at,
     replica, graph, task_id)
WITH asked
    (app_id, user, id, conversation_id, parent_id, query, inputs, answer, status, error, usage, citations, created_at,
     replica, graph, task_id)
    AS (VALUES {rows})
SELECT * FROM asked
WHERE 1 = (
    SELECT 1 FROM conversations AS c
    WHERE c.id = asked.conversation_id AND c.app_id = asked.app_id AND c.user = asked.user
)
"""

TOUCH_CONVERSATIONS = """
WITH asked (app_id, user, conversation_id, created_at) AS (VALUES {rows})
UPDATE conversations SET updated_at = asked.created_at
FROM asked
WHERE conversations.id = asked.conversation_id
    AND conversations.app_id = asked.app_id AND conversations.user = asked.user
"""

CLOSE_MESSAGES = """
WITH asked
    (app_id, user, id, conversation_id, answer, status, error, usage, citations, thoughts, replica, calls, took,
     first_text, tokens, cost, currency)
    AS (VALUES {rows})
UPDATE messages
SET answer = asked.answer, status = asked.status, error = asked.error, usage = asked.usage,
    citations = asked.citations, thoughts = asked.thoughts, replica = asked.replica, calls = asked.calls,
    took = CAST(asked.took AS DOUBLE PRECISION), first_text = CAST(asked.first_text AS DOUBLE PRECISION),
    tokens = asked.tokens, cost = asked.cost, currency = asked.currency
FROM asked
WHERE messages.id = asked.id AND messages.conversation_id = asked.conversation_id
    AND EXISTS (
        SELECT 1 FROM conversations AS c
        WHERE c.id = asked.conversation_id AND c.app_id = asked.app_id AND c.user = asked.user
    )
"""

IS_THERE = "SELECT 1 FROM messages WHERE id = :id"

# One row, so that a long thread does not repeat the conversation's members on each line. Where nothing branches, the
# newest messages are the thread. UNION and not UNION ALL: a clock that was set back could make a circle. It
# brings along all that is shown, and is joined with nothing afterwards: so its order stays.
THREAD = """
SELECT id, name, inputs, introduction, version, created_at, updated_at,
    :parent_id IN ('', :conversation_id)
        OR EXISTS (SELECT 1 FROM messages WHERE id = :parent_id AND conversation_id = :conversation_id),
    CASE WHEN :parent_id = '' AND NOT EXISTS (
        SELECT 1 FROM messages
        WHERE conversation_id = :conversation_id AND parent_id <> '00000000-0000-0000-0000-000000000000'
    ) THEN
        (SELECT json_group_array(json_array(query, answer, json(files), json(thoughts))) FROM
            (SELECT query, answer, {files} AS files, thoughts FROM messages
             WHERE conversation_id = :conversation_id AND status = 'normal' AND answer <> ''
             ORDER BY created_at DESC, sequence DESC LIMIT :limit) AS told)
    ELSE
        (WITH RECURSIVE thread (sequence, id, parent_id, created_at, status, query, answer, thoughts) AS (
            SELECT * FROM (
                SELECT sequence, id, parent_id, created_at, status, query, answer, thoughts FROM messages
                WHERE conversation_id = :conversation_id AND :parent_id IN ('', id)
                ORDER BY created_at DESC, sequence DESC LIMIT 1
            ) AS newest
            UNION
            SELECT one.sequence, one.id, one.parent_id, one.created_at, one.status, one.query, one.answer, one.thoughts
            FROM thread JOIN messages AS one
            ON one.sequence = CASE WHEN thread.parent_id = '00000000-0000-0000-0000-000000000000'
                THEN (
                    SELECT earlier.sequence FROM messages AS earlier
                    WHERE conversation_id = :conversation_id
                        AND (earlier.created_at, earlier.sequence) < (thread.created_at, thread.sequence)
                    ORDER BY earlier.created_at DESC, earlier.sequence DESC LIMIT 1
                )
                ELSE (
                    SELECT parent.sequence FROM messages AS parent
                    WHERE parent.id = thread.parent_id AND conversation_id = :conversation_id
                )
                END
        )
        SELECT json_group_array(json_array(query, answer, json(files), json(thoughts))) FROM
            (SELECT query, answer, {files of thread} AS files, thoughts FROM thread
             WHERE status = 'normal' AND answer <> '' LIMIT :limit) AS told)
    END
FROM conversations
WHERE id = :conversation_id AND app_id = :app_id AND user = :user
""".replace("{files}", FILES).replace("{files of thread}", FILES.replace("messages.id", "thread.id"))

# The members of a message (`MessageRow`).
COLUMNS = """
    id, query, inputs, created_at, answer, status, error, usage, citations, parent_id, thoughts, calls, took,
    first_text, task_id, {files}
""".replace("{files}", FILES).strip()

# A row without a message: the conversation is there, the message is not in it.
CURSOR = """
SELECT messages.created_at, messages.sequence
FROM conversations LEFT JOIN messages
    ON messages.id = :first_id AND messages.conversation_id = conversations.id
WHERE conversations.id = :conversation_id AND conversations.app_id = :app_id AND conversations.user = :user
"""

PAGE = """
SELECT {columns}
FROM messages
WHERE conversation_id = :conversation_id AND (created_at, sequence) < (:created_at, :sequence)
ORDER BY created_at DESC, sequence DESC LIMIT :limit
""".replace("{columns}", COLUMNS)

SWEEP = """
UPDATE messages SET status = 'error', error = :error
WHERE status = 'running' AND replica NOT IN (SELECT id FROM replicas)
    AND id NOT IN (SELECT message_id FROM workflow_runs WHERE status = 'running' AND state IS NOT NULL)
"""

# Of runs that were cut off between the two lines that lay one aside.
SWEEP_PAUSED = """
UPDATE messages SET status = 'error', error = :error
WHERE status = 'paused' AND replica NOT IN (SELECT id FROM replicas)
    AND id IN (SELECT message_id FROM workflow_runs WHERE status = 'running' AND state IS NULL)
"""

MessageRow = tuple[
    str, str, str, float, str, str, str | None, str, str, str, str, str, float | None, float | None, str, str
]

decode_inputs = json.Decoder(dict[str, object]).decode
decode_usage = json.Decoder(Usage).decode
decode_citations = json.Decoder(tuple[Citation, ...]).decode
decode_thoughts = json.Decoder(tuple[AgentThought, ...]).decode
decode_calls = json.Decoder(tuple[Asked, ...]).decode
decode_exchanges = json.Decoder(list[tuple[str, str, list[FileRow], tuple[AgentThought, ...]]]).decode


class Opening(Struct, frozen=True):
    """A question to write down."""

    id: str
    message: tuple[object, ...]
    conversation: tuple[object, ...] | None
    """If it opens one."""
    touch: tuple[object, ...]
    """Whose conversation moves to when."""
    files: tuple[tuple[object, ...], ...]
    run: tuple[object, ...] | None
    """Of a graph, if one answers it."""


class Closing(Struct, frozen=True):
    """An answer to write down."""

    message: tuple[object, ...]
    files: tuple[tuple[object, ...], ...]
    """What it made."""


class SqlMessages:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self,
        message: Message,
        conversation: Conversation | None,
        claim: Claim | None = None,
        run: WorkflowRun | None = None,
    ) -> None:
        opening = opening_of(message, conversation, run, self._database.replica)
        if claim is not None:
            row = row_of(claim)
            await self._database.write(lambda connection: claim_and_write_down(connection, row, opening))
        elif refusal := await self._database.join(write_down, opening):
            raise refusal

    async def close(self, message: Message) -> None:
        await self._database.join(write_down, closing_of(message, self._database.replica))

    async def thread(self, owner: Owner, conversation_id: str, limit: int, parent_id: str = NIL) -> Thread | None:
        asked = {**by_owner(owner, conversation_id), "limit": limit, "parent_id": "" if parent_id == NIL else parent_id}
        row: tuple[object, ...] | None = await self._database.read(
            lambda connection: connection.execute(THREAD, asked).fetchone()
        )
        if row is None:
            return None
        *conversation, parent_is_there, exchanges = row
        if not parent_is_there:
            raise NotFound("Message Not Exists.")
        newest_first = decode_exchanges(cast("str", exchanges))
        return Thread(
            conversation_from(owner, cast("ConversationRow", tuple(conversation))),
            tuple(
                Exchange(query, answer, sent(Attachment(*file) for file in files), thoughts)
                for query, answer, files, thoughts in reversed(newest_first)
            ),
        )

    async def page(self, owner: Owner, conversation_id: str, first_id: str, limit: int) -> Page[Message] | None:
        asked = {**by_owner(owner, conversation_id), "first_id": first_id, "limit": limit + 1}

        def work(connection: Connection) -> list[MessageRow] | None:
            with snapshot(connection):
                cursor = connection.execute(CURSOR, asked).fetchone()
                if cursor is None:
                    return None
                created_at, sequence = cursor if first_id else (math.inf, 0)
                if created_at is None:
                    raise FirstMessageNotExists
                return connection.execute(PAGE, {**asked, "created_at": created_at, "sequence": sequence}).fetchall()

        rows = await self._database.read(work)
        if rows is None:
            return None
        items = (message_from(owner, conversation_id, row) for row in reversed(rows[:limit]))
        return Page(tuple(items), has_more=len(rows) > limit)

    async def sweep(self, error: str) -> int:
        told = {"error": error}

        def work(connection: Connection) -> int:
            return connection.execute(SWEEP, told).rowcount + connection.execute(SWEEP_PAUSED, told).rowcount

        return await self._database.write(work)


def by_owner(owner: Owner, conversation_id: str) -> dict[str, object]:
    return {"conversation_id": conversation_id, "app_id": owner.app_id, "user": owner.user}


def write_down(connection: Connection, lines: list[Opening | Closing]) -> list[NotFound | None]:
    """The joint work of all that open and close: a few statements for all of them, openings first.

    An answer comes after its question; but whoever was cut off while writing the question may send both at once.
    """
    openings = [line for line in lines if isinstance(line, Opening)]
    fill(connection, ADD_CONVERSATIONS, [line.conversation for line in openings if line.conversation])
    added = fill(connection, ADD_MESSAGES, [line.message for line in openings])
    fill(connection, ATTACH, [row for line in lines for row in line.files])
    fill(connection, ADD_ANSWERING, [line.run for line in openings if line.run])
    # Of two messages in one conversation the later one counts: a dictionary keeps the last.
    touched = {line.touch[:-1]: line.touch for line in openings if not line.conversation}
    fill(connection, TOUCH_CONVERSATIONS, list(touched.values()))
    fill(connection, CLOSE_MESSAGES, [line.message for line in lines if isinstance(line, Closing)])
    if added == len(openings):
        return [None] * len(lines)
    return [
        NotFound("Conversation Not Exists. It was deleted meanwhile: start a new one by leaving out conversation_id.")
        if isinstance(line, Opening) and not connection.execute(IS_THERE, {"id": line.id}).fetchone()
        else None
        for line in lines
    ]


def claim_and_write_down(connection: Connection, claim: dict[str, object], opening: Opening) -> None:
    """Both or none: what is raised undoes the work."""
    if not connection.execute(TAKE, claim).rowcount:
        raise AlreadyBegun
    [refusal] = write_down(connection, [opening])
    if refusal:
        raise refusal


def opening_of(message: Message, conversation: Conversation | None, run: WorkflowRun | None, replica: str) -> Opening:
    owner = message.owner
    return Opening(
        id=message.id,
        message=(
            owner.app_id,
            owner.user,
            message.id,
            message.conversation_id,
            message.parent_id,
            message.query,
            to_json(message.inputs),
            message.answer,
            message.status,
            message.error,
            to_json(message.usage),
            to_json(message.citations),
            message.created_at,
            replica,
            int(run is not None),
            message.task_id,
        ),
        conversation=None
        if conversation is None
        else (
            conversation.id,
            conversation.owner.app_id,
            conversation.owner.user,
            conversation.name,
            to_json(conversation.inputs),
            conversation.introduction,
            conversation.version,
            conversation.created_at,
            message.created_at,
        ),
        touch=(owner.app_id, owner.user, message.conversation_id, message.created_at),
        files=file_rows(message),
        run=None if run is None else answering(run, replica),
    )


def closing_of(message: Message, replica: str) -> Closing:
    return Closing(
        message=(
            message.owner.app_id,
            message.owner.user,
            message.id,
            message.conversation_id,
            message.answer,
            message.status,
            message.error,
            to_json(message.usage),
            to_json(message.citations),
            to_json(message.thoughts),
            replica,
            to_json(message.calls),
            message.took,
            message.first_text,
            *spent(message.usage),
        ),
        files=made_rows(message),
    )


def spent(usage: Usage) -> tuple[int, float, str]:
    """Tokens, money and its currency, as figures are made of them."""
    return usage.total_tokens, float(usage.total_price), usage.price.currency


def to_json(value: object) -> str:
    return json.encode(value).decode()


def message_from(owner: Owner, conversation_id: str, row: MessageRow) -> Message:
    message_id, query, inputs, created_at, answer, status, error, usage, citations, parent_id, thoughts = row[:11]
    calls, took, first_text, task_id, files = row[11:]
    return Message(
        id=message_id,
        conversation_id=conversation_id,
        owner=owner,
        query=query,
        inputs=decode_inputs(inputs),
        created_at=created_at,
        answer=answer,
        status=cast("MessageStatus", status),
        error=error,
        usage=decode_usage(usage),
        citations=decode_citations(citations),
        parent_id=parent_id,
        files=files_from(files),
        thoughts=decode_thoughts(thoughts),
        task_id=task_id,
        calls=decode_calls(calls),
        took=took,
        first_text=first_text,
    )
