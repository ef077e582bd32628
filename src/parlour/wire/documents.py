"""Documents of datasets: what is asked of them. Does not know whether one is there, nor what they look like."""

from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from parlour.domain.dataset import Form, Technique
from parlour.domain.passages import DocumentQuery
from parlour.domain.problems import InvalidMetadata
from parlour.wire.bodies import Success
from parlour.wire.body import decode
from parlour.wire.document_bodies import Created, DocumentDetail, DocumentsBody, Download, Statuses
from parlour.wire.members import fitted, fitted_query
from parlour.wire.operation import Operation
from parlour.wire.process_rule import ProcessRuleBody
from parlour.wire.queries import PageNumber
from parlour.wire.retrieval_model import RetrievalModel
from parlour.wire.uploads import SignedDocumentQuery

MOST = 100
ACTIONS = ("enable", "disable", "archive", "un_archive")

Name = Annotated[str, Meta(min_length=1, max_length=400)]
Limit = Annotated[int, Meta(ge=1, description="How many to send; never more than 100.")]
Metadata = Literal["all", "only", "without"]


class Setup(Struct, kw_only=True):
    """How documents are to be indexed."""

    indexing_technique: Annotated[
        Technique | None, Meta(description="Needed with the first document of a dataset that has none; else ignored.")
    ] = None
    doc_form: Form | None = None
    doc_language: str | None = None
    process_rule: ProcessRuleBody | None = None
    retrieval_model: RetrievalModel | None = None
    embedding_model: str = ""
    embedding_model_provider: str = ""
    original_document_id: Annotated[
        str | None, Meta(description="A document that is to be written anew in place of a new one.")
    ] = None


class TextRequest(Setup, kw_only=True):
    """A document as its text."""

    name: Name
    text: str


class FileData(Setup, kw_only=True):
    """What a form says of its file."""

    name: Name | None = None


class FileRequest(Struct):
    """A document as a file, as multipart/form-data."""

    file: Annotated[str, Meta(description="One part, with a file name.", extra_json_schema={"format": "binary"})]
    data: Annotated[str, Meta(description="JSON with the members of a document by text, but `text`.")] = ""


class FileChange(Struct):
    """Another file for a document, as multipart/form-data."""

    file: Annotated[str | None, Meta(extra_json_schema={"format": "binary"})] = None
    data: Annotated[str, Meta(description="JSON with the members of a document by text, but `text`.")] = ""


class TextChange(Setup, kw_only=True):
    """What of a document is to be otherwise; with a text comes its name."""

    name: Name | None = None
    text: str | None = None


class DocumentsQuery(Struct, frozen=True):
    """A page of a dataset's documents."""

    page: PageNumber = 1
    limit: Limit = 20
    keyword: Annotated[str, Meta(description="Only those with this in their name, in whatever case.")] = ""
    status: Literal["queuing", "indexing", "paused", "error", "available", "disabled", "archived"] | None = None


class DetailQuery(Struct, frozen=True):
    """How much of a document."""

    metadata: Annotated[Metadata, Meta(description="All, only what is known of it, or all else.")] = "all"


class DocumentIds(Struct):
    """Some documents."""

    document_ids: Annotated[tuple[str, ...], Meta(max_length=1000)]


class ZipRequest(Struct):
    """Documents for one archive."""

    document_ids: Annotated[tuple[str, ...], Meta(min_length=1, max_length=100)]


NEW, ONE = "/v1/datasets/{dataset_id}/document", "/v1/datasets/{dataset_id}/documents/{document_id}"
OLD = "The same as its newer spelling, for older clients"


_operation = partial(Operation, tag="Documents", knowledge=True)
_sent = partial(_operation, response=Created)
OPERATIONS = (
    _sent("post", f"{NEW}/create-by-text", "createDocumentFromText", "Add a text to a dataset", request=TextRequest),
    _sent("post", f"{NEW}/create_by_text", "createDocumentFromTextOld", OLD, request=TextRequest),
    _sent("post", f"{NEW}/create-by-file", "createDocumentFromFile", "Add a file", request=FileRequest, form=True),
    _sent("post", f"{NEW}/create_by_file", "createDocumentFromFileOld", OLD, request=FileRequest, form=True),
    _sent(
        "post",
        f"{ONE}/update-by-text",
        "updateDocumentByText",
        "Give it another text, name or rule",
        request=TextChange,
    ),
    _sent("post", f"{ONE}/update_by_text", "updateDocumentByTextOld", OLD, request=TextChange),
    _sent("post", f"{ONE}/update-by-file", "updateDocumentByFile", OLD, request=FileChange, form=True),
    _sent("post", f"{ONE}/update_by_file", "updateDocumentByFileOld", OLD, request=FileChange, form=True),
    _sent("patch", ONE, "updateDocument", "Give a document another file, name or rule", request=FileChange, form=True),
    _operation(
        method="get",
        path="/v1/datasets/{dataset_id}/documents",
        id="listDocuments",
        summary="List the documents of a dataset",
        query=DocumentsQuery,
        response=DocumentsBody,
    ),
    _operation(
        method="get",
        path=ONE,
        id="getDocument",
        summary="Look at a document",
        query=DetailQuery,
        response=DocumentDetail,
    ),
    _operation(
        method="delete",
        path=ONE,
        id="deleteDocument",
        summary="Delete a document with all that was made of it",
    ),
    _operation(
        method="get",
        path="/v1/datasets/{dataset_id}/documents/{batch}/indexing-status",
        id="getIndexingStatus",
        summary="Ask how far documents are that came together",
        words={"batch": ()},
        response=Statuses,
    ),
    _operation(
        method="patch",
        path="/v1/datasets/{dataset_id}/documents/status/{action}",
        id="updateDocumentStatus",
        summary="Hide documents, or show them again",
        words={"action": ACTIONS},
        request=DocumentIds,
        response=Success,
    ),
    _operation(
        method="get",
        path=f"{ONE}/download",
        id="downloadDocument",
        summary="Get the signed address of a document's file",
        response=Download,
    ),
    _operation(
        method="post",
        path="/v1/datasets/{dataset_id}/documents/download-zip",
        id="downloadDocuments",
        summary="Get the files of documents as one archive",
        request=ZipRequest,
        raw=True,
    ),
    Operation(
        method="get",
        path="/files/documents/{dataset_id}/{document_id}",
        id="openSignedDocument",
        summary="Read the file of a document by its signed address",
        tag="Files",
        query=SignedDocumentQuery,
        raw=True,
        secured=False,
    ),
)


def parse_list(raw: bytes) -> DocumentsQuery:
    """Raises: InvalidParam, naming the parameter. A limit that is too large is cut."""
    found = fitted_query(raw, DocumentsQuery)
    return structs.replace(found, limit=min(found.limit, MOST))


def query_of(asked: DocumentsQuery) -> DocumentQuery:
    return DocumentQuery(keyword=asked.keyword, status=asked.status or "")


def parse_detail(given: str) -> Metadata:
    words: dict[str, Metadata] = {"": "all", "all": "all", "only": "only", "without": "without"}
    if given not in words:
        raise InvalidMetadata(f"Invalid metadata value: {given}", params="metadata")
    return words[given]


def parse_data(fields: dict[str, str]) -> FileData:
    """What a form says beside its file. Raises: BadRequest, InvalidParam."""
    data = fields.get("data", "").strip()
    return fitted(decode("application/json", data.encode()) if data else {}, FileData)
