"""Answers that a person wrote for a question, and how they are given. Does not know where they are stored."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from parlour.domain.dataset import ModelName


class Annotation(Struct, frozen=True):
    """A question and its answer, kept for one app."""

    id: str
    app_id: str
    question: str
    answer: str
    created_at: float
    hit_count: int = 0
    """How often it has answered instead of a model."""


class AnnotationsPage(Struct, frozen=True):
    """A part of an app's annotations."""

    items: tuple[Annotation, ...]
    total: int
    """How many there are in all, of those that were searched for."""


def searched(annotation: Annotation) -> str:
    """The text in which a keyword, folded likewise, is looked for; no keyword reaches over its middle."""
    return f"{annotation.question}\x1f{annotation.answer}".casefold()


class ReplySetting(Struct, frozen=True):
    """How annotations answer in the place of a model."""

    threshold: float = 1.0
    """How alike a question has to be, within [0, 1]."""
    model: ModelName = ModelName()
    """Who compares questions; empty for the usual one."""


Action = Literal["enable", "disable"]


class ReplyJob(Struct, frozen=True):
    """What is to become of an app's annotations: that they answer, or no longer."""

    id: str
    app_id: str
    action: Action
    setting: ReplySetting
    created_at: float
    status: Literal["waiting", "processing", "completed", "error"] = "waiting"
    error: str = ""

    @property
    def wanted(self) -> ReplySetting | None:
        return self.setting if self.action == "enable" else None


class Standing(Struct, frozen=True):
    """How it is with an app's annotations."""

    setting: ReplySetting | None = None
    """None where they do not answer."""
    declared: ReplySetting | None = None
    """What the app's own file said of it when that was last followed."""


class Question(Struct, frozen=True):
    """What an annotation is found by."""

    id: str
    text: str


class ReplyStep(Struct, frozen=True):
    """What is to be done next so that an app's annotations are as they should be."""

    job: ReplyJob | None = None
    """None where they only changed."""
    model: ModelName = ModelName()
    missing: tuple[Question, ...] = ()
    """Some of those that this model has not seen; none where nothing is left but to settle it."""


class AnnotationMatch(Struct, frozen=True):
    """The annotation that is nearest to a question."""

    annotation: Annotation
    score: float


class AnnotationUse(Struct, frozen=True):
    """An annotation has answered."""

    id: str
    annotation: Annotation
    """As it was then."""
    question: str
    """What was asked."""
    score: float
    message_id: str
    user: str
    created_at: float


class UsesPage(Struct, frozen=True):
    """A part of the answers that an annotation gave."""

    items: tuple[AnnotationUse, ...]
    total: int


Vectors = Mapping[Question, bytes]
