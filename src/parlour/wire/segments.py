"""Passages of documents and their parts: what is asked of them and what they look like. Knows no index."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct, structs

from parlour.domain.passages import ChildChunk, ChildrenPage, Document, Segment, SegmentsPage
from parlour.domain.problems import InvalidParam
from parlour.wire.bodies import Seconds
from parlour.wire.document_bodies import UploadedFile, whole
from parlour.wire.encode import encode
from parlour.wire.members import fitted_query
from parlour.wire.operation import Operation
from parlour.wire.queries import PageNumber
from parlour.wire.tenants import account

MOST, MOST_NEW = 100, 1000
Limit = Annotated[int, Meta(ge=1, description="How many to send; never more than 100.")]
Keyword = Annotated[str, Meta(description="Only those with this in their content, in whatever case.")]
Content = Annotated[str, Meta(min_length=1)]
Keywords = tuple[str, ...]


class NewSegment(Struct):
    """A passage to be made."""

    content: Content
    answer: Annotated[str | None, Meta(description="Needed where the content is a question.")] = None
    keywords: Keywords | None = None


class SegmentsRequest(Struct):
    """Passages to be added to a document."""

    segments: Annotated[tuple[NewSegment, ...], Meta(min_length=1)]


class ChangedSegment(Struct):
    """What of a passage is to be otherwise."""

    content: Content | None = None
    answer: str | None = None
    keywords: Keywords | None = None
    enabled: bool | None = None
    regenerate_child_chunks: Annotated[bool, Meta(description="Cut it into parts anew.")] = False
    summary: str | None = None


class SegmentChange(Struct):
    """A change of a passage."""

    segment: ChangedSegment


class SegmentsQuery(Struct, frozen=True):
    """A page of a document's passages."""

    page: PageNumber = 1
    limit: Limit = 20
    status: Annotated[tuple[str, ...], Meta(description="Only those in one of these states.")] = ()
    keyword: Keyword = ""


class ChildRequest(Struct):
    """A part of a passage."""

    content: Content


class ChildrenQuery(Struct, frozen=True):
    """A page of a passage's parts."""

    page: PageNumber = 1
    limit: Limit = 20
    keyword: Keyword = ""


class ChildBody(Struct):
    """A part of a passage."""

    id: str
    segment_id: str
    content: str
    position: int
    word_count: int
    type: str
    created_at: Seconds
    updated_at: Seconds


class SegmentBody(Struct):
    """A passage."""

    id: str
    position: int
    document_id: str
    content: str
    sign_content: str
    answer: str
    word_count: int
    tokens: int
    keywords: Keywords
    index_node_id: str
    index_node_hash: str
    hit_count: int
    enabled: bool
    disabled_at: Seconds | None
    disabled_by: str | None
    status: str
    created_by: str
    created_at: Seconds
    updated_at: Seconds
    updated_by: str
    indexing_at: Seconds | None
    completed_at: Seconds | None
    error: str | None
    stopped_at: Seconds | None
    child_chunks: tuple[ChildBody, ...]
    attachments: tuple[UploadedFile, ...]
    summary: str | None


class OneSegment(Struct):
    data: SegmentBody
    doc_form: str


class NewSegments(Struct):
    data: tuple[SegmentBody, ...]
    doc_form: str


class SegmentsBody(Struct):
    """In the order of the document."""

    data: tuple[SegmentBody, ...]
    doc_form: str
    total: int
    has_more: bool
    limit: int
    page: int


class OneChild(Struct):
    data: ChildBody


class ChildrenBody(Struct):
    """In the order of the passage."""

    data: tuple[ChildBody, ...]
    total: int
    total_pages: int
    page: int
    limit: int


EVERY = "/v1/datasets/{dataset_id}/documents/{document_id}/segments"
ONE = f"{EVERY}/{{segment_id}}"
CHILDREN = f"{ONE}/child_chunks"


_operation = partial(Operation, tag="Segments", knowledge=True)
OPERATIONS = (
    _operation("post", EVERY, "createSegments", "Add passages", request=SegmentsRequest, response=NewSegments),
    _operation("get", EVERY, "listSegments", "List the passages", query=SegmentsQuery, response=SegmentsBody),
    _operation("get", ONE, "getSegment", "Look at a passage", response=OneSegment),
    _operation("post", ONE, "updateSegment", "Change a passage", request=SegmentChange, response=OneSegment),
    _operation("delete", ONE, "deleteSegment", "Delete a passage"),
    _operation("post", CHILDREN, "createChildChunk", "Add a part", request=ChildRequest, response=OneChild),
    _operation("get", CHILDREN, "listChildChunks", "List the parts", query=ChildrenQuery, response=ChildrenBody),
    _operation(
        "patch",
        f"{CHILDREN}/{{child_chunk_id}}",
        "updateChildChunk",
        "Change a part",
        request=ChildRequest,
        response=OneChild,
    ),
    _operation("delete", f"{CHILDREN}/{{child_chunk_id}}", "deleteChildChunk", "Delete a part"),
)


