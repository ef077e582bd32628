"""Annotations in the memory of one process, and how they answer. Does not know what compares questions."""

from collections.abc import Mapping

from msgspec import Struct, structs

from parlour.domain.annotation import (
    Action,
    Annotation,
    AnnotationMatch,
    AnnotationsPage,
    AnnotationUse,
    Question,
    ReplyJob,
    ReplyStep,
    Standing,
    UsesPage,
    Vectors,
    searched,
)
from parlour.domain.dataset import ModelName
from parlour.domain.message import Owner
from parlour.ports.annotations import ReplyStore
from parlour.stores.scan import Scan

UNDONE = ("waiting", "processing")


class Desk(Struct):
    """The work of one app."""

    worker: str = ""
    held_until: float = 0.0


class AnnotationRows(Struct):
    """What is kept."""

    annotations: dict[tuple[str, str], Annotation] = {}
    """By app and id."""
    vectors: dict[tuple[str, str, ModelName], bytes] = {}
    uses: dict[tuple[str, str], list[AnnotationUse]] = {}
    standing: dict[str, Standing] = {}
    jobs: dict[str, ReplyJob] = {}
    desks: dict[str, Desk] = {}

    def forget_user(self, owner: Owner) -> None:
        """What a user has asked annotations goes."""
        for (app_id, _), uses in self.uses.items():
            if app_id == owner.app_id:
                uses[:] = [use for use in uses if use.user != owner.user]

    def missing(self, app_id: str, model: ModelName) -> tuple[Question, ...]:
        own = ((one, known) for (app, one), known in self.annotations.items() if app == app_id)
        return tuple(Question(one, known.question) for one, known in own if (app_id, one, model) not in self.vectors)

    def undone(self, app_id: str) -> list[ReplyJob]:
        return [job for job in self.jobs.values() if job.app_id == app_id and job.status in UNDONE]

    def stands(self, app_id: str) -> Standing:
        return self.standing.get(app_id, Standing())

    def forget(self, app_id: str, annotation_id: str) -> None:
        for place in [place for place in self.vectors if place[:2] == (app_id, annotation_id)]:
            del self.vectors[place]

    def enqueue(self, app_id: str) -> None:
        desk = self.desks.setdefault(app_id, Desk())
        if not desk.worker:
            desk.held_until = 0.0


class MemoryAnnotations:
    def __init__(self, rows: AnnotationRows) -> None:
        self._rows = rows

    async def create(self, annotation: Annotation) -> None:
        self._rows.annotations[annotation.app_id, annotation.id] = annotation
        self._changed(annotation.app_id)

    async def update(self, app_id: str, annotation_id: str, question: str, answer: str) -> Annotation | None:
        known = self._rows.annotations.get((app_id, annotation_id))
        if known is None:
            return None
        if known.question != question:
            self._rows.forget(app_id, annotation_id)
        changed = structs.replace(known, question=question, answer=answer)
        self._rows.annotations[app_id, annotation_id] = changed
        self._changed(app_id)
        return changed

    async def delete(self, app_id: str, annotation_id: str) -> bool:
        self._rows.forget(app_id, annotation_id)
        self._rows.uses.pop((app_id, annotation_id), None)
        return self._rows.annotations.pop((app_id, annotation_id), None) is not None

    async def page(self, app_id: str, keyword: str, page: int, limit: int) -> AnnotationsPage:
        wanted = keyword.casefold()
        all_of_them = reversed(self._rows.annotations.values())
        own = [one for one in all_of_them if one.app_id == app_id and wanted in searched(one)]
        newest_first = sorted(own, key=lambda one: -one.created_at)
        return AnnotationsPage(tuple(newest_first[(page - 1) * limit : page * limit]), len(own))

    def _changed(self, app_id: str) -> None:
        if self._rows.stands(app_id).setting is not None:
            self._rows.enqueue(app_id)


