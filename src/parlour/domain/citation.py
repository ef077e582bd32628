"""What an answer rests on: passages of documents, or an annotation. Does not know who found it."""

from msgspec import Struct


class Citation(Struct, frozen=True):
    """A passage that an answer rests on."""

    position: int
    dataset_id: str | None = None
    dataset_name: str | None = None
    document_id: str | None = None
    document_name: str | None = None
    data_source_type: str | None = None
    segment_id: str | None = None
    retriever_from: str | None = None
    score: float | None = None
    hit_count: int | None = None
    word_count: int | None = None
    segment_position: int | None = None
    index_node_hash: str | None = None
    content: str = ""
    page: int | None = None
    title: str | None = None
    summary: str | None = None
    doc_metadata: dict[str, object] | None = None
    files: tuple[dict[str, object], ...] | None = None


class AnnotationHit(Struct, frozen=True):
    """The annotation that answered instead of a model, and who wrote it."""

    id: str
    account_id: str = ""
    account_name: str = ""
