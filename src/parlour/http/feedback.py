"""The routes of feedback: judge an answer, list what was said of an app's. Knows no store."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.message import Owner
from parlour.domain.problems import InvalidParam
from parlour.http.house import House
from parlour.http.rim import app_of, body_of, json, query_of
from parlour.ports.feedback import Said
from parlour.wire import bodies, feedback, queries


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/messages/{message_id}/feedbacks", partial(judge, house), methods=["POST"]),
        Route("/v1/app/feedbacks", partial(feedbacks, house), methods=["GET"]),
    ]


async def judge(house: House, request: Request) -> Response:
    """Say what the user thinks of an answer, or take it back."""
    app = await app_of(house, request)
    message_id = queries.path_uuid(request.path_params["message_id"])
    opinion = feedback.parse_opinion(await body_of(house, request))
    owner = Owner(app.card.id, opinion.user)
    if opinion.rating is not None:
        said = Said(house.new_id(), opinion.rating, opinion.content, house.now())
        await house.feedbacks.set(owner, message_id, said)
    elif not await house.feedbacks.clear(owner, message_id):
        raise InvalidParam("rating: this message has no feedback that null could take back.", params="rating")
    house.guests.note(owner)
    return json(bodies.SUCCESS)


async def feedbacks(house: House, request: Request) -> Response:
    """What all users of the app have said, a page at a time."""
    app = await app_of(house, request)
    query = feedback.parse_feedbacks(query_of(request))
    return json(feedback.page(await house.feedbacks.page(app.card.id, query.page, query.limit)))
