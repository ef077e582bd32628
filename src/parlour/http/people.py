"""The route of end users. Knows no store, and not when a user is noted."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.problems import EndUserNotFound
from parlour.http.house import House
from parlour.http.rim import app_of, json
from parlour.wire import people, queries


def routes(house: House) -> list[Route]:
    return [Route("/v1/end-users/{end_user_id}", partial(end_user, house), methods=["GET"])]


async def end_user(house: House, request: Request) -> Response:
    """A user of this app, by the id that feedback and uploads name it with."""
    app = await app_of(house, request)
    found = await house.guests.find(app.card.id, queries.path_uuid(request.path_params["end_user_id"]))
    if found is None:
        raise EndUserNotFound
    return json(people.end_user(found))
