"""Tags of datasets: what is asked of them and what they look like. Does not know which datasets there are."""

from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parlour.domain.dataset import Tag
from parlour.domain.problems import InvalidParam
from parlour.wire.encode import encode
from parlour.wire.operation import Operation

Name = Annotated[str, Meta(min_length=1, max_length=50)]
Ids = Annotated[tuple[str, ...], Meta(min_length=1)]


class TagRequest(Struct):
    """A tag to be made."""

    name: Name


class TagChange(Struct):
    """Another name for a tag."""

    tag_id: str
    name: Name


class TagRemoval(Struct):
    """A tag that goes."""

    tag_id: str


class Binding(Struct):
    """Tags for a dataset. Those that are not there are passed over."""

    tag_ids: Ids
    target_id: Annotated[str, Meta(description="The dataset.")]


class Unbinding(Struct):
    """Tags that a dataset is to have no longer."""

    target_id: Annotated[str, Meta(description="The dataset.")]
    tag_ids: Ids | None = None
    tag_id: Annotated[str | None, Meta(description="One alone, as older clients say it.")] = None


class TagBody(Struct):
    """A tag."""

    id: str
    name: str
    type: Literal["knowledge"]
    binding_count: Annotated[str | None, Meta(description="How many datasets have it.")]


class TagOfDataset(Struct):
    """A tag that a dataset has."""

    id: str
    name: str
    type: Literal["knowledge"] = "knowledge"


class BoundTag(Struct):
    """A tag that a dataset has."""

    id: str
    name: str


class BoundTags(Struct):
    """All tags of a dataset."""

    data: tuple[BoundTag, ...]
    total: int


_operation = partial(Operation, tag="Tags", knowledge=True)
OPERATIONS = (
    _operation(
        method="post",
        path="/v1/datasets/tags",
        id="createKnowledgeTag",
        summary="Make a tag",
        request=TagRequest,
        response=TagBody,
    ),
    _operation(
        method="get",
        path="/v1/datasets/tags",
        id="listKnowledgeTags",
        summary="List the tags",
        response=TagBody,
        many=True,
    ),
    _operation(
        method="patch",
        path="/v1/datasets/tags",
        id="updateKnowledgeTag",
        summary="Rename a tag",
        request=TagChange,
        response=TagBody,
    ),
    _operation(
        method="delete",
        path="/v1/datasets/tags",
        id="deleteKnowledgeTag",
        summary="Delete a tag; the datasets stay",
        request=TagRemoval,
    ),
    _operation(
        method="post",
        path="/v1/datasets/tags/binding",
        id="bindTags",
        summary="Give a dataset tags",
        request=Binding,
    ),
    _operation(
        method="post",
        path="/v1/datasets/tags/unbinding",
        id="unbindTags",
        summary="Take tags from a dataset",
        request=Unbinding,
    ),
    _operation(
        method="get",
        path="/v1/datasets/{dataset_id}/tags",
        id="listTagsOfDataset",
        summary="List the tags of a dataset",
        response=BoundTags,
    ),
)


def unbound(said: Unbinding) -> tuple[str, ...]:
    """Raises: InvalidParam, for no tag at all."""
    found = (*(said.tag_ids or ()), *((said.tag_id,) if said.tag_id else ()))
    if not found:
        raise InvalidParam("tag_ids: is required.", params="tag_ids")
    return found


def one(tag: Tag) -> bytes:
    return encode(_tag(tag))


def several(tags: tuple[Tag, ...]) -> bytes:
    return encode([_tag(tag) for tag in tags])


def of_dataset(tags: tuple[Tag, ...]) -> bytes:
    return encode(BoundTags(tuple(BoundTag(tag.id, tag.name) for tag in tags), len(tags)))


def _tag(tag: Tag) -> TagBody:
    return TagBody(tag.id, tag.name, "knowledge", str(tag.datasets))
