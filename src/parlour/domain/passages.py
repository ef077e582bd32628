"""Documents of a dataset, the passages that they are cut into, and what is found of them.

Does not know how a document is cut, nor how a passage is found.
"""

from typing import Literal

from msgspec import Struct, structs

from parlour.domain.dataset import Form

DocumentStatus = Literal["waiting", "parsing", "cleaning", "splitting", "indexing", "paused", "error", "completed"]
SegmentStatus = Literal["waiting", "indexing", "completed", "error"]
UNDONE: tuple[DocumentStatus, ...] = ("waiting", "parsing", "cleaning", "splitting", "indexing")

MetadataValue = str | float | None


class Segmentation(Struct, frozen=True):
    """Where texts are cut."""

    separator: str = "\n\n"
    max_tokens: int = 1024
    overlap: int = 0
    """Tokens that a passage repeats of the one before it."""


class ProcessRule(Struct, frozen=True):
    """How a document becomes passages."""

    mode: Literal["automatic", "custom", "hierarchical"] = "automatic"
    remove_extra_spaces: bool = True
    remove_urls_emails: bool = False
    remove_stopwords: bool = False
    segmentation: Segmentation = Segmentation()
    parent: Literal["paragraph", "full-doc"] = "paragraph"
    parts: Segmentation = Segmentation("\n", 512)
    """Where passages are cut into the parts that they are found by; `hierarchical` alone."""


class DocumentSource(Struct, frozen=True):
    """What a document was made from. Its bytes are a blob."""

    kind: Literal["upload_file", "text", "external"] = "upload_file"
    blob: str = ""
    name: str = ""
    size: int = 0
    extension: str = ""
    mime_type: str = ""


class Progress(Struct, frozen=True):
    """How far the work on a document is. Only whoever indexes it writes this."""

    status: DocumentStatus = "waiting"
    error: str | None = None
    words: int = 0
    """Characters of its text."""
    tokens: int = 0
    started_at: float | None = None
    parsed_at: float | None = None
    cleaned_at: float | None = None
    split_at: float | None = None
    completed_at: float | None = None
    paused_at: float | None = None
    stopped_at: float | None = None


def begun_again(done: Progress, *, cut: bool) -> Progress:
    """Of a document that is to be indexed once more: from the start, or from where its passages are there."""
    if cut:
        return Progress()
    return structs.replace(done, status="indexing", error=None, completed_at=None, stopped_at=None)


class Document(Struct, frozen=True):
    """A document of a dataset."""

    id: str
    tenant: str
    dataset_id: str
    name: str
    created_at: float
    batch: str
    """Documents that came together have the same one."""
    source: DocumentSource = DocumentSource()
    rule: ProcessRule = ProcessRule()
    rule_id: str = ""
    form: Form = "text_model"
    language: str = "English"
    metadata: dict[str, MetadataValue] = {}
    """By the name of the field."""
    created_from: str = "api"
    created_by: str = ""
    updated_at: float = 0.0
    enabled: bool = True
    disabled_at: float | None = None
    disabled_by: str | None = None
    archived: bool = False
    need_summary: bool = False
    position: int = 0
    """From 1, given by the store."""
    progress: Progress = Progress()
    hit_count: int = 0
    """Of all its passages; kept by the store."""


Standing = Literal["queuing", "indexing", "paused", "error", "available", "disabled", "archived"]


def standing(document: Document) -> Standing:
    """How a document stands, as clients see and ask for it."""
    match document.progress.status:
        case "completed":
            return "archived" if document.archived else "available" if document.enabled else "disabled"
        case "waiting":
            return "queuing"
        case "paused" | "error" as ended:
            return ended
        case _:
            return "indexing"


class DocumentQuery(Struct, frozen=True):
    """Which documents: all by default."""

    keyword: str = ""
    """Within the name, in whatever case."""
    batch: str = ""
    status: Standing | Literal[""] = ""


class DocumentsPage(Struct, frozen=True):
    items: tuple[Document, ...]
    total: int


class SegmentCount(Struct, frozen=True):
    """The passages of a document."""

    total: int = 0
    completed: int = 0


class Segment(Struct, frozen=True):
    """A passage of a document."""

    id: str
    document_id: str
    position: int
    """From 1."""
    content: str
    created_at: float
    answer: str | None = None
    """Where the content is a question."""
    words: int = 0
    """Characters."""
    tokens: int = 0
    keywords: tuple[str, ...] = ()
    digest: str = ""
    """Of the content."""
    status: SegmentStatus = "waiting"
    error: str | None = None
    enabled: bool = True
    disabled_at: float | None = None
    disabled_by: str | None = None
    created_by: str = ""
    updated_at: float = 0.0
    updated_by: str | None = None
    indexing_at: float | None = None
    completed_at: float | None = None
    stopped_at: float | None = None
    summary: str | None = None
    hit_count: int = 0
    """Kept by the store."""


class SegmentQuery(Struct, frozen=True):
    """Which passages: all by default."""

    keyword: str = ""
    """Within the content, in whatever case."""
    statuses: tuple[str, ...] = ()


class SegmentsPage(Struct, frozen=True):
    items: tuple[Segment, ...]
    total: int


class ChildChunk(Struct, frozen=True):
    """A part of a passage, by which the passage is found."""

    id: str
    segment_id: str
    document_id: str
    position: int
    """Within the passage, from 1."""
    content: str
    created_at: float
    words: int = 0
    type: Literal["automatic", "customized"] = "automatic"
    updated_at: float = 0.0


class ChildrenPage(Struct, frozen=True):
    items: tuple[ChildChunk, ...]
    total: int


class Node(Struct, frozen=True):
    """What the index holds of a passage or of one of its parts, under its id."""

    id: str
    segment_id: str
    text: str
    vector: bytes = b""
    """32-bit floats of length one together, little-endian; none where the dataset goes by words alone."""


class Found(Struct, frozen=True):
    """A node that fits."""

    node_id: str
    segment_id: str
    document_id: str
    score: float


class ChildHit(Struct, frozen=True):
    """A part that its passage was found by."""

    chunk: ChildChunk
    score: float


class Hit(Struct, frozen=True):
    """A passage that answers a question."""

    dataset_id: str
    dataset_name: str
    document: Document
    segment: Segment
    score: float | None
    """Within [0, 1]; None where nothing was compared."""
    children: tuple[ChildHit, ...] = ()

    @property
    def external(self) -> bool:
        """Whether it is from elsewhere: nothing more is known of it."""
        return self.document.source.kind == "external"
