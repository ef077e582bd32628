"""Documents of datasets as clients see them. Does not know what can be asked of them."""

from msgspec import UNSET, Struct, UnsetType

from parlour.domain.dataset import Dataset, MetadataField
from parlour.domain.passages import Document, MetadataValue, SegmentCount, standing
from parlour.wire.bodies import Seconds
from parlour.wire.encode import encode
from parlour.wire.process_rule import ProcessRuleBody, shown
from parlour.wire.tenants import account

BUILT_IN = {
    "document_name": "string",
    "uploader": "string",
    "upload_date": "time",
    "last_update_date": "time",
    "source": "string",
}
"""What is known of every document, where its dataset wants that to be told."""
BUILT_IN_ID = "built-in"


class UploadedFile(Struct):
    """What a document was made from."""

    id: str
    name: str
    size: int
    extension: str
    mime_type: str
    created_by: str
    created_at: Seconds


class SourceInfo(Struct):
    upload_file_id: str


class SourceDetail(Struct):
    upload_file: UploadedFile


class MetadataOfDocument(Struct):
    """Something that is said of a document."""

    id: str
    name: str
    type: str
    value: str | float | int | None


class DocumentBody(Struct):
    """A document."""

    id: str
    position: int
    data_source_type: str
    data_source_info: SourceInfo
    data_source_detail_dict: SourceDetail
    dataset_process_rule_id: str
    name: str
    created_from: str
    created_by: str
    created_at: Seconds
    tokens: int
    indexing_status: str
    error: str | None
    enabled: bool
    disabled_at: Seconds | None
    disabled_by: str | None
    archived: bool
    display_status: str
    word_count: int
    hit_count: int
    doc_form: str
    doc_metadata: tuple[MetadataOfDocument, ...]
    summary_index_status: str | None
    need_summary: bool


class Created(Struct):
    """A document that is going to be indexed."""

    document: DocumentBody
    batch: str


class DocumentsBody(Struct):
    """Newest first; `total` counts all that were searched for."""

    data: tuple[DocumentBody, ...]
    has_more: bool
    limit: int
    total: int
    page: int


class RuleOfDataset(Struct):
    id: str
    mode: str


class DocumentDetail(Struct, kw_only=True):
    """A document, or the part of it that was asked for."""

    id: str
    position: int | UnsetType = UNSET
    data_source_type: str | UnsetType = UNSET
    data_source_info: SourceDetail | UnsetType = UNSET
    dataset_process_rule_id: str | UnsetType = UNSET
    dataset_process_rule: RuleOfDataset | UnsetType = UNSET
    document_process_rule: ProcessRuleBody | UnsetType = UNSET
    name: str | UnsetType = UNSET
    created_from: str | UnsetType = UNSET
    created_by: str | UnsetType = UNSET
    created_at: Seconds | UnsetType = UNSET
    tokens: int | UnsetType = UNSET
    indexing_status: str | UnsetType = UNSET
    error: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    disabled_at: Seconds | UnsetType | None = UNSET
    disabled_by: str | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    display_status: str | UnsetType = UNSET
    hit_count: int | UnsetType = UNSET
    doc_form: str | UnsetType = UNSET
    doc_language: str | UnsetType = UNSET
    doc_type: str | UnsetType | None = UNSET
    doc_metadata: tuple[MetadataOfDocument, ...] | UnsetType = UNSET
    completed_at: Seconds | UnsetType | None = UNSET
    updated_at: Seconds | UnsetType | None = UNSET
    indexing_latency: float | UnsetType | None = UNSET
    segment_count: int | UnsetType = UNSET
    average_segment_length: float | UnsetType = UNSET
    summary_index_status: str | UnsetType | None = UNSET
    need_summary: bool | UnsetType = UNSET


class Status(Struct):
    """How far the work on a document is."""

    id: str
    indexing_status: str
    processing_started_at: Seconds | None
    parsing_completed_at: Seconds | None
    cleaning_completed_at: Seconds | None
    splitting_completed_at: Seconds | None
    completed_at: Seconds | None
    paused_at: Seconds | None
    error: str | None
    stopped_at: Seconds | None
    completed_segments: int
    total_segments: int


class Statuses(Struct):
    """Of all documents that came together."""

    data: tuple[Status, ...]


class Download(Struct):
    """Opens without a key, for five minutes."""

    url: str


class Around(Struct, frozen=True):
    """What is known around documents: their dataset, and what can be said of each."""

    dataset: Dataset
    fields: tuple[MetadataField, ...] = ()


def created(document: Document, around: Around) -> bytes:
    return encode(Created(_body(document, around), document.batch))


def page(documents: tuple[Document, ...], total: int, place: tuple[int, int], around: Around) -> bytes:
    """`place`: which page, and how many a page."""
    number, limit = place
    data = tuple(_body(document, around) for document in documents)
    return encode(DocumentsBody(data, number * limit < total, limit, total, number))


