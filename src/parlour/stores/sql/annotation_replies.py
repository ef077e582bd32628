"""Answers from annotations in SQL: the ports `AnnotationAnswers`, `ReplyJobs` and `ReplyWork`, one transaction a call.

Whatever writes takes the app's row first (`LOCK`), so what one writer finds to be missing no other adds meanwhile, and
a higher sequence of a vector is a later one. Knows no threads and no model.
"""

from collections.abc import Mapping

import msgspec
from msgspec import structs

from parlour.domain.annotation import (
    Action,
    Annotation,
    AnnotationMatch,
    AnnotationUse,
    Question,
    ReplyJob,
    ReplySetting,
    ReplyStep,
    Standing,
    UsesPage,
    Vectors,
)
from parlour.domain.dataset import ModelName
from parlour.stores.scan import Scans
from parlour.stores.sql.compared import grow
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database

LOCK = """
INSERT INTO annotation_replies (app_id) VALUES (:app_id)
ON CONFLICT (app_id) DO UPDATE SET app_id = :app_id
RETURNING setting
"""
ENQUEUE = """
INSERT INTO indexing (app_id) VALUES (:app_id)
ON CONFLICT (app_id) DO UPDATE SET held_until = 0 WHERE indexing.worker = ''
"""
RELEASE = "UPDATE indexing SET worker = '', held_until = :until WHERE app_id = :app_id"
LEAVE = "DELETE FROM indexing WHERE app_id = :app_id"

ALL = "SELECT app_id, setting, declared FROM annotation_replies"
DECLARE = "UPDATE annotation_replies SET declared = :declared WHERE app_id = :app_id"
SET = "UPDATE annotation_replies SET setting = :setting WHERE app_id = :app_id"

UNDONE = (
    "SELECT job FROM annotation_jobs WHERE app_id = :app_id AND status IN ('waiting', 'processing') ORDER BY sequence"
)
ADD = "INSERT INTO annotation_jobs (id, app_id, status, job) VALUES (:id, :app_id, :status, :job)"
ADVANCE = """
UPDATE annotation_jobs SET status = :status, job = :job WHERE id = :id AND status IN ('waiting', 'processing')
"""
FIND = "SELECT job FROM annotation_jobs WHERE id = :id AND app_id = :app_id"
# Who asks for a job does so soon.
OLD = """
DELETE FROM annotation_jobs
WHERE status IN ('completed', 'error') AND sequence < (SELECT max(sequence) - 1000 FROM annotation_jobs)
"""

MISSING = """
SELECT id, question FROM annotations
WHERE app_id = :app_id
  AND NOT EXISTS (SELECT 1 FROM annotation_vectors WHERE annotation_id = annotations.id AND model = :model)
ORDER BY sequence LIMIT :limit
"""
WRITE = """
INSERT INTO annotation_vectors (annotation_id, app_id, model, vector)
SELECT id, app_id, :model, :vector FROM annotations WHERE id = :id AND app_id = :app_id AND question = :question
ON CONFLICT (annotation_id, model) DO NOTHING
"""
FORGET_OTHERS = "DELETE FROM annotation_vectors WHERE app_id = :app_id AND model <> :model"

NEW = """
SELECT sequence, vector FROM annotation_vectors
WHERE app_id = :app_id AND model = :model AND sequence > :after AND length(vector) = :bytes
ORDER BY sequence LIMIT :most
"""
THERE = """
SELECT annotation_vectors.sequence, id, question, answer, created_at, hit_count
FROM annotation_vectors JOIN annotations ON annotations.id = annotation_id
WHERE annotation_vectors.sequence IN (SELECT CAST(value AS BIGINT) FROM json_each(:sequences))
"""

USED = """
INSERT INTO annotation_uses (annotation_id, used)
SELECT id, :used FROM annotations WHERE id = :id AND app_id = :app_id
"""
COUNT = "UPDATE annotations SET hit_count = hit_count + 1 WHERE id = :id AND app_id = :app_id"
OWN = "SELECT 1 FROM annotations WHERE id = :id AND app_id = :app_id"
USES = """
SELECT used FROM annotation_uses WHERE annotation_id = :id ORDER BY sequence DESC LIMIT :limit OFFSET :offset
"""
TOTAL = "SELECT count(*) FROM annotation_uses WHERE annotation_id = :id"

setting_of = msgspec.json.Decoder(ReplySetting | None).decode
job_of = msgspec.json.Decoder(ReplyJob).decode
use_of = msgspec.json.Decoder(AnnotationUse).decode


class SqlAnnotationAnswers:
    def __init__(self, database: Database, scans: Scans) -> None:
        self._database = database
        self._scans = scans

    async def nearest(self, app_id: str, model: ModelName, vector: bytes) -> AnnotationMatch | None:
        asked: dict[str, object] = {"app_id": app_id, "model": name_of(model), "bytes": len(vector)}

        def work(connection: Connection) -> AnnotationMatch | None:
            scan = self._scans.of(f"{app_id} {name_of(model)}", len(vector))
            with scan.lock:
                grow(connection, scan, NEW, asked)
                ranking = scan.ranking(vector)
            for some in ranking.portions(1):
                sequences = {"sequences": f"{[sequence for sequence, _ in some]}"}
                there = {
                    row[0]: Annotation(row[1], app_id, *row[2:])
                    for row in connection.execute(THERE, sequences).fetchall()
                }
                for sequence, score in some:
                    if sequence in there:
                        return AnnotationMatch(there[sequence], score)
            return None

        return await self._database.read(work)

    async def used(self, use: AnnotationUse) -> None:
        asked = at(use.annotation.app_id, use.annotation.id) | {"used": text(use)}

        def work(connection: Connection) -> None:
            connection.execute(USED, asked)
            connection.execute(COUNT, asked)

        await self._database.write(work)

    async def uses(self, app_id: str, annotation_id: str, page: int, limit: int) -> UsesPage | None:
        asked = at(app_id, annotation_id) | {"limit": limit, "offset": (page - 1) * limit}

        def work(connection: Connection) -> tuple[list[tuple[str]], int] | None:
            with snapshot(connection):
                if connection.execute(OWN, asked).fetchone() is None:
                    return None
                return connection.execute(USES, asked).fetchall(), connection.execute(TOTAL, asked).fetchone()[0]

        found = await self._database.read(work)
        return found and UsesPage(tuple(use_of(used) for (used,) in found[0]), found[1])


class SqlReplyJobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Mapping[str, Standing]:
        rows: list[tuple[str, str | None, str | None]] = await self._database.read(
            lambda connection: connection.execute(ALL, {}).fetchall()
        )
        return {app_id: Standing(read(setting), read(declared)) for app_id, setting, declared in rows}

    async def order(self, job: ReplyJob, *, declares: bool = False) -> ReplyJob:
        asked = row_of(job) | {"declared": text(job.wanted)}

        def work(connection: Connection) -> ReplyJob:
            locked(connection, job.app_id)
            if declares:
                connection.execute(DECLARE, asked)
            undone = connection.execute(UNDONE, asked).fetchall()
            last = job_of(undone[-1][0]) if undone else None
            if last is not None and last.wanted == job.wanted:
                return last
            connection.execute(OLD, {})
            connection.execute(ADD, asked)
            connection.execute(ENQUEUE, asked)
            return job

        return await self._database.write(work)

    async def find(self, app_id: str, action: Action, job_id: str) -> ReplyJob | None:
        asked = at(app_id, job_id)
        row = await self._database.read(lambda connection: connection.execute(FIND, asked).fetchone())
        job = job_of(row[0]) if row else None
        return job if job is not None and job.action == action else None


class SqlReplyWork:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self, app_id: str, limit: int) -> ReplyStep:
        asked: dict[str, object] = {"app_id": app_id, "limit": limit}

        def work(connection: Connection) -> ReplyStep:
            wanted = locked(connection, app_id)
            row = connection.execute(UNDONE, asked).fetchone()
            job = structs.replace(job_of(row[0]), status="processing") if row else None
            if job is not None:
                connection.execute(ADVANCE, row_of(job))
                wanted = job.wanted
            if wanted is None:
                return ReplyStep(job)
            rows = connection.execute(MISSING, asked | {"model": name_of(wanted.model)}).fetchall()
            return ReplyStep(job, wanted.model, tuple(Question(*one) for one in rows))

        return await self._database.write(work)

    async def write(self, app_id: str, model: ModelName, vectors: Vectors) -> None:
        rows = [
            at(app_id, one.id) | {"model": name_of(model), "question": one.text, "vector": vector}
            for one, vector in vectors.items()
        ]

        def work(connection: Connection) -> None:
            locked(connection, app_id)
            connection.executemany(WRITE, rows)

        await self._database.write(work)

    async def settle(self, app_id: str, job: ReplyJob | None) -> bool:
        asked: dict[str, object] = {"app_id": app_id, "limit": 1}

        def work(connection: Connection) -> bool:
            wanted = locked(connection, app_id)
            if job is not None:
                wanted = job.wanted
            model = {"model": "" if wanted is None else name_of(wanted.model)}
            if wanted is not None and connection.execute(MISSING, asked | model).fetchone():
                return False
            if (
                job is not None
                and connection.execute(ADVANCE, row_of(structs.replace(job, status="completed"))).rowcount
            ):
                connection.execute(SET, asked | {"setting": text(wanted)})
                connection.execute(FORGET_OTHERS, asked | model)
            if connection.execute(UNDONE, asked).fetchone():
                return False
            connection.execute(LEAVE, asked)
            return True

        return await self._database.write(work)

    async def fail(self, app_id: str, job: ReplyJob | None, error: str, until: float) -> None:
        asked = {"app_id": app_id, "until": until if job is None else 0.0}

        def work(connection: Connection) -> None:
            locked(connection, app_id)
            if job is not None:
                connection.execute(ADVANCE, row_of(structs.replace(job, status="error", error=error)))
            connection.execute(RELEASE, asked)

        await self._database.write(work)


def changed(connection: Connection, app_id: str) -> None:
    """An annotation is new, or has another question: there is work where the app answers with them."""
    if locked(connection, app_id) is not None:
        connection.execute(ENQUEUE, {"app_id": app_id})


def locked(connection: Connection, app_id: str) -> ReplySetting | None:
    """How this app's annotations answer. No other writer changes them or finds work in them until this is committed."""
    [(setting,)] = connection.execute(LOCK, {"app_id": app_id}).fetchall()
    return read(setting)


def at(app_id: str, own_id: str) -> dict[str, object]:
    return {"app_id": app_id, "id": own_id}


def row_of(job: ReplyJob) -> dict[str, object]:
    return at(job.app_id, job.id) | {"status": job.status, "job": text(job)}


def name_of(model: ModelName) -> str:
    return f"{model.provider}/{model.name}"


def text(value: ReplySetting | ReplyJob | AnnotationUse | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def read(setting: str | None) -> ReplySetting | None:
    return None if setting is None else setting_of(setting)
