"""The events of a run of a graph, for its own user: from now on, across its pauses, and its end (contract 5.10).

Knows no model and no store.
"""

from functools import partial

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from parlour.domain.app import ChatflowApp, WorkflowApp
from parlour.domain.events import AnyEvent, NodeOutcome, WorkflowPaused
from parlour.domain.ids import Ids
from parlour.domain.message import Owner
from parlour.domain.problems import NotFound
from parlour.domain.workflow_run import LaidAside, WorkflowRun
from parlour.http.house import House
from parlour.http.rim import Events, Telling, app_of, query_of
from parlour.runs import telling
from parlour.runs.following import Following
from parlour.runs.log import Reader, RunLog
from parlour.runs.run import Run
from parlour.wire import forms, workflows
from parlour.wire.body import identifier
from parlour.wire.sse import Frames

UNFINISHED = {"paused", "running"}


def routes(house: House) -> list[Route]:
    return [Route("/v1/workflow/{workflow_run_id}/events", partial(events, house), methods=["GET"])]


async def events(house: House, request: Request) -> Response:
    """What a run of this user says."""
    app = await app_of(house, request)
    asked = forms.parse_events(query_of(request))
    workflows.check_mode(app.mode, workflows.RECORDED)
    run_id = identifier(request.path_params["workflow_run_id"])
    row = await house.workflows.get(app.card.id, run_id) if run_id else None
    if row is None or row.owner != Owner(app.card.id, asked.user):
        raise NotFound("Workflow run not found")
    kept = Kept(row)
    if asked.include_state_snapshot:
        kept = Kept(row, await house.executions.of_run(row.id), await house.pauses.get(app.card.id, row.id))
    return FlowEvents(house, kept, asked)


class Kept(Struct, frozen=True):
    """What is written down of a run."""

    row: WorkflowRun
    outcomes: tuple[NodeOutcome, ...] = ()
    laid: LaidAside | None = None

    def ids(self, task_id: str) -> Ids:
        row = self.row
        return Ids(task_id, row.message_id, row.conversation_id, int(row.created_at), row.id)

    @property
    def mode(self) -> str:
        return ChatflowApp.mode if self.row.message_id else WorkflowApp.mode

    def pause(self, run: Run | None) -> WorkflowPaused | None:
        """What it waits for."""
        if run is not None:
            return run.record.paused
        return None if self.laid is None else telling.paused(self.laid)


class FlowEvents(Response):
    """The stream of one client. What it is to hear is told by what the run does when the stream begins."""

    def __init__(self, house: House, kept: Kept, asked: forms.FlowEventsQuery) -> None:
        self.house = house
        self.kept = kept
        self.asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task_id, first, reader = await self._plan()
        encode = Frames(self.kept.ids(task_id), self.kept.mode, self.house.profile).encode
        try:
            await Telling(self.house.ping_seconds, encode, reader, tuple(first)).send(scope, receive, send)
        finally:
            if isinstance(reader, Following):
                reader.leave()

    async def _plan(self) -> tuple[str, list[AnyEvent], Events]:
        """Under which task it is told, what of the past comes first, and what is read then."""
        row, through = self.kept.row, self.asked.continue_on_pause
        run = await self.house.relay.find(row.task_id, row.owner)
        if run is not None and run.record.status == "paused" and row.status not in UNFINISHED:
            run = None  # it has gone on in another process, to its end
        going = run is not None and not run.log.finished
        status = row.status if run is None else run.record.status
        waits = not going and status in UNFINISHED
        if not going and not waits:
            return self._ended(run)
        first = self._snapshot(run, waits=waits) if self.asked.include_state_snapshot else []
        if waits and first and not through:
            return row.task_id, first, nothing_more()
        at = 0
        if going and run is not None:
            # who has just sent a form is to miss nothing of what comes of it
            at = len(run.log) if first or run.resumed_at is None else run.resumed_at
        return row.task_id, first, self._following(run if going else None, at, through=through)

    def _ended(self, run: Run | None) -> tuple[str, list[AnyEvent], Events]:
        """A run that is over: its end, under its own name; all since its last pause, if nobody has heard that yet."""
        row = self.kept.row
        if run is not None and run.resumed_at is not None and not run.heard:
            return row.task_id, [], self._following(run, run.resumed_at, through=False)
        closing = None if run is None else run.record.closing
        return row.id, [closing or telling.finished(row)], nothing_more()

    def _following(self, run: Run | None, at: int, *, through: bool) -> Following:
        return Following(self.house.resumptions, self.kept.row.id, run, at, through=through)

    def _snapshot(self, run: Run | None, *, waits: bool) -> list[AnyEvent]:
        """What it has done so far, and what it waits for."""
        kept = self.kept
        told = list(telling.so_far(kept.row, kept.outcomes, () if run is None else run.log.events))
        pause = kept.pause(run) if waits else None
        return told if pause is None else [*told, *pause.reasons, pause]


def nothing_more() -> Reader:
    log = RunLog()
    log.finished = True
    return Reader(log)
