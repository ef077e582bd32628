"""The operator's API: what is asked of it, and its lists and figures. Not in the contract: an addition.

The structs are what is sent and what the API's description is made from. Does not know where the values come from.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, get_args

from msgspec import Meta, Struct

from parlour.domain.app import App
from parlour.domain.events import AgentThought, Citation, RunStatus
from parlour.domain.files import Attachment
from parlour.domain.message import Conversation, Message, MessageStatus, Page
from parlour.domain.oversight import Erased, Figures, Quantiles, Sought, Span, Statistics
from parlour.domain.problems import InvalidParam
from parlour.wire import body as read
from parlour.wire.encode import encode
from parlour.wire.flow_values import shown
from parlour.wire.queries import Limit, Moment, limit_of, moment, whole, word

DAY = 24 * 3600
MOST_STEPS = 400

Names = Mapping[str, str]
"""Of the apps that are served, by their ids."""
IdOf = Callable[[str], str]
"""The id of the app of a name."""

AppName = Annotated[str, Meta(description="Only those of the app of this name.")]
UserName = Annotated[str, Meta(description="Only those of this user of yours.")]
LastId = Annotated[str, Meta(description="The last entry of the page before.")]
After = Annotated[Moment, Meta(description="Only what began then, or later (ISO 8601).")]
Before = Annotated[Moment, Meta(description="Only what began then, or earlier (ISO 8601).")]
Time = Annotated[float, Meta(description="Seconds since 1970, with their fractions.")]


class AdminRunsQuery(Struct, frozen=True):
    """A page of runs, of all apps and users."""

    app: AppName = ""
    user: UserName = ""
    status: Annotated[RunStatus | None, Meta(description="Only those that stand so.")] = None
    created_at__after: After = None
    created_at__before: Before = None
    last_id: LastId = ""
    limit: Limit = 20


class AdminConversationsQuery(Struct, frozen=True):
    """A page of conversations, of all apps and users."""

    app: AppName = ""
    user: UserName = ""
    created_at__after: After = None
    created_at__before: Before = None
    last_id: LastId = ""
    limit: Limit = 20


class AdminMessagesQuery(Struct, frozen=True):
    """A page of messages, of all apps and users."""

    app: AppName = ""
    user: UserName = ""
    conversation_id: Annotated[str, Meta(description="Only those of this conversation.")] = ""
    status: Annotated[MessageStatus | None, Meta(description="Only those that stand so.")] = None
    created_at__after: After = None
    created_at__before: Before = None
    last_id: LastId = ""
    limit: Limit = 20


class AdminExportQuery(Struct, frozen=True):
    """Which messages are written out."""

    app: AppName = ""
    user: UserName = ""
    created_at__after: After = None
    created_at__before: Before = None


class AdminStatisticsQuery(Struct, frozen=True):
    """Over which time, and how finely."""

    app: AppName = ""
    created_at__after: Annotated[Moment, Meta(description="From when on; a day before the end, if it is not said.")] = (
        None
    )
    created_at__before: Annotated[Moment, Meta(description="Up to when, that moment left out; by default now.")] = None
    step: Annotated[int, Meta(ge=1, description=f"Seconds of one step; there may be {MOST_STEPS} of them.")] = 3600


class EraseQuery(Struct, frozen=True):
    """Who is forgotten."""

    user: Annotated[str, Meta(description="Your own name for your user.")]
    app: Annotated[str, Meta(description="In this app alone; in every app that is served, if it is not said.")] = ""


class AdminApp(Struct):
    """An app that is served."""

    id: str
    name: Annotated[str, Meta(description="The operator's name for it.")]
    title: Annotated[str, Meta(description="The name in its file.")]
    mode: str
    version: str


class AdminApps(Struct):
    """The apps that are served."""

    data: tuple[AdminApp, ...]


class AdminConversation(Struct):
    """A conversation."""

    id: str
    app_id: str
    app: str
    user: str
    name: str
    inputs: dict[str, object]
    introduction: str
    workflow_id: Annotated[str, Meta(description="The version of the app that it began with.")]
    created_at: Time
    updated_at: Time


class AdminConversations(Struct):
    """The newest first."""

    limit: int
    has_more: bool
    data: tuple[AdminConversation, ...]


class AdminMessage(Struct):
    """A message: a question and its answer."""

    id: str
    conversation_id: str
    parent_message_id: str
    app_id: str
    app: str
    user: str
    inputs: dict[str, object]
    query: str
    answer: str
    status: MessageStatus
    error: str | None
    usage: dict[str, object]
    files: tuple[Attachment, ...]
    citations: tuple[Citation, ...]
    thoughts: tuple[AgentThought, ...]
    created_at: Time


class AdminMessages(Struct):
    """The newest first."""

    limit: int
    has_more: bool
    data: tuple[AdminMessage, ...]


class AdminFigures(Struct):
    """What one app did in one step."""

    at: Annotated[float, Meta(description="When the step begins: seconds since 1970.")]
    app_id: str
    app: str
    requests: Annotated[int, Meta(description="Messages, and runs of workflows.")]
    errors: int
    tokens: int
    cost: Annotated[dict[str, float], Meta(description="By currency.")]
    latency: Annotated[Quantiles, Meta(description="From the request to the end of its answer, in seconds.")]
    first_token: Annotated[Quantiles, Meta(description="From the request to the first piece of its answer.")]


class AdminStatistics(Struct):
    """Steps in which nothing was are left out."""

    since: Time
    until: Time
    step: float
    complete: Annotated[
        bool, Meta(description="Whether times are told from all requests; if not, from an even sample.")
    ]
    data: Annotated[tuple[AdminFigures, ...], Meta(description="By step and app.")]
    whole: Annotated[tuple[AdminFigures, ...], Meta(description="The whole time, by app.")]


class ErasedBody(Struct):
    """What has gone."""

    conversations: int
    messages: int
    runs: int
    files: int
    keys: Annotated[int, Meta(description="Of requests that might have come again.")]
    users: Annotated[int, Meta(description="In how many apps the user was known.")]


def parse_runs(query: Mapping[str, str], id_of: IdOf) -> Sought:
    """Raises: InvalidParam, naming the parameter."""
    return _sought(query, id_of, get_args(RunStatus))


def parse_messages(query: Mapping[str, str], id_of: IdOf) -> Sought:
    """Of conversations, too. Raises: InvalidParam, naming the parameter."""
    return _sought(query, id_of, get_args(MessageStatus))


def parse_statistics(query: Mapping[str, str], id_of: IdOf, now: float) -> Span:
    """Raises: InvalidParam, naming the parameter."""
    until = moment(query, "created_at__before")
    until = now if until is None else until
    since = moment(query, "created_at__after")
    since = until - DAY if since is None else since
    step = whole(query, "step", default=3600, least=1)
    if since >= until:
        raise InvalidParam("created_at__after: must be earlier than created_at__before.", params="created_at__after")
    if (until - since) / step > MOST_STEPS:
        raise InvalidParam(
            f"step: that would be more than {MOST_STEPS} steps; make them longer, or the time shorter.", params="step"
        )
    return Span(since, until, float(step), _app(query, id_of))


def parse_erase(query: Mapping[str, str]) -> EraseQuery:
    """Raises: InvalidParam, where nobody is named."""
    return EraseQuery(read.user(query), query.get("app", ""))


def _sought(query: Mapping[str, str], id_of: IdOf, statuses: tuple[str, ...]) -> Sought:
    return Sought(
        app_id=_app(query, id_of),
        user=query.get("user") or None,
        status=word(query, "status", statuses) or None,
        conversation_id=read.uuid(query, "conversation_id") or None,
        before=moment(query, "created_at__before"),
        after=moment(query, "created_at__after"),
        last_id=read.uuid(query, "last_id"),
        limit=limit_of(query),
    )


def _app(query: Mapping[str, str], id_of: IdOf) -> str | None:
    return id_of(query["app"]) if query.get("app") else None


def apps(served: Iterable[App]) -> bytes:
    found = (AdminApp(app.card.id, app.card.name, app.card.title, app.mode, app.card.version) for app in served)
    return encode(AdminApps(tuple(found)))


def conversations(page: Page[Conversation], limit: int, names: Names) -> bytes:
    found = (
        AdminConversation(
            one.id,
            one.owner.app_id,
            names.get(one.owner.app_id, ""),
            one.owner.user,
            one.name,
            _object(one.inputs),
            one.introduction,
            one.version,
            one.created_at,
            one.updated_at,
        )
        for one in page.items
    )
    return encode(AdminConversations(limit, page.has_more, tuple(found)))


def messages(page: Page[Message], limit: int, names: Names) -> bytes:
    return encode(AdminMessages(limit, page.has_more, tuple(_message(one, names) for one in page.items)))


def lines(page: Page[Message], names: Names) -> bytes:
    """One line of JSON for each."""
    return b"".join(encode(_message(one, names)) + b"\n" for one in page.items)


def _message(message: Message, names: Names) -> AdminMessage:
    return AdminMessage(
        message.id,
        message.conversation_id,
        message.parent_id,
        message.owner.app_id,
        names.get(message.owner.app_id, ""),
        message.owner.user,
        _object(message.inputs),
        message.query,
        message.answer,
        message.status,
        message.error,
        message.usage.members(),
        message.files,
        message.citations,
        message.thoughts,
        message.created_at,
    )


def statistics(found: Statistics, asked: Span, names: Names) -> bytes:
    def told(some: tuple[Figures, ...]) -> tuple[AdminFigures, ...]:
        return tuple(
            AdminFigures(
                asked.since + one.place * asked.step,
                one.app_id,
                names.get(one.app_id, ""),
                one.requests,
                one.errors,
                one.tokens,
                one.cost,
                one.latency,
                one.first_token,
            )
            for one in some
        )

    return encode(
        AdminStatistics(asked.since, asked.until, asked.step, found.complete, told(found.steps), told(found.whole))
    )


def erased(gone: Erased) -> bytes:
    return encode(ErasedBody(gone.conversations, gone.messages, gone.runs, gone.files, gone.keys, gone.users))


def _object(values: Mapping[str, object]) -> dict[str, object]:
    return {name: shown(value) for name, value in values.items()}
