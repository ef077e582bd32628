"""The operator's routes: all runs and conversations, figures, and the forgetting of a user. Knows no store.

An operator's key opens them, and nothing else does; where the operator has not switched them on, they are not there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from parlour.domain.app import FlowApp
from parlour.domain.events import AnyEvent, RunFinished
from parlour.domain.message import Message, Owner, Page
from parlour.domain.oversight import AnyRun, Erased, Sought
from parlour.domain.problems import NotFound
from parlour.domain.workflow_run import Level
from parlour.dsl.heading import app_id
from parlour.http.house import House, Operator
from parlour.http.rim import Telling, json, left, query_of
from parlour.ports.oversight import Oversight
from parlour.runs.erasing import erase
from parlour.runs.log import Reader, RunLog
from parlour.runs.recording import kept, outcomes_of
from parlour.wire import admin, admin_runs
from parlour.wire.queries import path_uuid

Handler = Callable[[House, Operator, Request], Awaitable[Response]]

PAGE = 100
"""Messages that an export holds in memory at a time."""


def routes(house: House) -> list[Route]:
    operator = house.operator
    if operator is None:
        return []
    runs, talks = "/v1/admin/runs", "/v1/admin/conversations"
    handlers = {
        "/v1/admin/apps": apps,
        runs: list_runs,
        f"{runs}/{{run_id}}": run_whole,
        f"{runs}/{{run_id}}/events": run_events,
        talks: list_conversations,
        f"{talks}/export": export,
        "/v1/admin/messages": list_messages,
        "/v1/admin/statistics": statistics,
    }
    found = [
        Route(path, partial(opened, handler, house, operator), methods=["GET"]) for path, handler in handlers.items()
    ]
    return [*found, Route("/v1/admin/end-users", partial(opened, forget, house, operator), methods=["DELETE"])]


async def opened(handler: Handler, house: House, operator: Operator, request: Request) -> Response:
    """What every one of them does first."""
    await let_in(house, request)
    return await handler(house, operator, request)


async def let_in(house: House, request: Request) -> None:
    """
    Raises:
        Unauthorized: the request's key is no operator's.
    """
    await house.keyring.open(request.headers.get("authorization", ""), "admin")


def names_of(house: House) -> dict[str, str]:
    return {app.card.id: app.card.name for app in house.catalogue.all()}


async def apps(house: House, operator: Operator, request: Request) -> Response:
    """The apps that are served."""
    del operator, request
    return json(admin.apps(house.catalogue.all()))


async def list_runs(house: House, operator: Operator, request: Request) -> Response:
    """Runs, a page at a time."""
    asked = admin.parse_runs(query_of(request), app_id)
    return json(admin_runs.runs(await operator.oversight.runs(asked), asked.limit, names_of(house)))


async def run_whole(house: House, operator: Operator, request: Request) -> Response:
    """One run: with its graph and what its nodes did, with what was asked and answered, or with both."""
    run, names = await run_of(operator, request), names_of(house)
    level = operator.level(names.get(run.owner.app_id, ""))
    if isinstance(run, Message):
        return json(admin_runs.detail(run, None, (), run, level, names))
    app = await house.catalogue.of_version(run.owner.app_id, run.version)
    graph = app.graph if isinstance(app, FlowApp) else None
    message = await house.history.message(run.owner, run.message_id) if run.message_id else None
    return json(admin_runs.detail(run, graph, await house.executions.of_run(run.id), message, level, names))


async def run_events(house: House, operator: Operator, request: Request) -> Response:
    """What happens in a run, from its start: as much of it as is recorded."""
    row = await run_of(operator, request)
    answers = isinstance(row, Message)
    run = await house.relay.find(row.task_id, row.owner)
    level = operator.level(names_of(house).get(row.owner.app_id, ""))
    return News(house.ping_seconds, over() if run is None else run.log, level, answers=answers or bool(row.message_id))


async def run_of(operator: Operator, request: Request) -> AnyRun:
    """The run that the path names."""
    found = await operator.oversight.run(path_uuid(request.path_params["run_id"]))
    if found is None:
        raise NotFound("Workflow run not found")
    return found


def over() -> RunLog:
    """Of a run of which nothing is known but its row."""
    log = RunLog()
    log.append(RunFinished("stopped"))
    return log


class News(Response):
    """The stream of one operator, until the run is over or waits for somebody."""

    def __init__(self, ping_seconds: float, log: RunLog, level: Level, *, answers: bool) -> None:
        self.ping_seconds = ping_seconds
        self.log = log
        self.level: Level = level
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Telling(self.ping_seconds, self._encode, Reader(self.log)).send(scope, receive, send)

    def _encode(self, event: AnyEvent) -> bytes:
        outcome = next((kept(one, self.level) for one in outcomes_of([event])), None)
        return admin_runs.news(event, outcome, self.level, answers=self.answers)


async def list_conversations(house: House, operator: Operator, request: Request) -> Response:
    """Conversations, a page at a time."""
    asked = admin.parse_messages(query_of(request), app_id)
    return json(admin.conversations(await operator.oversight.conversations(asked), asked.limit, names_of(house)))


async def list_messages(house: House, operator: Operator, request: Request) -> Response:
    """Messages of any conversation, a page at a time."""
    asked = admin.parse_messages(query_of(request), app_id)
    return json(admin.messages(await operator.oversight.messages(asked), asked.limit, names_of(house)))


async def export(house: House, operator: Operator, request: Request) -> Response:
    """Messages as lines of JSON, the newest first; what is asked of each line is in memory for a page at a time."""
    asked = structs.replace(admin.parse_messages(query_of(request), app_id), last_id="", limit=PAGE)
    first = await operator.oversight.messages(asked)
    return Lines(operator.oversight, asked, first, names_of(house))


class Lines(Response):
    """Pages of messages, each read when the one before it is on its way."""

    def __init__(self, oversight: Oversight, asked: Sought, first: Page[Message], names: admin.Names) -> None:
        self.oversight = oversight
        self.asked = asked
        self.first = first
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        headers = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        leaving = asyncio.get_running_loop().create_task(left(receive))
        page = self.first
        try:
            while not leaving.done():
                more = page.has_more
                await send({"type": "http.response.body", "body": admin.lines(page, self.names), "more_body": more})
                if not more:
                    return
                page = await self.oversight.messages(structs.replace(self.asked, last_id=page.items[-1].id))
        finally:
            leaving.cancel()


async def statistics(house: House, operator: Operator, request: Request) -> Response:
    """Figures over time, by app."""
    asked = admin.parse_statistics(query_of(request), app_id, house.now())
    return json(admin.statistics(await operator.oversight.statistics(asked), asked, names_of(house)))


async def forget(house: House, operator: Operator, request: Request) -> Response:
    """Delete a user, with all that was said and run, in one app or in all that are served."""
    asked = admin.parse_erase(query_of(request))
    gone = Erased()
    for one in [app_id(asked.app)] if asked.app else names_of(house):
        owner = Owner(one, asked.user)
        await house.guests.forget(owner)
        gone += await erase(operator.erasure, operator.retention, house.blobs, house.relay.forget, owner)
    return json(admin.erased(gone))
