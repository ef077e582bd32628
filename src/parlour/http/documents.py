"""The routes of documents: add, change, list, look at, hide, delete, and how far they are. Knows no store and no index.

What is added or changed is indexed beside the serving; a batch is the name to ask by.
"""

from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.dataset import Dataset
from parlour.domain.passages import UNDONE, Document, DocumentQuery, SegmentCount
from parlour.domain.problems import ArchivedDocumentImmutable, InvalidAction, InvalidParam, NoFileUploaded, NotFound
from parlour.http.house import House
from parlour.http.knowledge import UNKNOWN, UNKNOWN_DOCUMENT, dataset_of, document_of, documents_named
from parlour.http.rim import body_of, json, query_of
from parlour.http.sent_documents import Arrived, arrived_file, arrived_text, settled
from parlour.wire import bodies, document_bodies, documents
from parlour.wire.body import identifier
from parlour.wire.document_bodies import Around
from parlour.wire.members import fitted
from parlour.wire.process_rule import rule_of

TOGETHER = 1000
"""Documents of one batch that are told of; a request brings one."""


def routes(house: House) -> list[Route]:
    within = "/v1/datasets/{dataset_id}"
    every, one = f"{within}/documents", f"{within}/documents/{{document_id}}"
    spelt = ("-by-", "_by_")
    return [
        *(Route(f"{within}/document/create{by}text", partial(create_text, house), methods=["POST"]) for by in spelt),
        *(Route(f"{within}/document/create{by}file", partial(create_file, house), methods=["POST"]) for by in spelt),
        *(Route(f"{one}/update{by}text", partial(update_text, house), methods=["POST"]) for by in spelt),
        *(Route(f"{one}/update{by}file", partial(update_file, house), methods=["POST"]) for by in spelt),
        Route(every, partial(page, house), methods=["GET"]),
        Route(f"{every}/status/{{action}}", partial(status, house), methods=["PATCH"]),
        Route(f"{every}/{{batch}}/indexing-status", partial(progress, house), methods=["GET"]),
        Route(one, partial(update_file, house), methods=["PATCH"]),
        Route(one, partial(show, house), methods=["GET"]),
        Route(one, partial(delete, house), methods=["DELETE"]),
    ]


async def create_text(house: House, request: Request) -> Response:
    """Add a text."""
    dataset = await dataset_of(house, request)
    said = fitted(await body_of(house, request), documents.TextRequest)
    async with arrived_text(house, said, said.name, said.text) as arrived:
        return await create(house, dataset, arrived)


async def create_file(house: House, request: Request) -> Response:
    """Add a file."""
    dataset = await dataset_of(house, request)
    async with arrived_file(house, request) as arrived:
        return await create(house, dataset, arrived)


async def create(house: House, dataset: Dataset, arrived: Arrived) -> Response:
    said = arrived.said
    if said.original_document_id:
        [document] = await documents_named(house, dataset, [identifier(said.original_document_id) or ""])
        return await change(house, dataset, document, arrived)
    if arrived.source is None:
        raise NoFileUploaded
    made = settled(house, dataset, said)
    document = Document(
        id=house.new_id(),
        tenant=dataset.tenant,
        dataset_id=dataset.id,
        name=arrived.name,
        created_at=house.now(),
        batch=house.new_id(),
        source=arrived.source,
        rule=rule_of(said.process_rule),
        rule_id=house.new_id(),
        form=made.form or "text_model",
        language=said.doc_language or "English",
        updated_at=house.now(),
    )
    if made != dataset and not await house.knowledge.store.datasets.update(made):
        raise NotFound(UNKNOWN)
    added = await house.knowledge.store.documents.add(dataset.place, [document])
    if added is None:
        raise NotFound(UNKNOWN)
    arrived.stays()
    house.knowledge.editing.wake()
    return json(document_bodies.created(added[0], await around(house, made)))


async def update_text(house: House, request: Request) -> Response:
    """Give a document another text, name or rule."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    said = fitted(await body_of(house, request), documents.TextChange)
    if said.text is not None and said.name is None:
        raise InvalidParam("name is required when text is provided.", params="name")
    async with arrived_text(house, said, said.name or document.name, said.text) as arrived:
        return await change(house, dataset, document, arrived)


async def update_file(house: House, request: Request) -> Response:
    """Give a document another file, name or rule."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    async with arrived_file(house, request) as arrived:
        return await change(house, dataset, document, arrived)


