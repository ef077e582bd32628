"""The routes of datasets: make, list, look at, change, delete. Knows no store, and not how a dataset is searched."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.dataset import Counts, Dataset
from parlour.domain.passages import DocumentQuery
from parlour.domain.problems import InvalidParam, NotFound, ProviderNotInitialized
from parlour.http.house import House
from parlour.http.knowledge import UNKNOWN, dataset_of, tenant_of
from parlour.http.rim import body_of, json
from parlour.wire import datasets
from parlour.wire.datasets import Known
from parlour.wire.members import fitted

TOGETHER = 100


def routes(house: House) -> list[Route]:
    every, one = "/v1/datasets", "/v1/datasets/{dataset_id}"
    return [
        Route(every, partial(create, house), methods=["POST"]),
        Route(every, partial(page, house), methods=["GET"]),
        Route(one, partial(show, house), methods=["GET"]),
        Route(one, partial(update, house), methods=["PATCH"]),
        Route(one, partial(delete, house), methods=["DELETE"]),
    ]


async def create(house: House, request: Request) -> Response:
    """Make an empty dataset."""
    tenant = await tenant_of(house, request)
    said = fitted(await body_of(house, request), datasets.DatasetRequest)
    dataset = datasets.made(said, house.new_id(), tenant, house.now())
    checked(house, dataset)
    await house.knowledge.store.datasets.create(dataset)
    return json(datasets.one(Known(dataset, available=available(house, dataset))))


async def page(house: House, request: Request) -> Response:
    """The tenant's datasets, a page at a time."""
    tenant = await tenant_of(house, request)
    asked = datasets.parse_list(request.scope["query_string"])
    found = await house.knowledge.store.datasets.page(tenant, datasets.query_of(asked), asked.page, asked.limit)
    return json(datasets.page(await known(house, tenant, found.items), found.total, asked))


async def show(house: House, request: Request) -> Response:
    """One dataset."""
    dataset = await dataset_of(house, request)
    [found] = await known(house, dataset.tenant, [dataset])
    return json(datasets.one(found))


async def update(house: House, request: Request) -> Response:
    """Change a dataset."""
    dataset = await dataset_of(house, request)
    said = fitted(await body_of(house, request), datasets.DatasetChange)
    changed = datasets.changed(dataset, said, house.now())
    checked(house, changed)
    if not await house.knowledge.store.datasets.update(changed):
        raise NotFound(UNKNOWN)
    was, now = (dataset.technique, dataset.embedding), (changed.technique, changed.embedding)
    if dataset.technique is not None and changed.technique == "high_quality" and was != now:
        await index_again(house, changed)
    [found] = await known(house, dataset.tenant, [changed])
    return json(datasets.one(found, members=True))


async def index_again(house: House, dataset: Dataset) -> None:
    """What its documents are found by is of no use any more."""
    store, number = house.knowledge.store.documents, 1
    while (found := await store.page(dataset.place, DocumentQuery(), number, TOGETHER)).items:
        for document in found.items:  # one that was deleted just now must not keep back the others
            whole = document.progress.status == "completed"  # its passages may be somebody's own by now
            await store.update(dataset.place, [document], again=True, cut=not whole)
        number += 1
    house.knowledge.editing.wake()


async def delete(house: House, request: Request) -> Response:
    """Delete a dataset with all that is in it."""
    dataset = await dataset_of(house, request)
    blobs = await house.knowledge.store.datasets.delete(dataset.place)
    if blobs is None:
        raise NotFound(UNKNOWN)
    for blob in blobs:
        await house.blobs.delete(blob)
    return Response(status_code=204)


async def known(house: House, tenant: str, found: Sequence[Dataset]) -> tuple[Known, ...]:
    """Datasets with what is known around them."""
    store, ids = house.knowledge.store, [one.id for one in found]
    counts, tags = await store.counts.of_datasets(tenant, ids), await store.bindings.of(tenant, ids)
    return tuple(
        [
            Known(
                one,
                counts.get(one.id, Counts()),
                tags.get(one.id, ()),
                await store.fields.all(one.place),
                available(house, one),
            )
            for one in found
        ]
    )


def available(house: House, dataset: Dataset) -> bool:
    """Whether the model that compares its texts can be asked."""
    try:
        house.knowledge.embeddings.check(dataset.embedding)
    except ProviderNotInitialized:
        return dataset.technique == "economy"
    return True


def checked(house: House, dataset: Dataset) -> None:
    """Raises: InvalidParam, for a dataset that wants a model that nobody has."""
    try:
        if dataset.technique == "high_quality":
            house.knowledge.embeddings.check(dataset.embedding)
    except ProviderNotInitialized as problem:
        raise InvalidParam(f"No Embedding Model available. {problem}", params="embedding_model") from None
