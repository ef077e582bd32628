"""Visitors of a page: the short-lived token by which a browser asks one app, as one user, without a key.

A token says its app, its user and its end, and carries this server's mark, so that nothing is kept of it. It opens the
routes of `OPEN` and no others: those whose every answer is the user's own. Knows no page and no store.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from typing import TypeVar, cast

from msgspec import DecodeError, Struct, json
from starlette.requests import Request

from parlour.domain.problems import Forbidden, Unauthorized
from parlour.http.auth import token_of
from parlour.http.house import House
from parlour.http.signing import Signer
from parlour.wire.body import DEFAULT_USER

VALID_SECONDS = 900
PREFIX = "visitor-"
SEEN = "parlour.visitor"
"""Where a request holds who its visitor is."""

OPEN = frozenset(
    {
        "GET /v1/info",
        "GET /v1/parameters",
        "GET /v1/meta",
        "GET /v1/site",
        "POST /v1/chat-messages",
        "POST /v1/chat-messages/{task_id}/stop",
        "POST /v1/completion-messages",
        "POST /v1/completion-messages/{task_id}/stop",
        "POST /v1/workflows/run",
        "POST /v1/workflows/tasks/{task_id}/stop",
        "GET /v1/workflow/{workflow_run_id}/events",
        "GET /v1/runs/{task_id}/events",
        "GET /v1/messages",
        "GET /v1/messages/{message_id}/suggested",
        "POST /v1/messages/{message_id}/feedbacks",
        "GET /v1/conversations",
        "POST /v1/conversations/{conversation_id}/name",
        "DELETE /v1/conversations/{conversation_id}",
        "POST /v1/files/upload",
        "POST /v1/text-to-audio",
        "POST /v1/audio-to-text",
        "GET /v1/form/human_input/{form_token}",
        "POST /v1/form/human_input/{form_token}",
    }
)

Members = TypeVar("Members", dict[str, object], dict[str, str])


class Visitor(Struct, frozen=True, array_like=True):
    """Whom a token speaks for."""

    app: str
    """The app's name."""
    user: str
    until: int
    """Seconds since 1970."""


def user_name(signer: Signer, app: str, cookie: str) -> str:
    """The user that a browser with this cookie is, to this app. The cookie cannot be told from it."""
    return "web-" + signer.mark(f"user|{app}|{cookie}")[:22]


def token(signer: Signer, visitor: Visitor) -> str:
    said = urlsafe_b64encode(json.encode(visitor)).decode().rstrip("=")
    return f"{PREFIX}{said}.{signer.mark(f'visitor|{said}')}"


def visitor_of(house: House, request: Request, authorization: str) -> Visitor | None:
    """Who sends a visitor's token; None for every other token.

    Raises:
        Unauthorized: there is none, it is not one of ours, it is too old, or its app has no page any more.
        Forbidden: the route is not for visitors.
    """
    sent = token_of(authorization)
    if not sent.startswith(PREFIX):
        return None
    said, _, mark = sent.removeprefix(PREFIX).partition(".")
    if not hmac.compare_digest(house.signer.mark(f"visitor|{said}").encode(), mark.encode()):
        raise Unauthorized("Access token is invalid")
    try:
        visitor = json.decode(urlsafe_b64decode(said + "=" * (-len(said) % 4)), type=Visitor)
    except (Error, DecodeError):
        raise Unauthorized("Access token is invalid") from None
    if visitor.until <= house.now() or visitor.app not in house.pages.apps:
        raise Unauthorized("Access token is invalid")
    if f"{request.method} {request.scope['route'].path}" not in OPEN:
        raise Forbidden("A visitor's token does not open this route; use the app's key.")
    request.scope[SEEN] = visitor
    return visitor


def bound(request: Request, members: Members) -> Members:
    """The members of a visitor's request, with the user that his token is for; of any other, as they are.

    Raises:
        Forbidden: they name another user.
    """
    visitor = cast("Visitor | None", request.scope.get(SEEN))
    if visitor is None:
        return members
    named = cast("Mapping[str, object]", members).get("user")
    return members | {"user": allowed(visitor, str(named or ""))}


def user_of(request: Request, named: str) -> str:
    """The same for the user that a form names."""
    visitor = cast("Visitor | None", request.scope.get(SEEN))
    return named if visitor is None else allowed(visitor, "" if named == DEFAULT_USER else named)


def allowed(visitor: Visitor, named: str) -> str:
    if named not in {"", visitor.user}:
        raise Forbidden("A visitor's token is for its own user only.")
    return visitor.user


def shared_key(request: Request) -> str:
    """What stands for a key where keys are counted: all visitors of an app have one together. Empty for no visitor."""
    visitor = cast("Visitor | None", request.scope.get(SEEN))
    return f"visitors of {visitor.app}" if visitor else ""
