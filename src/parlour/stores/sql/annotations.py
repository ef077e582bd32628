"""Annotations in SQL: the port `Annotations`, one transaction a call. Knows no threads and no files."""

from parlour.domain.annotation import Annotation, AnnotationsPage, searched
from parlour.stores.sql.annotation_replies import changed
from parlour.stores.sql.connection import Connection, snapshot
from parlour.stores.sql.database import Database

CREATE = """
INSERT INTO annotations (id, app_id, question, answer, searched, hit_count, created_at)
VALUES (:id, :app_id, :question, :answer, :searched, :hit_count, :created_at)
"""

UPDATE = """
UPDATE annotations SET question = :question, answer = :answer, searched = :searched
WHERE id = :id AND app_id = :app_id
RETURNING id, question, answer, created_at, hit_count
"""

# The vectors of another question say nothing of this one.
FORGET = """
DELETE FROM annotation_vectors
WHERE annotation_id = (SELECT id FROM annotations WHERE id = :id AND app_id = :app_id AND question <> :question)
"""

DELETE = "DELETE FROM annotations WHERE id = :id AND app_id = :app_id"

# `searched` is folded where it is written: SQLite itself folds ASCII alone.
PAGE = """
SELECT id, question, answer, created_at, hit_count
FROM annotations
WHERE app_id = :app_id AND (:keyword = '' OR instr(searched, :keyword) > 0)
ORDER BY created_at DESC, sequence DESC LIMIT :limit OFFSET :offset
"""

TOTAL = "SELECT count(*) FROM annotations WHERE app_id = :app_id AND (:keyword = '' OR instr(searched, :keyword) > 0)"

AnnotationRow = tuple[str, str, str, float, int]


class SqlAnnotations:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, annotation: Annotation) -> None:
        row: dict[str, object] = {
            "id": annotation.id,
            "app_id": annotation.app_id,
            "question": annotation.question,
            "answer": annotation.answer,
            "searched": searched(annotation),
            "hit_count": annotation.hit_count,
            "created_at": annotation.created_at,
        }

        def work(connection: Connection) -> None:
            changed(connection, annotation.app_id)
            connection.execute(CREATE, row)

        await self._database.write(work)

    async def update(self, app_id: str, annotation_id: str, question: str, answer: str) -> Annotation | None:
        text = searched(Annotation(annotation_id, app_id, question, answer, 0.0))
        asked = {"id": annotation_id, "app_id": app_id, "question": question, "answer": answer, "searched": text}

        def work(connection: Connection) -> list[AnnotationRow]:
            changed(connection, app_id)
            connection.execute(FORGET, asked)
            return connection.execute(UPDATE, asked).fetchall()

        rows = await self._database.write(work)
        return annotation_from(app_id, rows[0]) if rows else None

    async def delete(self, app_id: str, annotation_id: str) -> bool:
        asked = {"id": annotation_id, "app_id": app_id}
        return bool(await self._database.write(lambda connection: connection.execute(DELETE, asked).rowcount))

    async def page(self, app_id: str, keyword: str, page: int, limit: int) -> AnnotationsPage:
        asked = {"app_id": app_id, "keyword": keyword.casefold(), "limit": limit, "offset": (page - 1) * limit}

        def work(connection: Connection) -> tuple[list[AnnotationRow], int]:
            with snapshot(connection):
                total: int = connection.execute(TOTAL, asked).fetchone()[0]
                return connection.execute(PAGE, asked).fetchall(), total

        rows, total = await self._database.read(work)
        return AnnotationsPage(tuple(annotation_from(app_id, row) for row in rows), total)


def annotation_from(app_id: str, row: AnnotationRow) -> Annotation:
    annotation_id, question, answer, created_at, hit_count = row
    return Annotation(annotation_id, app_id, question, answer, created_at, hit_count)
