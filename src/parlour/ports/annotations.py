"""Annotations of apps, kept, and how they come to answer. Does not know in what; every call is one whole transaction.

Every look-up goes by app: what is another's reads as what is not there. What changes an annotation of an app that
answers with them is work for the port `Indexing` from then on, as a job is: until it is done, the changed one is not
found.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from parlour.domain.annotation import (
    Action,
    Annotation,
    AnnotationMatch,
    AnnotationsPage,
    AnnotationUse,
    ReplyJob,
    ReplySetting,
    ReplyStep,
    Standing,
    UsesPage,
    Vectors,
)
from parlour.domain.app import App
from parlour.domain.dataset import ModelName


class Annotations(Protocol):
    async def create(self, annotation: Annotation) -> None: ...

    async def update(self, app_id: str, annotation_id: str, question: str, answer: str) -> Annotation | None:
        """Give it another question and answer; None if it is not this app's."""
        ...

    async def delete(self, app_id: str, annotation_id: str) -> bool:
        """Delete it, and what is known of its answers; False if it is not this app's."""
        ...

    async def page(self, app_id: str, keyword: str, page: int, limit: int) -> AnnotationsPage:
        """The `page`th part (from 1) of those that hold the keyword in whatever case, newest first."""
        ...


class AnnotationAnswers(Protocol):
    async def nearest(self, app_id: str, model: ModelName, vector: bytes) -> AnnotationMatch | None:
        """The annotation whose question this model takes for the most alike; scored by the cosine."""
        ...

    async def used(self, use: AnnotationUse) -> None:
        """It has answered once more; nothing if it is gone."""
        ...

    async def uses(self, app_id: str, annotation_id: str, page: int, limit: int) -> UsesPage | None:
        """The `page`th part (from 1) of its answers, newest first; None if it is not this app's."""
        ...


class ReplyJobs(Protocol):
    async def all(self) -> Mapping[str, Standing]:
        """How it is with each app that anything was ever said of."""
        ...

    async def order(self, job: ReplyJob, *, declares: bool = False) -> ReplyJob:
        """Have it done; the same that is not done yet stands in its place.

        `declares`: the app's own file says so.
        """
        ...

    async def find(self, app_id: str, action: Action, job_id: str) -> ReplyJob | None: ...


class ReplyWork(Protocol):
    """The steps of an app's work. Each may be taken twice."""

    async def step(self, app_id: str, limit: int) -> ReplyStep: ...

    async def write(self, app_id: str, model: ModelName, vectors: Vectors) -> None:
        """Those that still have the same question can be found by this model."""
        ...

    async def settle(self, app_id: str, job: ReplyJob | None) -> bool:
        """The job is done, and the app has no work left; False, and nothing is done, if something is missing."""
        ...

    async def fail(self, app_id: str, job: ReplyJob | None, error: str, until: float) -> None:
        """The job has failed, and changes nothing; what has failed without one is tried again after that time."""
        ...


class ReplyStore(Struct, frozen=True):
    """What is kept of answers from annotations."""

    answers: AnnotationAnswers
    jobs: ReplyJobs
    work: ReplyWork


class AnnotationReplies(Protocol):
    """Answers from annotations, as a run reaches for them."""

    def setting(self, app_id: str) -> ReplySetting | None:
        """How this app's annotations answer; None where they do not. Costs nothing."""
        ...

    async def answer(self, app_id: str, query: str) -> AnnotationMatch | None:
        """The annotation that answers in the place of a model; None where none is near enough, or none can be told."""
        ...

    async def used(self, use: AnnotationUse) -> None:
        """It was given."""
        ...


class ReplySetUp(Protocol):
    """How annotations come to answer, as whoever runs the house sees it."""

    def setting(self, app_id: str) -> ReplySetting | None: ...

    async def order(self, app_id: str, action: Action, setting: ReplySetting) -> ReplyJob:
        """Have them answer, or no longer."""
        ...

    async def job(self, app_id: str, action: Action, job_id: str) -> ReplyJob | None: ...

    async def uses(self, app_id: str, annotation_id: str, page: int, limit: int) -> UsesPage | None:
        """As of `AnnotationAnswers`."""
        ...

    async def follow(self, apps: Iterable[App]) -> None:
        """See how it stands now, and do what the files of these apps say that they did not say before."""
        ...
