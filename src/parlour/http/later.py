"""Runs that nobody waits for: begun with a 202, and asked about afterwards, or told of by a webhook.

Knows no model and no store.
"""

import asyncio
from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.app import App, WorkflowApp
from parlour.domain.ids import Ids
from parlour.domain.message import Owner
from parlour.domain.problems import InternalError, NotFound, Problem
from parlour.domain.record import Record
from parlour.domain.webhook import Webhook
from parlour.http.house import House
from parlour.http.rim import app_of, json, query_of
from parlour.http.visitors import shared_key
from parlour.runs.deliveries import refused
from parlour.runs.log import RunLog
from parlour.runs.once import retold, run_retold
from parlour.runs.run import Run
from parlour.wire import bodies, queries, workflow_bodies
from parlour.wire.accepted import accepted, outcome
from parlour.wire.body import identifier
from parlour.wire.chat import Asked


def routes(house: House) -> list[Route]:
    return [Route("/v1/runs/{run_id}", partial(show, house), methods=["GET"])]


def addressed(house: House, request: Request, app: App, asked: Asked) -> Asked:
    """With the address that its end is told at, if it is told.

    Raises:
        InvalidParam: it is not told where was asked for. A visitor, who has no key, has no say in it.
    """
    if asked.webhook and (house.deliveries is None or shared_key(request)):
        raise refused()
    address = house.deliveries.address(app.card.name, asked.webhook) if house.deliveries is not None else ""
    return structs.replace(asked, webhook=address)


async def begun(house: House, app: App, asked: Asked, run: Run) -> Response:
    """It goes on; where to ask for it."""
    if asked.webhook and house.deliveries is not None:
        webhook = Webhook(run.ids.lasting, run.owner, app.card.name, asked.webhook, house.now())
        await house.deliveries.owe(webhook, run)
    return json(accepted(run.ids), 202, {"location": f"/v1/runs/{run.ids.lasting}"})


async def ended_as(house: House, webhook: Webhook) -> bytes | None:
    """What a webhook tells of a run that has ended: what is told to who asks. None if nothing is kept of it."""
    app = house.catalogue.get(webhook.app)
    run = await found(house, app, webhook.owner, webhook.run_id) if app is not None else None
    if run is not None and run.task is not None:  # saved, and about to say so
        await asyncio.wait([run.task])
    return None if run is None else told(house, run)


async def show(house: House, request: Request) -> Response:
    """What has become of a run of this user: by its lasting id, or by its task as long as that is known."""
    app = await app_of(house, request)
    owner = Owner(app.card.id, queries.parse_required_user(query_of(request)))
    wanted = identifier(request.path_params["run_id"])
    run = await found(house, app, owner, wanted) if wanted else None
    if run is None:
        raise NotFound("Run not found")
    return json(told(house, run))


async def found(house: House, app: App, owner: Owner, wanted: str) -> Run | None:
    """As it goes on here or has ended not long ago; else as it is kept, whichever process it goes on in."""
    run = house.runs.find(wanted, owner)
    if run is not None and run.record.status != "paused":
        return run
    kept = kept_run if isinstance(app, WorkflowApp) else kept_message
    now = await kept(house, app, owner, wanted if run is None else run.ids.lasting)
    # what was laid aside here may have gone on in another process
    return run if run is not None and now is not None and now.record.status == "paused" else now


async def kept_run(house: House, app: App, owner: Owner, run_id: str) -> Run | None:
    row = await house.workflows.get(app.card.id, run_id)
    if row is None or row.owner != owner:
        return None
    laid = await house.pauses.get(app.card.id, row.id) if row.status == "paused" else None
    if laid is None and row.status in {"running", "paused"}:
        return going(Ids(row.task_id, "", "", int(row.created_at), row.id), owner, app)
    return run_retold(row, laid)


async def kept_message(house: House, app: App, owner: Owner, message_id: str) -> Run | None:
    message = await house.history.message(owner, message_id)
    if message is None:
        return None
    laid = None
    if message.status == "paused":
        asked = await house.forms.of_conversation(app.card.id, message.conversation_id)
        forms = asked.get(message.id, ())
        laid = await house.pauses.get(app.card.id, forms[-1].run_id) if forms else None
    if laid is None and message.status in {"running", "paused"}:
        return going(Ids("", message.id, message.conversation_id, int(message.created_at)), owner, app)
    return retold(message, "", app.mode, laid)


def going(ids: Ids, owner: Owner, app: App) -> Run:
    """One that goes on, in another process."""
    return Run(ids, owner, app.mode, None, RunLog(), Record())


def told(house: House, run: Run) -> bytes:
    problem = run.record.problem or (InternalError() if run.record.status == "failed" else None)
    return outcome(run.ids.lasting, run.record.status, result(run, problem), problem, house.profile)


def result(run: Run, problem: Problem | None) -> bytes | None:
    """What a blocking caller is told; None of a run that goes on, or has failed and is no workflow's."""
    ids, mode, record = run.ids, run.mode, run.record
    if record.status == "running" or isinstance(problem, InternalError):
        return None
    if mode == WorkflowApp.mode:
        return workflow_bodies.blocking(ids, record)
    if problem is not None:
        return None
    return (workflow_bodies.paused if record.status == "paused" else bodies.blocking)(ids, mode, record)
