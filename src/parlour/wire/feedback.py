"""Feedback on answers: the opinion of a user, and an app's list of them (contract 5.6).

Does not know whether the message is there, nor whose it is.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parlour.domain.feedback import Feedback, Rating
from parlour.domain.people import end_user_id
from parlour.domain.problems import InvalidParam
from parlour.wire import body as read
from parlour.wire.bodies import Success
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.queries import PageNumber, whole
from parlour.wire.times import moment

RATINGS: Mapping[object, Rating] = {"like": "like", "dislike": "dislike"}


class OpinionRequest(Struct):
    """What a user thinks of an answer."""

    user: Annotated[str | int, Meta(description="Your own name for your user.")]
    rating: Annotated[Rating | None, Meta(description="Null takes back what was said before.")] = None
    content: Annotated[str | None, Meta(description="What the user has to say about it.")] = None


class FeedbacksQuery(Struct, frozen=True):
    """A page of an app's feedback."""

    page: PageNumber = 1
    limit: Annotated[int, Meta(ge=1, le=101, description="How many to send at the most.")] = 20


class FeedbackItem(Struct):
    """One opinion. Its times are in ISO 8601, unlike all others."""

    id: str
    app_id: str
    conversation_id: str
    message_id: str
    rating: Rating
    content: str | None
    from_source: Literal["user", "admin"]
    from_end_user_id: str | None
    from_account_id: str | None
    created_at: datetime
    updated_at: datetime


class FeedbacksPage(Struct):
    """Newest first."""

    data: tuple[FeedbackItem, ...]


class Opinion(Struct, frozen=True):
    """A valid request."""

    user: str
    rating: Rating | None
    content: str | None


OPERATIONS = (
    Operation(
        method="post",
        path="/v1/messages/{message_id}/feedbacks",
        id="judgeMessage",
        summary="Say what the user thinks of an answer, or take it back",
        tag="Feedback",
        request=OpinionRequest,
        response=Success,
    ),
    Operation(
        method="get",
        path="/v1/app/feedbacks",
        id="listFeedback",
        summary="List what all users of the app have said",
        tag="Feedback",
        query=FeedbacksQuery,
        response=FeedbacksPage,
    ),
)


def parse_opinion(body: Mapping[str, object]) -> Opinion:
    """Raises: InvalidParam, naming the member."""
    user = read.user(body)
    rating = body.get("rating")
    if rating is not None and (not isinstance(rating, str) or rating not in RATINGS):
        raise InvalidParam('rating: must be "like", "dislike" or null.', params="rating")
    return Opinion(
        user=user,
        rating=None if rating is None else RATINGS[rating],
        content=None if body.get("content") is None else read.text(body, "content"),
    )


def parse_feedbacks(query: Mapping[str, str]) -> FeedbacksQuery:
    """Raises: InvalidParam, naming the parameter."""
    return FeedbacksQuery(
        page=whole(query, "page", default=1, least=1), limit=whole(query, "limit", default=20, least=1, most=101)
    )


def page(found: tuple[Feedback, ...]) -> bytes:
    return encode(FeedbacksPage(tuple(_item(one) for one in found)))


def _item(feedback: Feedback) -> FeedbackItem:
    return FeedbackItem(
        id=feedback.id,
        app_id=feedback.owner.app_id,
        conversation_id=feedback.conversation_id,
        message_id=feedback.message_id,
        rating=feedback.rating,
        content=feedback.content,
        from_source="user",
        from_end_user_id=end_user_id(feedback.owner),
        from_account_id=None,
        created_at=moment(feedback.created_at),
        updated_at=moment(feedback.updated_at),
    )
