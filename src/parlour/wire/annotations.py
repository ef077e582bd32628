"""Annotations: what is asked of them and what they look like (contract 5.9). Does not know whether one is there."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parlour.domain.annotation import Annotation, AnnotationsPage, ReplyJob, ReplySetting, UsesPage
from parlour.domain.dataset import ModelName
from parlour.domain.problems import InvalidParam
from parlour.wire import body as read
from parlour.wire.bodies import Seconds
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.queries import PageNumber, whole

MOST = 100
NEEDED = ("score_threshold", "embedding_provider_name", "embedding_model_name")


class AnnotationRequest(Struct, frozen=True):
    """A question, and the answer to give."""

    question: Annotated[str, Meta(min_length=1)]
    answer: Annotated[str, Meta(min_length=1)]


class AnnotationsQuery(Struct, frozen=True):
    """A page of an app's annotations."""

    page: PageNumber = 1
    limit: Annotated[int, Meta(ge=1, description="How many to send; never more than 100.")] = 20
    keyword: Annotated[str, Meta(description="Only those with this in question or answer, in whatever case.")] = ""


class AnnotationBody(Struct):
    """An annotation."""

    id: str
    question: str
    answer: str
    hit_count: int
    created_at: Seconds


class AnnotationsBody(Struct):
    """Newest first; `total` counts all that were searched for."""

    data: tuple[AnnotationBody, ...]
    has_more: bool
    limit: int
    total: int
    page: int


class SetUpRequest(Struct):
    """How annotations are to answer; all is needed, even to disable that."""

    score_threshold: Annotated[float, Meta(ge=0, le=1, description="How alike a question has to be.")]
    embedding_provider_name: str
    embedding_model_name: str


class Use(Struct):
    """An annotation has answered."""

    id: str
    source: Annotated[str, Meta(description="Always `api`.")]
    score: Annotated[float, Meta(description="How alike the question was.")]
    question: Annotated[str, Meta(description="What was asked.")]
    created_at: Seconds
    match: Annotated[str, Meta(description="The annotation's question then.")]
    response: Annotated[str, Meta(description="Its answer then.")]


class UsesBody(Struct):
    """Newest first; `total` counts all."""

    data: tuple[Use, ...]
    has_more: bool
    limit: int
    total: int
    page: int


class Job(Struct):
    """What is being set up."""

    job_id: str
    job_status: Literal["waiting", "processing"]


class JobStatus(Struct):
    """How far that has come."""

    job_id: str
    job_status: Literal["waiting", "processing", "completed", "error"]
    error_msg: Annotated[str, Meta(description="Empty unless the status is `error`.")]


OPERATIONS = (
    Operation(
        method="get",
        path="/v1/apps/annotations",
        id="listAnnotations",
        summary="List the app's annotations",
        tag="Annotations",
        query=AnnotationsQuery,
        response=AnnotationsBody,
    ),
    Operation(
        method="post",
        path="/v1/apps/annotations",
        id="createAnnotation",
        summary="Keep an answer for a question",
        tag="Annotations",
        request=AnnotationRequest,
        response=AnnotationBody,
        status=201,
    ),
    Operation(
        method="put",
        path="/v1/apps/annotations/{annotation_id}",
        id="updateAnnotation",
        summary="Change an annotation",
        tag="Annotations",
        request=AnnotationRequest,
        response=AnnotationBody,
    ),
    Operation(
        method="delete",
        path="/v1/apps/annotations/{annotation_id}",
        id="deleteAnnotation",
        summary="Delete an annotation",
        tag="Annotations",
    ),
    Operation(
        method="get",
        path="/v1/apps/annotations/{annotation_id}/hit-histories",
        id="listAnnotationHits",
        summary="List when an annotation has answered; an addition",
        tag="Annotations",
        query=AnnotationsQuery,
        response=UsesBody,
    ),
    *(
        Operation(
            method="post",
            path=f"/v1/apps/annotation-reply/{action}",
            id=f"{action}AnnotationReply",
            summary=f"{action.capitalize()} answers from annotations: a job",
            tag="Annotations",
            request=SetUpRequest,
            response=Job,
        )
        for action in ("enable", "disable")
    ),
    *(
        Operation(
            method="get",
            path=f"/v1/apps/annotation-reply/{action}/status/{{job_id}}",
            id=f"{action}AnnotationReplyStatus",
            summary="Ask how far such a job has come",
            tag="Annotations",
            response=JobStatus,
        )
        for action in ("enable", "disable")
    ),
)


def parse_draft(body: Mapping[str, object]) -> AnnotationRequest:
    """Raises: InvalidParam, naming the member."""
    return AnnotationRequest(question=_words(body, "question"), answer=_words(body, "answer"))


def _words(body: Mapping[str, object], name: str) -> str:
    words = read.text(body, name)
    if not words.strip():
        raise InvalidParam(f"{name}: is required.", params=name)
    return words


def parse_page(query: Mapping[str, str]) -> AnnotationsQuery:
    """Raises: InvalidParam, naming the parameter. A limit that is too large is cut (contract 5.9)."""
    return AnnotationsQuery(
        page=whole(query, "page", default=1, least=1),
        limit=min(MOST, whole(query, "limit", default=20, least=1)),
        keyword=query.get("keyword", ""),
    )


def parse_set_up(body: Mapping[str, object]) -> ReplySetting:
    """Raises: InvalidParam, naming the member: all are needed, even to disable (contract 5.9)."""
    for name in NEEDED:
        if body.get(name) is None:
            raise InvalidParam(f"{name}: is required.", params=name)
    threshold = body["score_threshold"]
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise InvalidParam("score_threshold: must be a number from 0 to 1.", params="score_threshold")
    model = ModelName(read.text(body, "embedding_provider_name"), read.text(body, "embedding_model_name"))
    return ReplySetting(float(threshold), model)


def job(found: ReplyJob) -> bytes:
    return encode(Job(found.id, "waiting" if found.status == "waiting" else "processing"))


def job_status(found: ReplyJob) -> bytes:
    return encode(JobStatus(found.id, found.status, found.error))


def uses(found: UsesPage, query: AnnotationsQuery) -> bytes:
    data = tuple(
        Use(
            use.id,
            "api",
            use.score,
            use.question,
            int(use.created_at),
            use.annotation.question,
            use.annotation.answer,
        )
        for use in found.items
    )
    return encode(UsesBody(data, query.page * query.limit < found.total, query.limit, found.total, query.page))


def one(annotation: Annotation) -> bytes:
    return encode(_annotation(annotation))


def page(found: AnnotationsPage, query: AnnotationsQuery) -> bytes:
    return encode(
        AnnotationsBody(
            data=tuple(_annotation(annotation) for annotation in found.items),
            has_more=query.page * query.limit < found.total,
            limit=query.limit,
            total=found.total,
            page=query.page,
        )
    )


def _annotation(annotation: Annotation) -> AnnotationBody:
    return AnnotationBody(
        id=annotation.id,
        question=annotation.question,
        answer=annotation.answer,
        hit_count=annotation.hit_count,
        created_at=int(annotation.created_at),
    )
