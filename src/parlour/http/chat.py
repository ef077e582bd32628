"""The routes of a conversation's turns: send, stop, re-attach, and what was said. Knows no model and no store.

The straight line of a chat message begins here; docs/design.md follows it.
"""

from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.app import AgentApp, App, ChatApp, ChatflowApp, WorkflowApp
from parlour.domain.claim import Repeat
from parlour.domain.message import Owner, Page
from parlour.domain.problems import InternalError, NotChatApp, NotFound
from parlour.domain.template import fill
from parlour.http import later
from parlour.http.admission import Admission, admission, nothing
from parlour.http.house import House
from parlour.http.rim import EventStream, app_of, base_of, body_of, json, query_of, traced
from parlour.http.sent_files import addressed, looked_up, sent
from parlour.runs.log import Reader
from parlour.runs.run import Run
from parlour.wire import bodies, chat, errors, queries, repeats, workflow_bodies
from parlour.wire.body import user
from parlour.wire.tracing import tracing


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/chat-messages", partial(send, house), methods=["POST"]),
        Route("/v1/chat-messages/{task_id}/stop", partial(stop, house), methods=["POST"]),
        Route("/v1/messages", partial(messages, house), methods=["GET"]),
        Route("/v1/runs/{task_id}/events", partial(events, house), methods=["GET"]),
    ]


async def send(house: House, request: Request) -> Response:
    """Ask a chat app; the answer as one body, or as events while it is made."""
    app = await app_of(house, request)
    body = await body_of(house, request)
    admit = admission(house, request, app, user(body))
    repeat = repeats.parse(request.headers, body)
    asked = chat.parse(
        body,
        mode=app.mode,
        trace=tracing(request.headers, request.query_params, body),
        admit=admit if repeat is None else nothing,
        agents_block=house.agent_blocking,
    )
    if asked.later:
        asked = later.addressed(house, request, app, asked)
    run = await begun(house, app, asked, repeat, admit)
    traced(house, request, run)
    return await answer(house, app, asked, run)


async def answer(house: House, app: App, asked: chat.Asked, run: Run) -> Response:
    """Tell of the run as was asked for."""
    if asked.later:
        return await later.begun(house, app, asked, run)
    return EventStream(house, run) if asked.ask.streaming else await blocking(house, run)


async def begun(house: House, app: App, asked: chat.Asked, repeat: Repeat | None, admit: Admission) -> Run:
    """The request's run, set going unless it has begun already.

    One with a key has not been admitted yet: it may need no place.
    """
    if repeat is None:
        await admit.together()
        return await begin(house, app, asked)
    return await house.once.run(app, asked.ask.user, repeat, partial(begin, house, app, asked, admit))


async def begin(
    house: House, app: App, asked: chat.Asked, admit: Admission | None = None, repeat: Repeat | None = None
) -> Run:
    """Look up what the request goes on with, hold it against the app, and set its run going.

    `admit`: if it has not been admitted yet.
    """
    if admit is not None:
        admit()
        await admit.together()
    if isinstance(app, ChatflowApp | WorkflowApp):
        app = await house.catalogue.published(app, asked.ask.workflow_id)
    if isinstance(app, ChatflowApp):
        chat.asks_something(asked.ask)
    thread = await house.runs.thread(Owner(app.card.id, asked.ask.user), asked.ask)
    if thread is not None and not isinstance(app, ChatflowApp):  # a chatflow answers as it is now (contract 2.2)
        app = await house.catalogue.pinned(app, thread.conversation.version)
    asked = chat.with_files(asked, app)
    if asked.ask.files:
        asked = structs.replace(asked, ask=await sent(house, app, asked.ask))
    house.runs.check(app)
    first = thread.conversation.inputs if thread is not None else chat.NO_INPUTS
    ask = chat.filled(asked, app, first, strict=house.strict_forms)
    if chat.names_files(ask):
        ask = await looked_up(house, app, ask)
    introduction = fill(app.features.opening_statement, ask.inputs)  # as this caller sees it; no model is sent it
    run = await house.runs.start(app, ask, thread, introduction, repeat)
    house.guests.note(run.owner)
    return run


async def blocking(house: House, run: Run) -> Response:
    """The whole run as one body; a failed one as its error, with the ids that it would else hide (contract 8.8)."""
    await ended(run)
    if run.record.status == "failed":
        ids = bodies.ids(run.ids, run.mode)
        status, body, headers = errors.render(run.record.problem or InternalError(), house.profile, extra=ids)
        return json(body, status, headers)
    if run.record.status == "paused":
        return json(workflow_bodies.paused(run.ids, run.mode, run.record))
    return json(bodies.blocking(run.ids, run.mode, run.record))


async def ended(run: Run) -> None:
    """Wait until all of it is said and saved."""
    reader = Reader(run.log)
    while not reader.done:
        await reader.next()


async def stop(house: House, request: Request) -> Response:
    """End a run of this user; any other task is a silent success (contract 5.1)."""
    app = await app_of(house, request)
    name = user(await body_of(house, request))
    chat_app(app)
    await house.relay.stop(app.card.id, request.path_params["task_id"], name)
    return json(bodies.SUCCESS)


async def messages(house: House, request: Request) -> Response:
    """A conversation's messages, the newest page first."""
    app = chat_app(await app_of(house, request))
    query = queries.parse_messages(query_of(request))
    if not query.conversation_id:
        return json(bodies.messages_page(Page((), has_more=False), query.limit))
    owner = Owner(app.card.id, query.user)
    page = await house.messages.page(owner, query.conversation_id, query.first_id, query.limit)
    if page is None:
        raise NotFound("Conversation Not Exists.")
    ratings = await house.feedbacks.ratings(owner, [message.id for message in page.items])
    asked = bodies.UNASKED
    if isinstance(app, ChatflowApp):
        asked = await house.forms.of_conversation(app.card.id, query.conversation_id)
    shown = await addressed(house, page, base_of(house, request))
    return json(bodies.messages_page(shown, query.limit, ratings, asked))


async def events(house: House, request: Request) -> Response:
    """The events of a run from position `after` on: for its own user, also a while after it has finished."""
    app = await app_of(house, request)
    query = queries.parse_events(query_of(request))
    run = await house.relay.find(request.path_params["task_id"], Owner(app.card.id, query.user))
    if run is None:
        raise NotFound("Run not found")
    return EventStream(house, run, position=query.after)


def chat_app(app: App) -> ChatApp | AgentApp | ChatflowApp:
    if not isinstance(app, ChatApp | AgentApp | ChatflowApp):
        raise NotChatApp
    return app