async def change(house: House, dataset: Dataset, document: Document, arrived: Arrived) -> Response:
    """Indexed again where its content or its rule is another one."""
    if document.archived or document.progress.status in UNDONE:
        raise InvalidParam("Document is not available")
    said, source = arrived.said, arrived.source
    made = settled(house, dataset, said)
    changed = structs.replace(
        document,
        name=arrived.name or document.name,
        batch=house.new_id(),
        source=source or document.source,
        rule=rule_of(said.process_rule) if said.process_rule else document.rule,
        language=said.doc_language or document.language,
        updated_at=house.now(),
    )
    again = source is not None or changed.rule != document.rule
    if not await house.knowledge.store.documents.update(dataset.place, [changed], again=again):
        raise NotFound(UNKNOWN_DOCUMENT)
    arrived.stays()
    if again:
        house.knowledge.editing.wake()
    if source is not None:
        await house.blobs.delete(document.source.blob)
    [found] = await documents_named(house, dataset, [document.id])
    return json(document_bodies.created(found, await around(house, made)))


async def page(house: House, request: Request) -> Response:
    """The documents of a dataset, a page at a time."""
    dataset = await dataset_of(house, request)
    asked = documents.parse_list(request.scope["query_string"])
    place = asked.page, asked.limit
    found = await house.knowledge.store.documents.page(dataset.place, documents.query_of(asked), *place)
    return json(document_bodies.page(found.items, found.total, place, await around(house, dataset)))


async def show(house: House, request: Request) -> Response:
    """One document, or the part of it that was asked for."""
    dataset = await dataset_of(house, request)
    wanted = documents.parse_detail(query_of(request).get("metadata", ""))
    document, known = await document_of(house, request, dataset), await around(house, dataset)
    if wanted == "only":
        return json(document_bodies.metadata_alone(document, known))
    counts = await house.knowledge.store.counts.of_documents(dataset.place, [document.id])
    count = counts.get(document.id, SegmentCount())
    return json(document_bodies.detail(document, count, known, metadata=wanted == "all"))


async def progress(house: House, request: Request) -> Response:
    """How far the documents of a batch are."""
    dataset, store = await dataset_of(house, request), house.knowledge.store
    query = DocumentQuery(batch=request.path_params["batch"])
    found = await store.documents.page(dataset.place, query, 1, TOGETHER)
    if not found.items:
        raise NotFound("Documents not found.")
    counts = await store.counts.of_documents(dataset.place, [one.id for one in found.items])
    return json(document_bodies.statuses(found.items, dict(counts)))


async def status(house: House, request: Request) -> Response:
    """Hide documents, or show them again; those that are not there are passed over."""
    dataset, action = await dataset_of(house, request), request.path_params["action"]
    if action not in documents.ACTIONS:
        raise InvalidAction
    said = fitted(await body_of(house, request), documents.DocumentIds)
    wanted = list(dict.fromkeys(one for one in map(identifier, said.document_ids) if one))
    found = await house.knowledge.store.documents.find(dataset.place, wanted)
    changed = [acted(one, action, house.now()) for one in found]
    if not await house.knowledge.store.documents.update(dataset.place, changed):
        raise NotFound(UNKNOWN_DOCUMENT)
    return json(bodies.SUCCESS)


def acted(document: Document, action: str, now: float) -> Document:
    """Raises: InvalidAction, for hiding what nobody finds yet."""
    match action:
        case "enable":
            return structs.replace(document, enabled=True, disabled_at=None, updated_at=now)
        case "disable":
            if document.progress.status != "completed":
                raise InvalidAction(f"Document: {document.name} is not completed.")
            return structs.replace(document, enabled=False, disabled_at=now, updated_at=now)
        case _:
            return structs.replace(document, archived=action == "archive", updated_at=now)


async def delete(house: House, request: Request) -> Response:
    """Delete a document with all that was made of it."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    if document.archived:
        raise ArchivedDocumentImmutable
    blobs = await house.knowledge.store.documents.delete(dataset.place, [document.id])
    if blobs is None:
        raise NotFound(UNKNOWN_DOCUMENT)
    for blob in blobs:
        await house.blobs.delete(blob)
    return Response(status_code=204)


async def around(house: House, dataset: Dataset) -> Around:
    return Around(dataset, await house.knowledge.store.fields.all(dataset.place))
