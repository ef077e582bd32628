"""The ASGI app: every route, one envelope for every failure, the headers of every reply (contract 1.2-1.4).

Knows no route from the inside. A reply is never HTML, and never a stack trace.
"""

import logging
import re

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parlour import __version__
from parlour.domain.problems import (
    BadRequest,
    InternalError,
    MethodNotAllowed,
    NotFound,
    Problem,
)
from parlour.http import (
    about,
    admin,
    annotations,
    audio,
    chat,
    completion,
    conversations,
    datasets,
    docs,
    document_files,
    documents,
    feedback,
    files,
    forms,
    later,
    metadata,
    pages,
    people,
    retrieving,
    segments,
    server,
    suggested,
    tags,
    variables,
    workflow_events,
    workflows,
)
from parlour.http.house import House
from parlour.http.rim import TRACED, json
from parlour.wire import errors

log = logging.getLogger(__name__)

EVERY_REPLY = [
    (b"x-version", __version__.encode()),
    (b"x-env", b"PRODUCTION"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"X-Version, X-Env, X-Trace-Id, X-Span-Id, X-Request-Id"),
]
PREFLIGHT = {
    "access-control-allow-methods": "GET, PUT, POST, DELETE, OPTIONS, PATCH",
    "access-control-allow-headers": "Content-Type, Authorization, X-App-Code, X-Trace-Id, X-Trace-Session-Id,"
    " traceparent, Idempotency-Key",
    "access-control-max-age": "600",
}
SLASHES = re.compile(r"//+")


def routes(house: House) -> list[Route]:
    """Every route that there is."""
    return [
        *chat.routes(house),
        *suggested.routes(house),
        *completion.routes(house),
        *conversations.routes(house),
        *files.routes(house),
        *audio.routes(house),
        *variables.routes(house),
        *workflows.routes(house),
        *later.routes(house),
        *workflow_events.routes(house),
        *forms.routes(house),
        *feedback.routes(house),
        *annotations.routes(house),
        *people.routes(house),
        *tags.routes(house),
        *datasets.routes(house),
        *metadata.routes(house),
        *document_files.routes(house),
        *documents.routes(house),
        *segments.routes(house),
        *retrieving.routes(house),
        *admin.routes(house),
        *about.routes(house),
        *docs.routes(),
        *pages.routes(house),
        *server.routes(house),
    ]


def build(house: House) -> ASGIApp:
    """The app that a server serves. Start-up and shut-down are the composition root's, not the app's."""
    router = Router(routes(house), redirect_slashes=False, default=unknown)
    metering = house.metering

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = False

        async def reply(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] += [
                    *EVERY_REPLY,
                    (b"x-request-id", house.new_id().encode()),
                    *scope.get(TRACED, ()),
                ]
                if metering is not None:
                    metering.answered(scope["method"], route_of(scope), message["status"])
            await send(message)

        scope["app"] = app  # makes the router raise its 405 instead of answering it in plain text
        if "//" in scope["path"]:
            scope["path"] = SLASHES.sub("/", scope["path"])  # a base address written with a slash at its end
        if scope["method"] == "OPTIONS":
            await Response(headers=PREFLIGHT)(scope, receive, reply)
            return
        try:
            await router(scope, receive, reply)
        except ClientDisconnect:
            return
        except Exception as error:
            problem = expected(error)
            if problem is None:
                log.exception("a request failed: %s %s", scope["method"], scope["path"])
                problem = InternalError()
            if not started:
                status, body, headers = errors.render(problem, house.profile)
                await json(body, status, headers)(scope, receive, reply)

    return app


def route_of(scope: Scope) -> str:
    """The pattern of the address: what is in it differs from one request to the next."""
    route = scope.get("route")
    return route.path if isinstance(route, Route) else ""


def expected(error: Exception) -> Problem | None:
    """The failure as clients know it; None for one that nobody foresaw."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        known = {404: NotFound("No such address."), 405: MethodNotAllowed()}
        return known.get(error.status_code, BadRequest(error.detail))
    return None


async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive, send
    raise NotFound("No such address.")
