"""The routes of a conversation's variables: list them, change one. Knows no store.

Only flows declare variables; the conversation of any other chat app has none (contract 5.5).
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.app import App
from parlour.domain.message import Owner
from parlour.domain.problems import ConversationNotExists, InvalidParam, NotFound
from parlour.http.chat import chat_app
from parlour.http.house import House
from parlour.http.rim import app_of, body_of, json, query_of
from parlour.wire import queries, variables


def routes(house: House) -> list[Route]:
    one = "/v1/conversations/{conversation_id}/variables/{variable_id}"
    return [
        Route("/v1/conversations/{conversation_id}/variables", partial(page, house), methods=["GET"]),
        Route(one, partial(update, house), methods=["PUT"]),
    ]


async def page(house: House, request: Request) -> Response:
    """The variables of a conversation, a page at a time."""
    app = chat_app(await app_of(house, request))
    conversation_id = queries.path_uuid(request.path_params["conversation_id"])
    query = variables.parse_variables(query_of(request))
    await exists(house, app, query.user, conversation_id)
    if query.last_id:
        raise InvalidParam(f"last_id: this conversation has no variable {query.last_id}.", params="last_id")
    return json(variables.empty_page(query.limit))


async def update(house: House, request: Request) -> Response:
    """Give a variable another value."""
    app = chat_app(await app_of(house, request))
    conversation_id = queries.path_uuid(request.path_params["conversation_id"])
    queries.path_uuid(request.path_params["variable_id"])
    asked = variables.parse_update(await body_of(house, request))
    await exists(house, app, asked.user, conversation_id)
    raise NotFound("Conversation Variable Not Exists.")


async def exists(house: House, app: App, user: str, conversation_id: str) -> None:
    if await house.conversations.get(Owner(app.card.id, user), conversation_id) is None:
        raise ConversationNotExists