class MemoryAnnotationAnswers:
    def __init__(self, rows: AnnotationRows) -> None:
        self._rows = rows

    async def nearest(self, app_id: str, model: ModelName, vector: bytes) -> AnnotationMatch | None:
        known = [
            (place[1], kept)
            for place, kept in self._rows.vectors.items()
            if (place[0], place[2], len(kept)) == (app_id, model, len(vector))
        ]
        scan = Scan(len(vector))
        scan.extend([(at, kept) for at, (_, kept) in enumerate(known)])
        for some in scan.ranking(vector).portions(1):
            at, score = some[0]
            return AnnotationMatch(self._rows.annotations[app_id, known[at][0]], score)
        return None

    async def used(self, use: AnnotationUse) -> None:
        place = use.annotation.app_id, use.annotation.id
        known = self._rows.annotations.get(place)
        if known is not None:
            self._rows.uses.setdefault(place, []).append(use)
            self._rows.annotations[place] = structs.replace(known, hit_count=known.hit_count + 1)

    async def uses(self, app_id: str, annotation_id: str, page: int, limit: int) -> UsesPage | None:
        if (app_id, annotation_id) not in self._rows.annotations:
            return None
        newest_first = self._rows.uses.get((app_id, annotation_id), [])[::-1]
        return UsesPage(tuple(newest_first[(page - 1) * limit : page * limit]), len(newest_first))


class MemoryReplyJobs:
    def __init__(self, rows: AnnotationRows) -> None:
        self._rows = rows

    async def all(self) -> Mapping[str, Standing]:
        return dict(self._rows.standing)

    async def order(self, job: ReplyJob, *, declares: bool = False) -> ReplyJob:
        stands = self._rows.stands(job.app_id)
        if declares:
            self._rows.standing[job.app_id] = structs.replace(stands, declared=job.wanted)
        undone = self._rows.undone(job.app_id)
        if undone and undone[-1].wanted == job.wanted:
            return undone[-1]
        self._rows.jobs[job.id] = job
        self._rows.enqueue(job.app_id)
        return job

    async def find(self, app_id: str, action: Action, job_id: str) -> ReplyJob | None:
        job = self._rows.jobs.get(job_id)
        return job if job is not None and (job.app_id, job.action) == (app_id, action) else None


class MemoryReplyWork:
    def __init__(self, rows: AnnotationRows) -> None:
        self._rows = rows

    async def step(self, app_id: str, limit: int) -> ReplyStep:
        wanted, job = self._rows.stands(app_id).setting, next(iter(self._rows.undone(app_id)), None)
        if job is not None:
            self._rows.jobs[job.id] = job = structs.replace(job, status="processing")
            wanted = job.wanted
        if wanted is None:
            return ReplyStep(job)
        return ReplyStep(job, wanted.model, self._rows.missing(app_id, wanted.model)[:limit])

    async def write(self, app_id: str, model: ModelName, vectors: Vectors) -> None:
        for one, vector in vectors.items():
            known = self._rows.annotations.get((app_id, one.id))
            if known is not None and known.question == one.text:
                self._rows.vectors[app_id, one.id, model] = vector

    async def settle(self, app_id: str, job: ReplyJob | None) -> bool:
        stands = self._rows.stands(app_id)
        wanted = stands.setting if job is None else job.wanted
        if wanted is not None and self._rows.missing(app_id, wanted.model):
            return False
        if job is not None and self._rows.jobs[job.id].status in UNDONE:
            self._rows.jobs[job.id] = structs.replace(job, status="completed")
            self._rows.standing[app_id] = structs.replace(stands, setting=wanted)
            model = None if wanted is None else wanted.model
            for place in [place for place in self._rows.vectors if place[0] == app_id and place[2] != model]:
                del self._rows.vectors[place]
        if self._rows.undone(app_id):
            return False
        self._rows.desks.pop(app_id, None)
        return True

    async def fail(self, app_id: str, job: ReplyJob | None, error: str, until: float) -> None:
        if job is not None and self._rows.jobs[job.id].status in UNDONE:
            self._rows.jobs[job.id] = structs.replace(job, status="error", error=error)
        if desk := self._rows.desks.get(app_id):
            desk.worker, desk.held_until = "", until if job is None else 0.0


def memory_replies(rows: AnnotationRows) -> ReplyStore:
    return ReplyStore(MemoryAnnotationAnswers(rows), MemoryReplyJobs(rows), MemoryReplyWork(rows))
