"""Searching a dataset: what is asked, and what is found of it. Does not know how."""

from typing import Annotated

from msgspec import Meta, Struct

from parlour.domain.dataset import RetrievalSettings
from parlour.domain.passages import Hit
from parlour.wire.bodies import Seconds
from parlour.wire.datasets import ExternalRetrieval
from parlour.wire.document_bodies import UploadedFile, plain
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.retrieval_model import RetrievalModel, settings_of
from parlour.wire.segments import SegmentBody, body


class RetrieveRequest(Struct):
    """A question to a dataset."""

    query: Annotated[str, Meta(max_length=250)]
    retrieval_model: RetrievalModel | None = None
    external_retrieval_model: ExternalRetrieval | None = None


class Asked(Struct):
    content: str


class DocumentOfSegment(Struct):
    id: str
    data_source_type: str
    name: str
    doc_type: str | None
    doc_metadata: dict[str, str | float | int | None] | None


class FoundSegment(Struct):
    """A passage, and whose it is."""

    id: str
    position: int
    document_id: str
    content: str
    sign_content: str
    answer: str
    word_count: int
    tokens: int
    keywords: tuple[str, ...]
    index_node_id: str
    index_node_hash: str
    hit_count: int
    enabled: bool
    disabled_at: Seconds | None
    disabled_by: str | None
    status: str
    created_by: str
    created_at: Seconds
    indexing_at: Seconds | None
    completed_at: Seconds | None
    error: str | None
    stopped_at: Seconds | None
    document: DocumentOfSegment


class FoundChild(Struct):
    id: str
    content: str
    position: int
    score: float


class Position(Struct):
    """Where a drawing has it; there is none here."""

    x: float
    y: float


class FoundRecord(Struct):
    """A passage that answers."""

    segment: FoundSegment
    child_chunks: tuple[FoundChild, ...]
    score: float
    tsne_position: Position | None
    files: tuple[UploadedFile, ...]
    summary: str | None


class Retrieved(Struct):
    """What was found, the best first."""

    query: Asked
    records: tuple[FoundRecord, ...]


OPERATIONS = (
    Operation(
        method="post",
        path="/v1/datasets/{dataset_id}/retrieve",
        id="retrieveSegments",
        summary="Search a dataset",
        tag="Datasets",
        knowledge=True,
        request=RetrieveRequest,
        response=Retrieved,
    ),
)
TOLD = frozenset(FoundSegment.__struct_fields__)


def settings(said: RetrieveRequest) -> RetrievalSettings | None:
    return settings_of(said.retrieval_model) if said.retrieval_model else None


def found(query: str, hits: tuple[Hit, ...]) -> bytes:
    return encode(Retrieved(Asked(query), tuple(map(_record, hits))))


def _record(hit: Hit) -> FoundRecord:
    children = (FoundChild(one.chunk.id, one.chunk.content, one.chunk.position, one.score) for one in hit.children)
    return FoundRecord(_segment(hit), tuple(children), hit.score or 0.0, None, (), hit.segment.summary)


def _segment(hit: Hit) -> FoundSegment:
    whole, document = body(hit.segment, hit.document, {}), hit.document
    metadata = {name: plain(value) for name, value in document.metadata.items()} or None
    of = DocumentOfSegment(document.id, "upload_file", document.name, None, metadata)
    known = {name: getattr(whole, name) for name in SegmentBody.__struct_fields__ if name in TOLD}
    return FoundSegment(**known, document=of)
