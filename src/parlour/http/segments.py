"""The routes of passages and their parts: add, list, look at, change, delete. Knows no store and no index."""

from collections.abc import Sequence
from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.dataset import Dataset
from parlour.domain.passages import ChildChunk, Document, Segment, SegmentQuery
from parlour.domain.problems import InvalidParam, NotFound
from parlour.http.house import House
from parlour.http.knowledge import UNKNOWN_DOCUMENT, dataset_of, document_of, segment_of
from parlour.http.rim import body_of, json
from parlour.wire import segments
from parlour.wire.members import fitted
from parlour.wire.queries import path_uuid

UNKNOWN, UNKNOWN_CHILD = "Segment not found.", "Child chunk not found."


def routes(house: House) -> list[Route]:
    return [
        Route(segments.EVERY, partial(create, house), methods=["POST"]),
        Route(segments.EVERY, partial(page, house), methods=["GET"]),
        Route(segments.ONE, partial(show, house), methods=["GET"]),
        Route(segments.ONE, partial(update, house), methods=["POST"]),
        Route(segments.ONE, partial(delete, house), methods=["DELETE"]),
        Route(segments.CHILDREN, partial(create_child, house), methods=["POST"]),
        Route(segments.CHILDREN, partial(children, house), methods=["GET"]),
        Route(f"{segments.CHILDREN}/{{child_chunk_id}}", partial(update_child, house), methods=["PATCH"]),
        Route(f"{segments.CHILDREN}/{{child_chunk_id}}", partial(delete_child, house), methods=["DELETE"]),
    ]


async def create(house: House, request: Request) -> Response:
    """Add passages to a document that is indexed."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    said = fitted(await body_of(house, request), segments.SegmentsRequest)
    segments.check_new(said, document)
    if document.progress.status != "completed":
        raise NotFound("Document is not completed.")
    if not document.enabled:
        raise NotFound("Document is disabled.")
    made = [segments.made(one, document, house.new_id(), house.now()) for one in said.segments]
    written = await house.knowledge.editing.write(dataset, document, made)
    if written is None:
        raise NotFound(UNKNOWN_DOCUMENT)
    return json(segments.created(written, document, await parts_of(house, dataset, written)))


async def page(house: House, request: Request) -> Response:
    """The passages of a document, a page at a time."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    asked = segments.parse_list(request.scope["query_string"])
    query = SegmentQuery(asked.keyword, asked.status)
    found = await house.knowledge.store.segments.page(dataset.place, document.id, query, asked.page, asked.limit)
    return json(segments.page(found, asked, document, await parts_of(house, dataset, found.items)))


async def show(house: House, request: Request) -> Response:
    """One passage."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    segment = await segment_of(house, request, dataset, document)
    return json(segments.one(segment, document, await parts_of(house, dataset, [segment])))


async def update(house: House, request: Request) -> Response:
    """Change a passage; it is found as it is now."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    segment = await segment_of(house, request, dataset, document)
    said = fitted(await body_of(house, request), segments.SegmentChange).segment
    changed = segments.changed(segment, said, document, house.now())
    if segment.status != "completed":
        raise InvalidParam("Segment is indexing, please try again later")
    written = await house.knowledge.editing.write(dataset, document, [changed], cut=said.regenerate_child_chunks)
    if written is None:
        raise NotFound(UNKNOWN)
    return json(segments.one(written[0], document, await parts_of(house, dataset, written)))


async def delete(house: House, request: Request) -> Response:
    """Delete a passage."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    segment_id = path_uuid(request.path_params["segment_id"])
    if not await house.knowledge.store.segments.delete(dataset.place, document.id, [segment_id]):
        raise NotFound(UNKNOWN)
    return Response(status_code=204)


async def create_child(house: House, request: Request) -> Response:
    """Add a part to a passage."""
    dataset, segment = await segment_and_dataset(house, request)
    said = fitted(await body_of(house, request), segments.ChildRequest)
    now = house.now()
    fresh = ChildChunk(house.new_id(), segment.id, segment.document_id, 0, said.content, now, type="customized")
    return await written_child(house, dataset, fresh)


async def children(house: House, request: Request) -> Response:
    """The parts of a passage, a page at a time."""
    dataset, segment = await segment_and_dataset(house, request)
    asked = segments.parse_children(request.scope["query_string"])
    store = house.knowledge.store.children
    found = await store.page(dataset.place, segment.id, asked.keyword, asked.page, asked.limit)
    return json(segments.children(found, asked))


async def update_child(house: House, request: Request) -> Response:
    """Give a part another content."""
    dataset, segment = await segment_and_dataset(house, request)
    wanted = path_uuid(request.path_params["child_chunk_id"])
    said = fitted(await body_of(house, request), segments.ChildRequest)
    for chunk in await house.knowledge.store.children.find(dataset.place, [wanted]):
        if chunk.segment_id == segment.id:
            return await written_child(house, dataset, structs.replace(chunk, content=said.content, type="customized"))
    raise NotFound(UNKNOWN_CHILD)


async def written_child(house: House, dataset: Dataset, chunk: ChildChunk) -> Response:
    if not chunk.content.strip():
        raise InvalidParam("content: is required.", params="content")
    written = await house.knowledge.editing.write_child(dataset, chunk)
    if written is None:
        raise NotFound(UNKNOWN)
    return json(segments.child(written))


async def delete_child(house: House, request: Request) -> Response:
    """Delete a part."""
    dataset, segment = await segment_and_dataset(house, request)
    wanted = path_uuid(request.path_params["child_chunk_id"])
    if not await house.knowledge.store.children.delete(dataset.place, segment.id, wanted):
        raise NotFound(UNKNOWN_CHILD)
    return Response(status_code=204)


async def segment_and_dataset(house: House, request: Request) -> tuple[Dataset, Segment]:
    """The passage that the path names, and whose it is."""
    dataset = await dataset_of(house, request)
    document: Document = await document_of(house, request, dataset)
    return dataset, await segment_of(house, request, dataset, document)


async def parts_of(house: House, dataset: Dataset, found: Sequence[Segment]) -> segments.Parts:
    """The parts of these passages."""
    parts: dict[str, list[ChildChunk]] = {}
    for chunk in await house.knowledge.store.children.of(dataset.place, [one.id for one in found]):
        parts.setdefault(chunk.segment_id, []).append(chunk)
    return parts
