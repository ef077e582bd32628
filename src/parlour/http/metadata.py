"""The routes of what can be said of documents, and is. Knows no store, and not how documents are filtered by it."""

from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.dataset import MetadataField
from parlour.domain.passages import MetadataValue
from parlour.domain.problems import InvalidAction, InvalidParam, NotFound
from parlour.http.house import House
from parlour.http.knowledge import UNKNOWN, UNKNOWN_DOCUMENT, dataset_of
from parlour.http.rim import body_of, json
from parlour.wire import bodies, metadata
from parlour.wire.body import identifier
from parlour.wire.members import fitted
from parlour.wire.queries import path_uuid

UNKNOWN_FIELD = "Metadata not found."


def routes(house: House) -> list[Route]:
    one, built_in = f"{metadata.EVERY}/{{metadata_id}}", f"{metadata.EVERY}/built-in"
    return [
        Route(metadata.VALUES, partial(fill, house), methods=["POST"]),
        Route(metadata.EVERY, partial(create, house), methods=["POST"]),
        Route(metadata.EVERY, partial(several, house), methods=["GET"]),
        Route(built_in, partial(built_ins, house), methods=["GET"]),
        Route(f"{built_in}/{{action}}", partial(toggle, house), methods=["POST"]),
        Route(one, partial(rename, house), methods=["PATCH"]),
        Route(one, partial(delete, house), methods=["DELETE"]),
    ]


async def create(house: House, request: Request) -> Response:
    """Say what can be said."""
    dataset = await dataset_of(house, request)
    said = fitted(await body_of(house, request), metadata.FieldRequest)
    metadata.check_name(said.name)
    field = MetadataField(house.new_id(), said.name, said.type)
    if not await house.knowledge.store.fields.create(dataset.place, field):
        raise NotFound(UNKNOWN)
    return json(metadata.one(field), 201)


async def several(house: House, request: Request) -> Response:
    """All that can be said of a dataset's documents."""
    dataset = await dataset_of(house, request)
    return json(metadata.several(await house.knowledge.store.fields.all(dataset.place, counted=True), dataset))


async def rename(house: House, request: Request) -> Response:
    """Give it another name, in the documents as well."""
    dataset = await dataset_of(house, request)
    field_id = path_uuid(request.path_params["metadata_id"])
    said = fitted(await body_of(house, request), metadata.FieldChange)
    metadata.check_name(said.name)
    field = await house.knowledge.store.fields.rename(dataset.place, field_id, said.name)
    if field is None:
        raise NotFound(UNKNOWN_FIELD)
    return json(metadata.one(field))


async def delete(house: House, request: Request) -> Response:
    """Delete it, in the documents as well."""
    dataset = await dataset_of(house, request)
    field_id = path_uuid(request.path_params["metadata_id"])
    if await house.knowledge.store.fields.delete(dataset.place, field_id) is None:
        raise NotFound(UNKNOWN_FIELD)
    return Response(status_code=204)


async def built_ins(house: House, request: Request) -> Response:
    """What is known of every document."""
    await dataset_of(house, request)
    return json(metadata.built_in())


async def toggle(house: House, request: Request) -> Response:
    """Have that told and searched, or no longer."""
    dataset, action = await dataset_of(house, request), request.path_params["action"]
    if action not in metadata.ACTIONS:
        raise InvalidAction
    changed = structs.replace(dataset, built_in_fields=action == "enable")
    if not await house.knowledge.store.datasets.update(changed):
        raise NotFound(UNKNOWN)
    return json(bodies.SUCCESS)


async def fill(house: House, request: Request) -> Response:
    """Say something of documents: of all that are named, or of none."""
    dataset, store = await dataset_of(house, request), house.knowledge.store
    said = fitted(await body_of(house, request), metadata.ValuesRequest)
    fields = {field.id: field for field in await store.fields.all(dataset.place)}
    values: dict[str, dict[str, MetadataValue]] = {}
    kept: set[str] = set()
    for one in sorted(said.operation_data, key=lambda one: one.partial_update):
        document_id = identifier(one.document_id) or ""
        if one.partial_update and document_id not in values:
            kept.add(document_id)
        values.setdefault(document_id, {}).update(
            {known.name: metadata.value_of(value, known) for value, known in named(one, fields)}
        )
    if values and not await store.fields.fill(dataset.place, values, kept):
        raise InvalidParam(UNKNOWN_DOCUMENT, params="operation_data")
    return json(bodies.SUCCESS)


def named(said: metadata.ValuesOf, fields: dict[str, MetadataField]) -> list[tuple[metadata.ValueOf, MetadataField]]:
    """What is said with what it is said of. Raises: InvalidParam, for something that cannot be said."""
    found = [(value, fields.get(identifier(value.id) or "")) for value in said.metadata_list]
    known = [(value, field) for value, field in found if field is not None]
    if len(known) != len(found):
        raise InvalidParam(UNKNOWN_FIELD, params="operation_data")
    return known
