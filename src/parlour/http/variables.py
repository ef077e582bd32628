"""The routes of a conversation's variables: list them, change one. Knows no store.

Only chatflows declare variables; the conversation of any other chat app has none (contract 5.5).
"""

from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.app import App
from parlour.domain.message import Owner
from parlour.domain.problems import ConversationNotExists, NotFound
from parlour.domain.workflow_run import StoredVariable
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
    return json(variables.page(await kept(house, app, query.user, conversation_id), query))


async def update(house: House, request: Request) -> Response:
    """Give a variable another value of its type."""
    app = chat_app(await app_of(house, request))
    conversation_id = queries.path_uuid(request.path_params["conversation_id"])
    variable_id = queries.path_uuid(request.path_params["variable_id"])
    asked = variables.parse_update(await body_of(house, request))
    found = await kept(house, app, asked.user, conversation_id)
    variable = next((one for one in found if one.id == variable_id), None)
    if variable is None:
        raise NotFound("Conversation Variable Not Exists.")
    variables.check(variable, asked.value)
    changed = structs.replace(variable, value=asked.value, updated_at=house.now())
    await house.variables.write(conversation_id, [changed])
    return json(variables.one(changed))


async def kept(house: House, app: App, user: str, conversation_id: str) -> tuple[StoredVariable, ...]:
    found = await house.variables.read(Owner(app.card.id, user), conversation_id)
    if found is None:
        raise ConversationNotExists
    return found
