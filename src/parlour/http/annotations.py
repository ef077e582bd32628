"""The routes of annotations: list, create, change, delete. Knows no store, and not when one is given as an answer."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.annotation import Annotation
from parlour.domain.problems import BadRequest, InvalidParam, NotFound
from parlour.http.chat import chat_app
from parlour.http.house import House
from parlour.http.rim import app_of, body_of, json, query_of
from parlour.wire import annotations, queries

UNKNOWN = "Annotation not found"


def routes(house: House) -> list[Route]:
    reply, one = "/v1/apps/annotation-reply", "/v1/apps/annotations/{annotation_id}"
    return [
        Route("/v1/apps/annotations", partial(page, house), methods=["GET"]),
        Route("/v1/apps/annotations", partial(create, house), methods=["POST"]),
        Route(one, partial(update, house), methods=["PUT"]),
        Route(one, partial(delete, house), methods=["DELETE"]),
        *(Route(f"{reply}/{action}", partial(set_up, house), methods=["POST"]) for action in ("enable", "disable")),
        *(
            Route(f"{reply}/{action}/status/{{job_id}}", partial(status, house), methods=["GET"])
            for action in ("enable", "disable")
        ),
    ]


async def page(house: House, request: Request) -> Response:
    """An app's annotations, a page at a time."""
    app = chat_app(await app_of(house, request))
    query = annotations.parse_page(query_of(request))
    found = await house.annotations.page(app.card.id, query.keyword, query.page, query.limit)
    return json(annotations.page(found, query))


async def create(house: House, request: Request) -> Response:
    """Keep an answer for a question."""
    app = chat_app(await app_of(house, request))
    draft = annotations.parse_draft(await body_of(house, request))
    annotation = Annotation(house.new_id(), app.card.id, draft.question, draft.answer, house.now())
    await house.annotations.create(annotation)
    return json(annotations.one(annotation), status=201)


async def update(house: House, request: Request) -> Response:
    """Give an annotation another question and answer."""
    app = chat_app(await app_of(house, request))
    annotation_id = queries.path_uuid(request.path_params["annotation_id"])
    draft = annotations.parse_draft(await body_of(house, request))
    changed = await house.annotations.update(app.card.id, annotation_id, draft.question, draft.answer)
    if changed is None:
        raise NotFound(UNKNOWN)
    return json(annotations.one(changed))


async def delete(house: House, request: Request) -> Response:
    """Delete an annotation."""
    app = chat_app(await app_of(house, request))
    if not await house.annotations.delete(app.card.id, queries.path_uuid(request.path_params["annotation_id"])):
        raise NotFound(UNKNOWN)
    return Response(status_code=204)


async def set_up(house: House, request: Request) -> Response:
    """Have annotations answer, or no longer. The job needs the search that comes with knowledge."""
    chat_app(await app_of(house, request))
    annotations.check_set_up(await body_of(house, request))
    raise BadRequest("Annotation replies are not served yet: annotations are kept, but do not answer.")


async def status(house: House, request: Request) -> Response:
    """How far a job has come; there is none yet that could be known."""
    chat_app(await app_of(house, request))
    queries.path_uuid(request.path_params["job_id"])
    raise InvalidParam("job_id: the job does not exist.", params="job_id")
