"""What can be said of documents: what is asked of it and what it looks like. Does not know any document."""

from functools import partial
from typing import Annotated

from msgspec import Meta, Struct

from parlour.domain.dataset import Dataset, FieldType, MetadataField
from parlour.domain.passages import MetadataValue
from parlour.domain.problems import InvalidParam
from parlour.wire.bodies import Success
from parlour.wire.document_bodies import BUILT_IN
from parlour.wire.encode import encode
from parlour.wire.operation import Operation

Name = Annotated[str, Meta(min_length=1, max_length=255)]


class FieldRequest(Struct):
    """Something that is to be said of documents."""

    type: FieldType
    name: Name


class FieldChange(Struct):
    """Another name for it."""

    name: Name


class ValueOf(Struct):
    """What is said."""

    id: str
    name: str = ""
    value: str | float | None = None


class ValuesOf(Struct):
    """What is said of one document."""

    document_id: str
    metadata_list: tuple[ValueOf, ...]
    partial_update: Annotated[bool, Meta(description="Whether what is not named stays as it was.")] = False


class ValuesRequest(Struct):
    """What is said of documents."""

    operation_data: tuple[ValuesOf, ...]


class FieldBody(Struct):
    """Something that can be said of documents."""

    id: str
    name: str
    type: str


class CountedField(Struct):
    """The same, and of how many it is said."""

    id: str
    name: str
    type: str
    count: int


class Fields(Struct):
    """All that can be said of a dataset's documents."""

    doc_metadata: tuple[CountedField, ...]
    built_in_field_enabled: bool


class BuiltIn(Struct):
    """Something that is known of every document."""

    name: str
    type: str


class BuiltIns(Struct):
    """All of it."""

    fields: tuple[BuiltIn, ...]


EVERY = "/v1/datasets/{dataset_id}/metadata"
VALUES = "/v1/datasets/{dataset_id}/documents/metadata"
ACTIONS = ("enable", "disable")

_operation = partial(Operation, tag="Metadata", knowledge=True)
OPERATIONS = (
    _operation(
        method="post",
        path=EVERY,
        id="createMetadataField",
        summary="Say what can be said of documents",
        request=FieldRequest,
        response=FieldBody,
        status=201,
    ),
    _operation(
        method="get",
        path=EVERY,
        id="listMetadataFields",
        summary="List what can be said of documents",
        response=Fields,
    ),
    _operation(
        method="patch",
        path=f"{EVERY}/{{metadata_id}}",
        id="updateMetadataField",
        summary="Rename it, in the documents as well",
        request=FieldChange,
        response=FieldBody,
    ),
    _operation(
        method="delete",
        path=f"{EVERY}/{{metadata_id}}",
        id="deleteMetadataField",
        summary="Delete it, in the documents as well",
    ),
    _operation(
        method="get",
        path=f"{EVERY}/built-in",
        id="listBuiltInFields",
        summary="List what is known of every document",
        response=BuiltIns,
    ),
    _operation(
        method="post",
        path=f"{EVERY}/built-in/{{action}}",
        id="toggleBuiltInFields",
        summary="Have that told and searched, or no longer",
        words={"action": ACTIONS},
        response=Success,
    ),
    _operation(
        method="post",
        path=VALUES,
        id="updateDocumentMetadata",
        summary="Say something of documents",
        request=ValuesRequest,
        response=Success,
    ),
)


def check_name(name: str) -> None:
    """Raises: InvalidParam, for a name of what is known anyway."""
    if name in BUILT_IN:
        raise InvalidParam("Metadata name already exists in Built-in fields.", params="name")


def value_of(said: ValueOf, field: MetadataField) -> MetadataValue:
    """Raises: InvalidParam, for a text where a number is wanted."""
    if field.type != "number" or said.value is None or isinstance(said.value, float | int):
        return said.value
    try:
        number = float(said.value)
    except ValueError:
        number = float("nan")
    if number != number or abs(number) == float("inf"):  # noqa: PLR0124 -- what is no number is not itself
        raise InvalidParam(f"operation_data: {field.name} must be a number.", params="operation_data")
    return number


def one(field: MetadataField) -> bytes:
    return encode(FieldBody(field.id, field.name, field.type))


def several(fields: tuple[MetadataField, ...], dataset: Dataset) -> bytes:
    counted = tuple(CountedField(field.id, field.name, field.type, field.documents) for field in fields)
    return encode(Fields(counted, dataset.built_in_fields))


def built_in() -> bytes:
    return encode(BuiltIns(tuple(BuiltIn(name, kind) for name, kind in BUILT_IN.items())))
