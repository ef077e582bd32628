"""The routes where an app says what it is. Knows no mode: every app answers, to every user alike (contract 5.8)."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.app import App
from parlour.http.house import House
from parlour.http.rim import app_of, json
from parlour.wire import about

SAYINGS: dict[str, Callable[[App], bytes]] = {
    "/v1/info": about.info,
    "/v1/meta": about.meta,
    "/v1/site": about.site,
}


def routes(house: House) -> list[Route]:
    sayings = {**SAYINGS, "/v1/parameters": partial(parameters, house)}
    return [Route(path, saying(house, say), methods=["GET"]) for path, say in sayings.items()]


def parameters(house: House, app: App) -> bytes:
    return about.parameters(app, annotated=house.replies.setting(app.card.id) is not None)


def saying(house: House, say: Callable[[App], bytes]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return json(say(await app_of(house, request)))

    return answer
