"""POST /chat-messages: a JSON object to an `Ask` (contract 2.1-2.7), in the order of errors of 1.6.

Does not know whether the conversation, the uploads or the version of a workflow that it names exist.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, cast

from msgspec import Meta, Struct, structs

from parlour.domain.app import App, ChatflowApp
from parlour.domain.files import FileRef
from parlour.domain.ids import NIL
from parlour.domain.problems import BadRequest, InvalidParam, MalformedWorkflowId, NotChatApp
from parlour.domain.turn import Ask
from parlour.wire import body as read
from parlour.wire import files, form
from parlour.wire.tracing import UNTRACED, TraceId, TraceSessionId, Tracing

CONVERSING = frozenset({"chat", "agent-chat", "advanced-chat", "agent"})
"""The modes that have conversations (contract 2.7)."""

NO_INPUTS: Mapping[str, object] = {}


_ADDRESS = re.compile(
    r"(?=.{1,2000}\Z)https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:[/?][!-~]*)?",
    re.IGNORECASE,
)
"""Strict, so that nobody who reads it finds another host in it than somebody else."""


class FileMapping(Struct):
    """A file sent with a message: by address (`remote_url`), or by the id of an upload (`local_file`)."""

    type: Literal["image", "document", "audio", "video", "custom"]
    transfer_method: Literal["remote_url", "local_file"]
    url: Annotated[str | None, Meta(description="For `remote_url`: where the file is, http or https.")] = None
    upload_file_id: Annotated[str | None, Meta(description="For `local_file`: the id of an earlier upload.")] = None


ResponseMode = Literal["", "blocking", "streaming", "async"]

WebhookUrl = Annotated[
    str | None,
    Meta(
        description="With `response_mode` `async`: where the end of the run is told by a signed webhook, if the app's"
        " operator allows it. An addition."
    ),
]


class ChatRequest(Struct):
    """A message to an app. Members that are not listed are ignored."""

    query: Annotated[str, Meta(min_length=1, description="What the user says.")]
    user: Annotated[
        str | int,
        Meta(description="Your own name for your user. Conversations can be seen only by the user who began them."),
    ]
    inputs: Annotated[
        dict[str, object] | None,
        Meta(description="Values for the variables of the app's form, with every message. Other names are dropped."),
    ] = {}
    response_mode: Annotated[
        Literal["blocking", "streaming", "async"] | None,
        Meta(
            description="`blocking` (the default) waits for the whole answer; `streaming` sends server-sent events;"
            " `async` (an addition) answers 202 at once, and `GET /v1/runs/{run_id}` tells what becomes of it."
        ),
    ] = None
    conversation_id: Annotated[
        str | None, Meta(description="The UUID of a conversation to continue; absent, null or empty opens a new one.")
    ] = None
    parent_message_id: Annotated[
        str | None,
        Meta(
            description="The UUID of the message of this conversation that this one follows: the model sees that one"
            " and those that led to it. Absent, null, empty or the nil UUID: the newest message;"
            " the conversation_id: none, as of a first message. An addition."
        ),
    ] = None
    files: Annotated[
        list[FileMapping] | None, Meta(description="Files of this message; ignored where the app takes none.")
    ] = None
    auto_generate_name: Annotated[
        bool | None, Meta(description="Let a model name the new conversation after its first message.")
    ] = True
    workflow_id: Annotated[
        str | None, Meta(description="Chatflows only: the UUID of a published version; the latest where absent.")
    ] = None
    trace_id: TraceId = None
    trace_session_id: TraceSessionId = None
    webhook_url: WebhookUrl = None
    retriever_from: Annotated[str | None, Meta(description="Copied into citations.")] = "dev"


class Asked(Struct, frozen=True):
    """A request that is valid as such; its inputs and files wait for the app that they are for."""

    ask: Ask
    inputs: dict[str, object]
    files: list[object]
    later: bool = False
    """Whether the caller does not wait, and asks later what has become of it."""
    webhook: str = ""
    """Where he wants to be told of it."""


def parse(
    body: Mapping[str, object],
    *,
    mode: str,
    trace: Tracing = UNTRACED,
    admit: Callable[[], None] = lambda: None,
    agents_block: bool = False,
) -> Asked:
    """What can be told of a request before its conversation is looked up.

    `admit` raises where its app has no place free: once the body is well formed, before what it says is looked at.
    `agents_block`: whether agents answer in the blocking mode, too.

    Raises:
        Problem: what is wrong with it; the first thing in the order of contract 1.6.
    """
    user = read.user(body)
    if mode not in CONVERSING:
        raise NotChatApp
    query = _query(body)
    inputs = _inputs(body)
    wanted = response_mode(body, later=True)
    conversation_id = read.uuid(body, "conversation_id")
    parent_id = _parent(body, conversation_id)
    entries = files.array(body.get("files"))
    auto_generate_name = read.boolean(body, "auto_generate_name", default=True)
    retriever_from = read.text(body, "retriever_from", "dev")
    admit()
    workflow_id = pinned_version(mode, body.get("workflow_id"))
    streaming = is_streaming("chat" if agents_block and mode == "agent-chat" else mode, wanted)
    ask = Ask(
        query=query,
        user=user,
        inputs={},
        streaming=streaming,
        conversation_id=conversation_id,
        parent_id=parent_id,
        auto_generate_name=auto_generate_name,
        workflow_id=workflow_id,
        trace_id=trace.id,
        trace_session=trace.session,
        retriever_from=retriever_from,
    )
    if not workflow_id:
        asks_something(ask)
    return Asked(ask, inputs, entries, wanted == "async", webhook_url(body, wanted))


def webhook_url(body: Mapping[str, object], wanted: ResponseMode) -> str:
    """Where the caller wants to be told of the end; of one who waits for it, whatever it is. An addition.

    Raises:
        InvalidParam: that is no address.
    """
    found = body.get("webhook_url")
    if wanted != "async" or found is None or found == "":
        return ""
    if not isinstance(found, str) or not _ADDRESS.fullmatch(found):
        raise InvalidParam("webhook_url: must be an http or https address, as ASCII.", params="webhook_url")
    return found


def asks_something(ask: Ask) -> None:
    """Return if there is a query. Of two mistakes, that of an unknown version is told first (contract 1.6).

    Raises:
        InvalidParam: it is empty.
    """
    if not ask.query:
        raise InvalidParam("query: must not be empty.", params="query")


def with_files(asked: Asked, app: App) -> Asked:
    """The request, its files checked against the app that answers: its conversation's version of it.

    Raises:
        InvalidParam: a file does not fit.
    """
    return structs.replace(asked, ask=structs.replace(asked.ask, files=files.parse(asked.files, app.features.files)))


def filled(asked: Asked, app: App, first: Mapping[str, object] = NO_INPUTS, *, strict: bool = False) -> Ask:
    """The request, its inputs checked against the app, too.

    What the caller of a chatflow leaves out is as it was when the conversation began (`first`; dsl.md 6.1); older
    releases of Dify took all of it from there.

    Raises:
        InvalidParam: an input does not fit.
    """
    given = asked.inputs
    if first and isinstance(app, ChatflowApp):
        given = form.fitting(first, app.form) | given
    return structs.replace(asked.ask, inputs=form.check(given, app.form, strict=strict))


def names_files(ask: Ask) -> bool:
    """Whether there is a file in the message, or in its form."""
    return bool(ask.files) or any(isinstance(value, FileRef | tuple) for value in ask.inputs.values())


def is_streaming(mode: str, wanted: ResponseMode) -> bool:
    """How an app of this mode answers (contract 2.7).

    Raises:
        InvalidParam, BadRequest: it cannot answer in the way that was asked for.
    """
    if wanted == "async":
        return False
    if mode == "agent-chat" and wanted != "streaming":
        raise InvalidParam(
            "Agent Chat App does not support blocking mode; send response_mode streaming.", params="response_mode"
        )
    if mode == "agent":
        if wanted == "blocking":
            raise BadRequest("Agent App does not support blocking mode; send response_mode streaming.")
        return True
    return wanted == "streaming"


def pinned_version(mode: str, value: object) -> str:
    """The version that a chatflow was asked for, empty for its latest (contract 2.5).

    Raises:
        MalformedWorkflowId: it is no UUID.
    """
    return "" if mode != "advanced-chat" or value is None or value == "" else version_id(value)


def version_id(value: object) -> str:
    """The id of a version, as it was named.

    Raises:
        MalformedWorkflowId: it is no UUID.
    """
    found = read.identifier(value) if isinstance(value, str) else None
    if found is None:
        shown = value[:100] if isinstance(value, str) else type(value).__name__
        raise MalformedWorkflowId(
            f"Invalid workflow_id: {shown!r} is not a UUID. Send the id of a published version.", params="workflow_id"
        )
    return found


def _query(body: Mapping[str, object]) -> str:
    if body.get("query") is None:
        raise InvalidParam("query: is required.", params="query")
    return read.text(body, "query")


def _parent(body: Mapping[str, object], conversation_id: str) -> str:
    """The message that this one follows; `NIL`, as web clients write it too, for the newest. An addition."""
    parent_id = read.uuid(body, "parent_message_id") or NIL
    if parent_id != NIL and not conversation_id:
        raise InvalidParam(
            "parent_message_id: needs the conversation_id that the message is in.", params="parent_message_id"
        )
    return parent_id


def _inputs(body: Mapping[str, object]) -> dict[str, object]:
    """Missing and null are an empty form (contract 0.1)."""
    value = body.get("inputs")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidParam("inputs: must be an object.", params="inputs")
    return cast("dict[str, object]", value)


def response_mode(body: Mapping[str, object], *, later: bool = False) -> ResponseMode:
    """How it is to be answered. `later`: whether that may be later (`async`).

    Raises:
        InvalidParam: in another way.
    """
    match body.get("response_mode"):
        case None:
            return ""
        case "blocking":
            return "blocking"
        case "streaming":
            return "streaming"
        case "async" if later:
            return "async"
        case _:
            raise InvalidParam("response_mode: must be blocking or streaming.", params="response_mode")
