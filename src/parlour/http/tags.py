"""The routes of tags: make, list, rename, delete, and what each dataset has of them. Knows no store."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.dataset import Place, Tag
from parlour.domain.problems import NotFound
from parlour.http.house import House
from parlour.http.knowledge import UNKNOWN, dataset_of, tenant_of
from parlour.http.rim import body_of, json
from parlour.wire import tags
from parlour.wire.body import identifier
from parlour.wire.members import fitted


def routes(house: House) -> list[Route]:
    every = "/v1/datasets/tags"
    return [
        Route(every, partial(create, house), methods=["POST"]),
        Route(every, partial(several, house), methods=["GET"]),
        Route(every, partial(rename, house), methods=["PATCH"]),
        Route(every, partial(delete, house), methods=["DELETE"]),
        Route(f"{every}/binding", partial(bind, house), methods=["POST"]),
        Route(f"{every}/unbinding", partial(unbind, house), methods=["POST"]),
        Route("/v1/datasets/{dataset_id}/tags", partial(of_dataset, house), methods=["GET"]),
    ]


async def create(house: House, request: Request) -> Response:
    """Make a tag."""
    tenant = await tenant_of(house, request)
    said = fitted(await body_of(house, request), tags.TagRequest)
    tag = Tag(house.new_id(), tenant, said.name, house.now())
    await house.knowledge.store.tags.create(tag)
    return json(tags.one(tag))


async def several(house: House, request: Request) -> Response:
    """All tags of the tenant."""
    return json(tags.several(await house.knowledge.store.tags.all(await tenant_of(house, request))))


async def rename(house: House, request: Request) -> Response:
    """Give a tag another name."""
    tenant = await tenant_of(house, request)
    said = fitted(await body_of(house, request), tags.TagChange)
    tag = await house.knowledge.store.tags.rename(tenant, identifier(said.tag_id) or "", said.name)
    if tag is None:
        raise NotFound("Tag not found")
    return json(tags.one(tag))


async def delete(house: House, request: Request) -> Response:
    """Delete a tag; the datasets that have it stay."""
    tenant = await tenant_of(house, request)
    said = fitted(await body_of(house, request), tags.TagRemoval)
    if not await house.knowledge.store.tags.delete(tenant, identifier(said.tag_id) or ""):
        raise NotFound("Tag not found")
    return Response(status_code=204)


async def bind(house: House, request: Request) -> Response:
    """Give a dataset tags; those that are not there are passed over."""
    tenant = await tenant_of(house, request)
    said = fitted(await body_of(house, request), tags.Binding)
    known = {tag.id for tag in await house.knowledge.store.tags.all(tenant)}
    return await bound(house, tenant, said.target_id, known & ids(said.tag_ids), to=True)


async def unbind(house: House, request: Request) -> Response:
    """Take tags from a dataset."""
    tenant = await tenant_of(house, request)
    said = fitted(await body_of(house, request), tags.Unbinding)
    return await bound(house, tenant, said.target_id, ids(tags.unbound(said)), to=False)


async def bound(house: House, tenant: str, dataset_id: str, tag_ids: set[str], *, to: bool) -> Response:
    place = Place(tenant, identifier(dataset_id) or "")
    if not await house.knowledge.store.bindings.bind(place, sorted(tag_ids), bound=to):
        raise NotFound(UNKNOWN)
    return Response(status_code=204)


async def of_dataset(house: House, request: Request) -> Response:
    """The tags that a dataset has."""
    dataset = await dataset_of(house, request)
    found = await house.knowledge.store.bindings.of(dataset.tenant, [dataset.id])
    return json(tags.of_dataset(found.get(dataset.id, ())))


def ids(given: tuple[str, ...]) -> set[str]:
    return {found for found in map(identifier, given) if found}
