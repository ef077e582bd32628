"""Annotations that answer in the place of a model: the ports `AnnotationReplies` and `ReplySetUp`, and the work behind.

Questions are compared with questions, so both are embedded alike, and the same words are as near as can be. Knows no
route, and not what is said where none is near enough.
"""

import logging
from collections.abc import Iterable, Mapping

from msgspec import structs

from parlour.domain.annotation import (
    Action,
    AnnotationMatch,
    AnnotationUse,
    ReplyJob,
    ReplySetting,
    ReplyStep,
    Standing,
    UsesPage,
)
from parlour.domain.app import App
from parlour.domain.ids import Clock, NewId
from parlour.domain.problems import InternalError, Problem
from parlour.ports.annotations import ReplyStore
from parlour.ports.embeddings import Embeddings

AT_ONCE = 64
"""Questions that are embedded together."""
LATER = 60.0
"""Seconds after which what has failed is tried again."""

log = logging.getLogger(__name__)


class Replies:
    """How it stands with every app is kept in memory: an app whose annotations do not answer pays nothing."""

    def __init__(self, store: ReplyStore, embeddings: Embeddings, now: Clock, new_id: NewId) -> None:
        self._store = store
        self._embeddings = embeddings
        self._now = now
        self._new_id = new_id
        self._standing: Mapping[str, Standing] = {}

    def setting(self, app_id: str) -> ReplySetting | None:
        stands = self._standing.get(app_id)
        return stands and stands.setting

    async def answer(self, app_id: str, query: str) -> AnnotationMatch | None:
        setting = self.setting(app_id)
        if setting is None:
            return None
        try:
            [vector] = await self._embeddings.embed(setting.model, [query], "query")
        except Problem as problem:  # as the original does: the model answers
            log.warning("no annotation of app %s was looked for: %s", app_id, problem)
            return None
        found = await self._store.answers.nearest(app_id, setting.model, vector)
        score = round(min(found.score, 1.0), 6) if found else 0.0  # the last digits are the machine's
        return structs.replace(found, score=score) if found and score >= setting.threshold else None

    async def used(self, use: AnnotationUse) -> None:
        await self._store.answers.used(use)

    async def uses(self, app_id: str, annotation_id: str, page: int, limit: int) -> UsesPage | None:
        return await self._store.answers.uses(app_id, annotation_id, page, limit)

    async def order(self, app_id: str, action: Action, setting: ReplySetting) -> ReplyJob:
        return await self._store.jobs.order(ReplyJob(self._new_id(), app_id, action, setting, self._now()))

    async def job(self, app_id: str, action: Action, job_id: str) -> ReplyJob | None:
        found = await self._store.jobs.find(app_id, action, job_id)
        if found is not None and found.status == "completed":
            self._standing = await self._store.jobs.all()  # whoever is told so finds it so, in each process
        return found

    async def follow(self, apps: Iterable[App]) -> None:
        self._standing = await self._store.jobs.all()
        for app in apps:
            said, app_id = app.features.annotations, app.card.id
            if said == self._standing.get(app_id, Standing()).declared:
                continue
            action: Action = "disable" if said is None else "enable"
            job = ReplyJob(self._new_id(), app_id, action, said or ReplySetting(), self._now())
            await self._store.jobs.order(job, declares=True)

    async def work(self, app_id: str) -> None:
        """Do all that this app's annotations need; it may be taken up again wherever it ended."""
        work, done = self._store.work, False
        while not done:
            step = await work.step(app_id, AT_ONCE)
            try:
                await self._complete(app_id, step)
            except Problem as problem:
                log.warning("annotations of app %s could not be embedded: %s", app_id, problem)
                await work.fail(app_id, step.job, str(problem), self._now() + LATER)
                done = step.job is None  # else there may be what changed meanwhile
            else:
                done = not step.missing and await work.settle(app_id, step.job)
        self._standing = await self._store.jobs.all()

    async def _complete(self, app_id: str, step: ReplyStep) -> None:
        """These questions can be found; where there are none, they could be."""
        if step.job is not None and step.job.wanted is not None:
            self._embeddings.check(step.model)
        if step.missing:
            vectors = await self._embeddings.embed(step.model, [one.text for one in step.missing], "query")
            await self._store.work.write(app_id, step.model, dict(zip(step.missing, vectors, strict=True)))

    async def fail(self, app_id: str) -> None:
        """What nobody foresaw: the work ends, the job with it."""
        step = await self._store.work.step(app_id, 1)
        await self._store.work.fail(app_id, step.job, str(InternalError()), self._now() + LATER)
