"""The routes of completion apps: send, and stop. Knows no model and no store.

A message is kept as a chat's is, in a conversation of its own: routes that show conversations are closed to these apps.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.http.admission import admission
from parlour.http.chat import answer, begun
from parlour.http.house import House
from parlour.http.rim import app_of, body_of, json, traced
from parlour.wire import bodies, completion, repeats
from parlour.wire.body import user
from parlour.wire.tracing import tracing


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/completion-messages", partial(send, house), methods=["POST"]),
        Route("/v1/completion-messages/{task_id}/stop", partial(stop, house), methods=["POST"]),
    ]


async def send(house: House, request: Request) -> Response:
    """Fill an app's form; the text as one body, or as events while it is made."""
    app = await app_of(house, request)
    body = await body_of(house, request)
    asked = completion.parse(body, mode=app.mode, trace=tracing(request.headers, request.query_params, body))
    repeat = repeats.parse(request.headers, body)
    admit = admission(house, request, app, asked.ask.user)
    if repeat is None:
        admit()
    run = await begun(house, app, asked, repeat, admit)
    traced(house, request, run)
    return await answer(house, app, asked, run)


async def stop(house: House, request: Request) -> Response:
    """End a run of this user; any other task is a silent success (contract 5.1)."""
    app = await app_of(house, request)
    name = user(await body_of(house, request))
    completion.check_mode(app.mode)
    await house.relay.stop(app.card.id, request.path_params["task_id"], name)
    return json(bodies.SUCCESS)
