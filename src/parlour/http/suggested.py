"""The route of suggested questions: what the user may want to ask next (contract 5.2). Knows no model and no store."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.message import Owner
from parlour.domain.problems import BadRequest, NotFound
from parlour.http.chat import chat_app
from parlour.http.house import House
from parlour.http.rim import app_of, json, query_of, stands
from parlour.wire import about, queries

TURNS = 3


def routes(house: House) -> list[Route]:
    return [Route("/v1/messages/{message_id}/suggested", partial(suggested, house), methods=["GET"])]


async def suggested(house: House, request: Request) -> Response:
    """Questions after the last turns up to a message, by the version of the app that its conversation began with."""
    app = await app_of(house, request)
    user = queries.parse_required_user(query_of(request))
    owner = Owner(chat_app(app).card.id, user)
    message_id = queries.path_uuid(request.path_params["message_id"])
    place = await house.history.conversation_of(owner, message_id)
    thread = await house.messages.thread(owner, place, TURNS, message_id) if place is not None else None
    if thread is None:
        raise NotFound("Message Not Exists.")
    app = await house.catalogue.pinned(app, thread.conversation.version)
    if app.features.suggestions is None:
        raise BadRequest("Suggested Questions Is Disabled. Turn on suggested_questions_after_answer in the app's file.")
    return json(about.suggested(await house.asides.suggest(app, thread.exchanges, stands(house, request))))
