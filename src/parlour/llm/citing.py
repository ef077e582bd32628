"""Passages that were found, as a model is told of them, and as clients see what an answer rests on.

Does not know how they were found.
"""

from collections.abc import Sequence

from parlour.domain.citation import Citation
from parlour.domain.passages import Hit


def told(hit: Hit) -> str:
    """A passage as a model is told of it."""
    segment = hit.segment
    if segment.answer is None:
        return segment.content
    return f"question:{segment.content} answer:{segment.answer}"


def context(hits: Sequence[Hit]) -> str:
    return "\n".join(told(hit) for hit in hits)


def cited(hits: Sequence[Hit], retriever_from: str) -> tuple[Citation, ...]:
    return tuple(citation(hit, position, retriever_from) for position, hit in enumerate(hits, 1))


def citation(hit: Hit, position: int, retriever_from: str) -> Citation:
    document, segment = hit.document, hit.segment
    if hit.external:
        return Citation(
            position=position,
            dataset_id=hit.dataset_id,
            dataset_name=hit.dataset_name,
            document_id=document.id,
            document_name=document.name,
            data_source_type="external",
            retriever_from=retriever_from,
            score=hit.score,
            content=segment.content,
            doc_metadata=dict(document.metadata),
        )
    return Citation(
        position=position,
        dataset_id=hit.dataset_id,
        dataset_name=hit.dataset_name,
        document_id=document.id,
        document_name=document.name,
        data_source_type="upload_file",
        segment_id=segment.id,
        retriever_from=retriever_from,
        score=hit.score,
        hit_count=segment.hit_count,
        word_count=segment.words,
        segment_position=segment.position,
        index_node_hash=segment.digest,
        content=told(hit),
        summary=segment.summary,
        doc_metadata=dict(document.metadata),
    )