def download(url: str) -> bytes:
    return encode(Download(url))


def statuses(documents: tuple[Document, ...], counts: dict[str, SegmentCount]) -> bytes:
    return encode(Statuses(tuple(_status(one, counts.get(one.id, SegmentCount())) for one in documents)))


def metadata_alone(document: Document, around: Around) -> bytes:
    return encode(DocumentDetail(id=document.id, doc_type=None, doc_metadata=_metadata(document, around)))


def detail(document: Document, count: SegmentCount, around: Around, *, metadata: bool) -> bytes:
    progress, body = document.progress, _body(document, around)
    latency = None
    if progress.completed_at is not None and progress.started_at is not None:
        latency = max(0.0, progress.completed_at - progress.started_at)
    return encode(
        DocumentDetail(
            id=document.id,
            position=document.position,
            data_source_type=body.data_source_type,
            data_source_info=body.data_source_detail_dict,
            dataset_process_rule_id=document.rule_id,
            dataset_process_rule=RuleOfDataset(document.rule_id, document.rule.mode),
            document_process_rule=shown(document.rule),
            name=document.name,
            created_from=document.created_from,
            created_by=body.created_by,
            created_at=body.created_at,
            tokens=progress.tokens,
            indexing_status=progress.status,
            error=progress.error,
            enabled=document.enabled,
            disabled_at=body.disabled_at,
            disabled_by=body.disabled_by,
            archived=document.archived,
            display_status=body.display_status,
            hit_count=document.hit_count,
            doc_form=document.form,
            doc_language=document.language,
            doc_type=None if metadata else UNSET,
            doc_metadata=body.doc_metadata if metadata else UNSET,
            completed_at=whole(progress.completed_at),
            updated_at=whole(document.updated_at or None),
            indexing_latency=latency,
            segment_count=count.total,
            average_segment_length=progress.words / count.total if count.total else 0.0,
            summary_index_status=None,
            need_summary=document.need_summary,
        )
    )


def _body(document: Document, around: Around) -> DocumentBody:
    source, progress, made_by = document.source, document.progress, account(document.tenant)
    file = UploadedFile(
        id=source.blob,
        name=source.name or document.name,
        size=source.size,
        extension=source.extension,
        mime_type=source.mime_type,
        created_by=made_by,
        created_at=int(document.created_at),
    )
    return DocumentBody(
        id=document.id,
        position=document.position,
        data_source_type="upload_file",
        data_source_info=SourceInfo(source.blob),
        data_source_detail_dict=SourceDetail(file),
        dataset_process_rule_id=document.rule_id,
        name=document.name,
        created_from=document.created_from,
        created_by=made_by,
        created_at=int(document.created_at),
        tokens=progress.tokens,
        indexing_status=progress.status,
        error=progress.error,
        enabled=document.enabled,
        disabled_at=whole(document.disabled_at),
        disabled_by=None if document.disabled_at is None else made_by,
        archived=document.archived,
        display_status=standing(document),
        word_count=progress.words,
        hit_count=document.hit_count,
        doc_form=document.form,
        doc_metadata=_metadata(document, around),
        summary_index_status=None,
        need_summary=document.need_summary,
    )


def _metadata(document: Document, around: Around) -> tuple[MetadataOfDocument, ...]:
    said = [
        MetadataOfDocument(field.id, field.name, field.type, plain(document.metadata[field.name]))
        for field in around.fields
        if field.name in document.metadata
    ]
    if around.dataset.built_in_fields:
        known: dict[str, MetadataValue] = {
            "document_name": document.name,
            "uploader": around.dataset.tenant,
            "upload_date": int(document.created_at),
            "last_update_date": int(document.updated_at or document.created_at),
            "source": "file_upload",
        }
        said += [MetadataOfDocument(BUILT_IN_ID, name, kind, known[name]) for name, kind in BUILT_IN.items()]
    return tuple(said)


def _status(document: Document, count: SegmentCount) -> Status:
    progress = document.progress
    return Status(
        id=document.id,
        indexing_status=progress.status,
        processing_started_at=whole(progress.started_at),
        parsing_completed_at=whole(progress.parsed_at),
        cleaning_completed_at=whole(progress.cleaned_at),
        splitting_completed_at=whole(progress.split_at),
        completed_at=whole(progress.completed_at),
        paused_at=whole(progress.paused_at),
        error=progress.error,
        stopped_at=whole(progress.stopped_at),
        completed_segments=count.completed,
        total_segments=count.total,
    )


def plain(value: MetadataValue) -> str | float | int | None:
    """A whole number without a point."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53 else value


def whole(moment: float | None) -> int | None:
    return None if moment is None else int(moment)
