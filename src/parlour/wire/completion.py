"""POST /completion-messages: a JSON object to an `Ask` (contract 5.11), in the order of errors of 1.6.

As a chat's, but without a conversation: its members are ignored. Does not know whether the uploads that it names exist.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parlour.domain.problems import NotCompletionApp
from parlour.domain.turn import Ask
from parlour.wire import body as read
from parlour.wire import files
from parlour.wire.chat import Asked, FileMapping, response_mode
from parlour.wire.tracing import UNTRACED, TraceId, TraceSessionId, Tracing

Values = Annotated[
    dict[str, object], Meta(description="Values for the variables of the app's form. Other names are dropped.")
]
Files = Annotated[
    list[FileMapping] | None, Meta(description="Files beside the form; ignored where the app takes none.")
]


class CompletionRequest(Struct):
    """A form for a completion app. Members that are not listed are ignored."""

    inputs: Values
    user: Annotated[str | int, Meta(description="Your own name for your user.")]
    query: Annotated[str | None, Meta(description="A text beside the form, for apps that take one.")] = ""
    response_mode: Annotated[
        Literal["blocking", "streaming"] | None,
        Meta(description="`blocking` (the default) waits for the whole answer; `streaming` sends server-sent events."),
    ] = None
    files: Files = None
    trace_id: TraceId = None
    trace_session_id: TraceSessionId = None
    retriever_from: Annotated[str | None, Meta(description="Copied into citations.")] = "dev"


def check_mode(mode: str) -> None:
    """Raises: NotCompletionApp."""
    if mode != "completion":
        raise NotCompletionApp


def parse(body: Mapping[str, object], *, mode: str, trace: Tracing = UNTRACED) -> Asked:
    """What can be told of a request before its app's form is looked at.

    Raises:
        Problem: what is wrong with it; the first thing in the order of contract 1.6.
    """
    user = read.user(body)
    check_mode(mode)
    query = read.text(body, "query")
    inputs = read.inputs(body)
    ask = Ask(
        query=query,
        user=user,
        inputs={},
        streaming=response_mode(body) == "streaming",
        auto_generate_name=False,  # no list shows the conversation that keeps the message
        trace_id=trace.id,
        trace_session=trace.session,
        retriever_from=read.text(body, "retriever_from", "dev"),
    )
    return Asked(ask, inputs, files.array(body.get("files")))
