"""The routes of conversations as such: list, name, delete. Knows no store, and of runs only the name."""

from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.message import Owner, Page
from parlour.domain.problems import NotFound
from parlour.http.chat import chat_app
from parlour.http.house import House
from parlour.http.rim import app_of, base_of, body_of, json, optional_body_of, query_of, stands
from parlour.http.sent_files import inputs_of
from parlour.wire import bodies, queries


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/conversations", partial(conversations, house), methods=["GET"]),
        Route("/v1/conversations/{conversation_id}/name", partial(rename, house), methods=["POST"]),
        Route("/v1/conversations/{conversation_id}", partial(delete, house), methods=["DELETE"]),
    ]


async def conversations(house: House, request: Request) -> Response:
    """A user's conversations, a page at a time."""
    app = chat_app(await app_of(house, request))
    query = queries.parse_conversations(query_of(request))
    owner = Owner(app.card.id, query.user)
    page = await house.conversations.page(owner, query.last_id, query.limit, query.sort_by)
    house.guests.note(owner)
    shown = [structs.replace(one, inputs=await inputs_of(house, one, base_of(house, request))) for one in page.items]
    return json(bodies.conversations_page(Page(tuple(shown), page.has_more), query.limit))


async def rename(house: House, request: Request) -> Response:
    """Give a conversation a name, the caller's or a model's."""
    app = chat_app(await app_of(house, request))
    conversation_id = queries.path_uuid(request.path_params["conversation_id"])
    asked = queries.parse_rename(await body_of(house, request))
    owner = Owner(app.card.id, asked.user)
    name = "" if asked.auto_generate else asked.name
    found = await house.asides.rename(app, owner, conversation_id, name, stands(house, request))
    inputs = await inputs_of(house, found, base_of(house, request))
    return json(bodies.conversation(structs.replace(found, inputs=inputs)))


async def delete(house: House, request: Request) -> Response:
    """Delete a conversation with all its messages."""
    app = chat_app(await app_of(house, request))
    conversation_id = queries.path_uuid(request.path_params["conversation_id"])
    user = queries.parse_user(await optional_body_of(house, request))
    if not await house.conversations.delete(Owner(app.card.id, user), conversation_id):
        raise NotFound("Conversation Not Exists.")
    await house.relay.forget(conversation_id)
    return Response(status_code=204)
