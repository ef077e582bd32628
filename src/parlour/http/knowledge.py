"""What every route of knowledge does first: whose datasets the key opens, and the one that the path names.

Knows no route. What is another tenant's is as unknown as what is not there.
"""

from collections.abc import Sequence

from starlette.requests import Request

from parlour.domain.dataset import TENANT, Dataset, Place
from parlour.domain.passages import Document, Segment
from parlour.domain.problems import NotFound
from parlour.http.house import House
from parlour.wire.queries import path_uuid

UNKNOWN, UNKNOWN_DOCUMENT = "Dataset not found.", "Document not found."


async def tenant_of(house: House, request: Request) -> str:
    """Whose datasets the request's key opens.

    Raises:
        Unauthorized: it is no knowledge key.
    """
    key = await house.keyring.open(request.headers.get("authorization", ""), "knowledge")
    return key.app or TENANT


async def dataset_of(house: House, request: Request) -> Dataset:
    """The dataset that the path names, if the key opens it."""
    tenant = await tenant_of(house, request)
    return await dataset_named(house, tenant, path_uuid(request.path_params["dataset_id"]))


async def dataset_named(house: House, tenant: str, dataset_id: str) -> Dataset:
    found = await house.knowledge.store.datasets.find(Place(tenant, dataset_id))
    if found is None:
        raise NotFound(UNKNOWN)
    return found


async def document_of(house: House, request: Request, dataset: Dataset) -> Document:
    """The document of this dataset that the path names."""
    [found] = await documents_named(house, dataset, [path_uuid(request.path_params["document_id"])])
    return found


async def documents_named(house: House, dataset: Dataset, document_ids: Sequence[str]) -> tuple[Document, ...]:
    """
    Raises:
        NotFound: one is not there.
    """
    found = await house.knowledge.store.documents.find(dataset.place, document_ids)
    if len(found) != len(document_ids):
        raise NotFound(UNKNOWN_DOCUMENT)
    return found


async def segment_of(house: House, request: Request, dataset: Dataset, document: Document) -> Segment:
    """The passage of this document that the path names."""
    wanted = path_uuid(request.path_params["segment_id"])
    for found in await house.knowledge.store.segments.find(dataset.place, [wanted]):
        if found.document_id == document.id:
            return found
    raise NotFound("Segment not found.")