def parse_list(raw: bytes) -> SegmentsQuery:
    """Raises: InvalidParam, naming the parameter. A limit that is too large is cut."""
    found = fitted_query(raw, SegmentsQuery, "status")
    return structs.replace(found, limit=min(found.limit, MOST))


def parse_children(raw: bytes) -> ChildrenQuery:
    """As `parse_list`."""
    found = fitted_query(raw, ChildrenQuery)
    return structs.replace(found, limit=min(found.limit, MOST))


def check_new(said: SegmentsRequest, document: Document) -> None:
    """Raises: InvalidParam, for too many, for a blank one, or for a question without an answer."""
    if len(said.segments) > MOST_NEW:
        raise InvalidParam(f"Exceeded maximum segments limit of {MOST_NEW}.", params="segments")
    for at, one in enumerate(said.segments):
        if not one.content.strip():
            raise InvalidParam(f"segments[{at}].content: is required.", params="segments")
        if document.form == "qa_model" and not one.answer:
            raise InvalidParam(f"segments[{at}].answer: is required.", params="segments")


def made(one: NewSegment, document: Document, segment_id: str, now: float) -> Segment:
    segment = Segment(
        segment_id, document.id, 0, one.content, now, answer=_answer(one.answer, document), updated_at=now
    )
    return structs.replace(segment, keywords=one.keywords or ())


def changed(segment: Segment, said: ChangedSegment, document: Document, now: float) -> Segment:
    """Raises: InvalidParam, for a blank content."""
    if said.content is not None and not said.content.strip():
        raise InvalidParam("segment.content: is required.", params="segment")
    enabled = segment.enabled if said.enabled is None else said.enabled
    return structs.replace(
        segment,
        content=segment.content if said.content is None else said.content,
        answer=segment.answer if said.answer is None else _answer(said.answer, document),
        keywords=segment.keywords if said.keywords is None else said.keywords,
        enabled=enabled,
        disabled_at=None if enabled else segment.disabled_at if not segment.enabled else now,
        summary=segment.summary if said.summary is None else said.summary,
    )


def _answer(given: str | None, document: Document) -> str | None:
    """Only questions have answers."""
    return given if document.form == "qa_model" else None


Parts = Mapping[str, Sequence[ChildChunk]]
"""The parts of passages, by their ids."""


def created(segments: Sequence[Segment], document: Document, parts: Parts) -> bytes:
    return encode(NewSegments(tuple(body(one, document, parts) for one in segments), document.form))


def one(segment: Segment, document: Document, parts: Parts) -> bytes:
    return encode(OneSegment(body(segment, document, parts), document.form))


def page(found: SegmentsPage, asked: SegmentsQuery, document: Document, parts: Parts) -> bytes:
    return encode(
        SegmentsBody(
            data=tuple(body(one, document, parts) for one in found.items),
            doc_form=document.form,
            total=found.total,
            has_more=asked.page * asked.limit < found.total,
            limit=asked.limit,
            page=asked.page,
        )
    )


def child(chunk: ChildChunk) -> bytes:
    return encode(OneChild(_child(chunk)))


def children(found: ChildrenPage, asked: ChildrenQuery) -> bytes:
    data, pages = tuple(map(_child, found.items)), -(-found.total // asked.limit)
    return encode(ChildrenBody(data, found.total, pages, asked.page, asked.limit))


def body(segment: Segment, document: Document, parts: Parts) -> SegmentBody:
    made_by = account(document.tenant)
    return SegmentBody(
        id=segment.id,
        position=segment.position,
        document_id=segment.document_id,
        content=segment.content,
        sign_content=segment.content,
        answer=segment.answer or "",
        word_count=segment.words,
        tokens=segment.tokens,
        keywords=segment.keywords,
        index_node_id=segment.id,
        index_node_hash=segment.digest,
        hit_count=segment.hit_count,
        enabled=segment.enabled,
        disabled_at=whole(segment.disabled_at),
        disabled_by=None if segment.disabled_at is None else made_by,
        status=segment.status,
        created_by=made_by,
        created_at=int(segment.created_at),
        updated_at=int(segment.updated_at or segment.created_at),
        updated_by=made_by,
        indexing_at=whole(segment.indexing_at),
        completed_at=whole(segment.completed_at),
        error=segment.error,
        stopped_at=whole(segment.stopped_at),
        child_chunks=tuple(map(_child, parts.get(segment.id, ()))),
        attachments=(),
        summary=segment.summary,
    )


def _child(chunk: ChildChunk) -> ChildBody:
    return ChildBody(
        id=chunk.id,
        segment_id=chunk.segment_id,
        content=chunk.content,
        position=chunk.position,
        word_count=chunk.words,
        type=chunk.type,
        created_at=int(chunk.created_at),
        updated_at=int(chunk.updated_at or chunk.created_at),
    )
