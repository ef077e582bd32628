"""What was looked up, as a model's prompt takes it (dsl.md 6.4). Knows no model and no node that looks things up."""

from collections.abc import Iterator, Sequence
from typing import cast

import msgspec
from msgspec import structs

from parlour.domain.events import Citation
from parlour.domain.files import File
from parlour.flow.node import NodeFailed
from parlour.flow.values import files_in

Found = dict[str, object]


def text_of(value: object) -> str:
    """The text that stands in the place of the context.

    Raises:
        NodeFailed: an object of a list has no content.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    return "\n".join(_lines(cast("list[object]", value))).strip()


def _lines(items: list[object]) -> Iterator[str]:
    for item in items:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            found = cast("Found", item)
            if "content" not in found:
                raise NodeFailed("The context is not what was looked up: an object has no content.", "InvalidContext")
            if summary := found.get("summary"):
                yield str(summary)
            yield str(found["content"])


def files_of(value: object) -> list[File]:
    """The files that what was looked up brings with it."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [file for item in items if isinstance(item, dict) for file in files_in(cast("Found", item).get("files"))]


class Source(msgspec.Struct, frozen=True):
    """Where a passage comes from, as the node says that has looked it up."""

    source: str | None = msgspec.field(default=None, name="_source")
    dataset_id: str | None = None
    dataset_name: str | None = None
    document_id: str | None = None
    document_name: str | None = None
    data_source_type: str | None = None
    segment_id: str | None = None
    retriever_from: str | None = None
    score: float | None = None
    segment_hit_count: int | None = None
    segment_word_count: int | None = None
    segment_position: int | None = None
    segment_index_node_hash: str | None = None
    page: int | None = None
    doc_metadata: dict[str, object] | None = None


def cited(known: Sequence[Citation], value: object) -> list[Citation]:
    """The citations with those of one more look-up; a passage that is known already is left out (contract 8.33)."""
    seen = {passage(citation) for citation in known}
    items = cast("list[object]", value) if isinstance(value, list) else []
    new = [citation for item in items if (citation := _citation(item)) is not None]
    fresh = [citation for citation in new if passage(citation) not in seen]
    return [structs.replace(citation, position=number) for number, citation in enumerate((*known, *fresh), 1)]


def passage(citation: Citation) -> tuple[str | None, ...]:
    return citation.dataset_id, citation.document_id, citation.segment_id


def _citation(item: object) -> Citation | None:
    if not isinstance(item, dict):
        return None
    found = cast("Found", item)
    try:
        source = msgspec.convert(found.get("metadata"), Source, strict=False)
    except msgspec.ValidationError:
        return None
    if source.source != "knowledge":
        return None
    summary = found.get("summary")
    return Citation(
        position=0,
        dataset_id=source.dataset_id,
        dataset_name=source.dataset_name,
        document_id=source.document_id,
        document_name=source.document_name,
        data_source_type=source.data_source_type,
        segment_id=source.segment_id,
        retriever_from=source.retriever_from,
        score=source.score,
        hit_count=source.segment_hit_count,
        word_count=source.segment_word_count,
        segment_position=source.segment_position,
        index_node_hash=source.segment_index_node_hash,
        content=str(found.get("content", "")),
        page=source.page,
        title=str(found["title"]) if found.get("title") else None,
        summary=str(summary) if summary else None,
        doc_metadata=source.doc_metadata,
    )
