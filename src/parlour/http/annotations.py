"""The routes of annotations: list, create, change, delete, have them answer. Knows no store, and no question asked."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.annotation import Action, Annotation
from parlour.domain.problems import InvalidParam, NotFound
from parlour.http.chat import chat_app
from parlour.http.house import House
from parlour.http.rim import app_of, body_of, json, query_of
from parlour.wire import annotations, queries

UNKNOWN = "Annotation not found"
ACTIONS: tuple[Action, ...] = ("enable", "disable")


def routes(house: House) -> list[Route]:
    reply, one = "/v1/apps/annotation-reply", "/v1/apps/annotations/{annotation_id}"
    return [
        Route("/v1/apps/annotations", partial(page, house), methods=["GET"]),
        Route("/v1/apps/annotations", partial(create, house), methods=["POST"]),
        Route(one, partial(update, house), methods=["PUT"]),
        Route(one, partial(delete, house), methods=["DELETE"]),
        Route(f"{one}/hit-histories", partial(uses, house), methods=["GET"]),
        *(Route(f"{reply}/{action}", partial(set_up, house, action), methods=["POST"]) for action in ACTIONS),
        *(
            Route(f"{reply}/{action}/status/{{job_id}}", partial(status, house, action), methods=["GET"])
            for action in ACTIONS
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
    house.knowledge.editing.wake()
    return json(annotations.one(annotation), status=201)


async def update(house: House, request: Request) -> Response:
    """Give an annotation another question and answer."""
    app = chat_app(await app_of(house, request))
    annotation_id = queries.path_uuid(request.path_params["annotation_id"])
    draft = annotations.parse_draft(await body_of(house, request))
    changed = await house.annotations.update(app.card.id, annotation_id, draft.question, draft.answer)
    if changed is None:
        raise NotFound(UNKNOWN)
    house.knowledge.editing.wake()
    return json(annotations.one(changed))


async def delete(house: House, request: Request) -> Response:
    """Delete an annotation."""
    app = chat_app(await app_of(house, request))
    if not await house.annotations.delete(app.card.id, queries.path_uuid(request.path_params["annotation_id"])):
        raise NotFound(UNKNOWN)
    return Response(status_code=204)


async def uses(house: House, request: Request) -> Response:
    """When an annotation has answered, and what; an addition, which the original shows in its console alone."""
    app = chat_app(await app_of(house, request))
    annotation_id = queries.path_uuid(request.path_params["annotation_id"])
    query = annotations.parse_page(query_of(request))
    found = await house.replies.uses(app.card.id, annotation_id, query.page, query.limit)
    if found is None:
        raise NotFound(UNKNOWN)
    return json(annotations.uses(found, query))


async def set_up(house: House, action: Action, request: Request) -> Response:
    """Have annotations answer, or no longer: a job that is done beside."""
    app = chat_app(await app_of(house, request))
    setting = annotations.parse_set_up(await body_of(house, request))
    job = await house.replies.order(app.card.id, action, setting)
    house.knowledge.editing.wake()
    return json(annotations.job(job))


async def status(house: House, action: Action, request: Request) -> Response:
    """How far a job has come."""
    app = chat_app(await app_of(house, request))
    found = await house.replies.job(app.card.id, action, queries.path_uuid(request.path_params["job_id"]))
    if found is None:
        raise InvalidParam("job_id: the job does not exist.", params="job_id")
    return json(annotations.job_status(found))
