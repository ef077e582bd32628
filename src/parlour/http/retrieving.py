"""The routes that search a dataset, and tell which models it can be given. Knows no index and no model."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.problems import DatasetNotInitialized
from parlour.http.house import House
from parlour.http.knowledge import dataset_of, tenant_of
from parlour.http.rim import body_of, json
from parlour.wire import model_list, retrieving
from parlour.wire.members import fitted


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/datasets/{dataset_id}/retrieve", partial(retrieve, house), methods=["POST"]),
        Route("/v1/workspaces/current/models/model-types/{model_type}", partial(models, house), methods=["GET"]),
    ]


async def retrieve(house: House, request: Request) -> Response:
    """The passages of a dataset that answer a question."""
    dataset = await dataset_of(house, request)
    said = fitted(await body_of(house, request), retrieving.RetrieveRequest)
    if dataset.technique is None and dataset.external is None:
        raise DatasetNotInitialized
    settings = retrieving.settings(said)
    hits = await house.knowledge.retrieval.search(dataset, said.query, settings)
    return json(retrieving.found(said.query, hits))


async def models(house: House, request: Request) -> Response:
    """The models of that type that are known by name."""
    tenant, kind = await tenant_of(house, request), request.path_params["model_type"]
    model_list.check_type(kind)
    knowledge = house.knowledge
    usual = knowledge.rerankers.usual()
    known = {
        "text-embedding": [one.model for one in knowledge.embeddings.all()],
        "rerank": [usual] if usual.name else [],
    }
    return json(model_list.several(known.get(kind, []), kind, tenant))
