"""The routes of workflow apps: run, stop, and how runs went. Knows no model and no store.

A run goes as a chat's does, without a conversation. What it came to is its app's, not its user's (contract 5.10).
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.problems import InternalError, NotFound
from parlour.http import later
from parlour.http.admission import admission, nothing
from parlour.http.chat import begun, ended
from parlour.http.house import House
from parlour.http.rim import EventStream, app_of, body_of, json, query_of, traced
from parlour.http.visitors import shared_key
from parlour.runs.run import Run
from parlour.wire import bodies, queries, repeats, workflow_bodies, workflows
from parlour.wire.body import user
from parlour.wire.tracing import tracing


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/workflows/run", partial(start, house), methods=["POST"]),
        Route("/v1/workflows/{workflow_id}/run", partial(start, house), methods=["POST"]),
        Route("/v1/workflows/tasks/{task_id}/stop", partial(stop, house), methods=["POST"]),
        Route("/v1/workflows/{task_id}/stop", partial(stop, house), methods=["POST"]),  # where older clients look
        Route("/v1/workflows/run/{workflow_run_id}", partial(detail, house), methods=["GET"]),
        Route("/v1/workflows/logs", partial(logs, house), methods=["GET"]),
    ]


async def start(house: House, request: Request) -> Response:
    """Run an app's latest version, or the one that the path names; its end as one body, or its events."""
    app = await app_of(house, request)
    body = await body_of(house, request)
    version = request.path_params.get("workflow_id")
    admit = admission(house, request, app, user(body))
    repeat = repeats.parse(request.headers, body if version is None else {**body, "workflow_id": version})
    asked = workflows.parse(
        body,
        mode=app.mode,
        version=version,
        trace=tracing(request.headers, request.query_params, body),
        admit=admit if repeat is None else nothing,
    )
    if asked.later:
        asked = later.addressed(house, request, app, asked)
    run = await begun(house, app, asked, repeat, admit)
    traced(house, request, run)
    if asked.later:
        return await later.begun(house, app, asked, run)
    return EventStream(house, run) if asked.ask.streaming else await blocking(run)


async def blocking(run: Run) -> Response:
    """The whole run as one body. A graph that failed is no failed request (contract 3.3)."""
    await ended(run)
    if isinstance(run.record.problem, InternalError):
        raise run.record.problem
    return json(workflow_bodies.blocking(run.ids, run.record))


async def stop(house: House, request: Request) -> Response:
    """End a run of this app, whoever began it; any other task is a silent success (contract 5.1). A visitor of a page
    ends only his own."""
    app = await app_of(house, request)
    name = user(await body_of(house, request))
    workflows.check_mode(app.mode, workflows.RUNNING)
    await house.relay.stop(app.card.id, request.path_params["task_id"], name if shared_key(request) else None)
    return json(bodies.SUCCESS)


async def detail(house: House, request: Request) -> Response:
    """How a run of this app went."""
    app = await app_of(house, request)
    workflows.check_mode(app.mode, workflows.RECORDED)
    run = await house.workflows.get(app.card.id, queries.path_uuid(request.path_params["workflow_run_id"]))
    if run is None:
        raise NotFound("Workflow run not found")
    return json(workflow_bodies.detail(run))


async def logs(house: House, request: Request) -> Response:
    """The app's runs, a page at a time."""
    app = await app_of(house, request)
    workflows.check_mode(app.mode, workflows.RECORDED)
    asked = workflows.parse_logs(query_of(request))
    return json(workflow_bodies.logs(await house.workflows.page(app.card.id, asked), asked))
