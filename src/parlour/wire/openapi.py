"""The API's description (OpenAPI 3.1), made from the structs that are read and sent.

A route more is one entry more in `OPERATIONS`. Does not know how a route is served.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, cast

from msgspec import Meta, Struct, json

from parlour.wire.bodies import BlockingAnswer, ConversationBody, ConversationsPage, MessagesPage, Success, Welcome
from parlour.wire.body import DEFAULT_USER
from parlour.wire.chat import ChatRequest
from parlour.wire.encode import encode
from parlour.wire.errors import ErrorBody
from parlour.wire.queries import ConversationsQuery, EventsQuery, MessagesQuery

Schema = dict[str, object]
Method = Literal["get", "post", "put", "patch", "delete"]

KEY = "app_key"
STREAM = (
    "Server-sent events, each one `data: {json}` and a blank line; the member `event` says which. Text comes in"
    " `message` events, `message_end` closes the answer, `error` ends a run that failed. Every ten seconds there is an"
    " `event: ping` without data."
)


class UserRequest(Struct):
    """Who asks."""

    user: Annotated[str | int, Meta(description="Your own name for your user.")]


class OptionalUserRequest(Struct):
    """Who asks; may be left out."""

    user: Annotated[str | int, Meta(description="Your own name for your user.")] = DEFAULT_USER


class RenameRequest(Struct):
    """A new name, or the wish that a model find one."""

    name: Annotated[str | None, Meta(description="Required unless `auto_generate` is true.")] = None
    auto_generate: Annotated[bool, Meta(description="Let a model find the name; `name` is ignored.")] = False
    user: Annotated[str | int, Meta(description="Your own name for your user.")] = DEFAULT_USER


class Health(Struct):
    """The server runs."""

    status: str


class Operation(Struct, frozen=True):
    """One method of one path."""

    method: Method
    path: str
    id: str
    summary: str
    tag: str
    request: type[Struct] | None = None
    query: type[Struct] | None = None
    response: type[Struct] | None = None
    """The body of the 200; without one, and without `stream`, the operation answers 204."""
    stream: bool = False
    secured: bool = True
    body_required: bool = True


OPERATIONS = (
    Operation(
        method="post",
        path="/v1/chat-messages",
        id="sendChatMessage",
        summary="Send a message",
        tag="Chat",
        request=ChatRequest,
        response=BlockingAnswer,
        stream=True,
    ),
    Operation(
        method="post",
        path="/v1/chat-messages/{task_id}/stop",
        id="stopChatMessage",
        summary="Stop an answer that is being streamed",
        tag="Chat",
        request=UserRequest,
        response=Success,
    ),
    Operation(
        method="get",
        path="/v1/runs/{task_id}/events",
        id="listRunEvents",
        summary="Read the events of a run, again or further",
        tag="Chat",
        query=EventsQuery,
        stream=True,
    ),
    Operation(
        method="get",
        path="/v1/messages",
        id="listMessages",
        summary="Read a conversation's history",
        tag="Conversations",
        query=MessagesQuery,
        response=MessagesPage,
    ),
    Operation(
        method="get",
        path="/v1/conversations",
        id="listConversations",
        summary="List a user's conversations",
        tag="Conversations",
        query=ConversationsQuery,
        response=ConversationsPage,
    ),
    Operation(
        method="post",
        path="/v1/conversations/{conversation_id}/name",
        id="renameConversation",
        summary="Rename a conversation",
        tag="Conversations",
        request=RenameRequest,
        response=ConversationBody,
    ),
    Operation(
        method="delete",
        path="/v1/conversations/{conversation_id}",
        id="deleteConversation",
        summary="Delete a conversation with its messages",
        tag="Conversations",
        request=OptionalUserRequest,
        body_required=False,
    ),
    Operation(
        method="get",
        path="/v1/",
        id="getWelcome",
        summary="Who answers here",
        tag="Server",
        response=Welcome,
        secured=False,
    ),
    Operation(
        method="get",
        path="/health",
        id="getHealth",
        summary="Whether the server runs",
        tag="Server",
        response=Health,
        secured=False,
    ),
)


def document(version: str) -> bytes:
    """The whole description, as JSON."""
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    info: Schema = {
        "title": "Parlour",
        "version": version,
        "description": "Runs exported Dify apps; answers as Dify's Service API does.",
    }
    key: Schema = {
        "type": "http",
        "scheme": "bearer",
        "description": "An app's key: `Authorization: Bearer app-…`. One key opens one app.",
    }
    described: Schema = {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": "/"}],
        "security": [{KEY: list[str]()}],
        "paths": paths,
        "components": {"schemas": _schemas(_bodies()), "securitySchemes": {KEY: key}},
    }
    return encode(described)


def _bodies() -> tuple[type[Struct], ...]:
    """Every struct that stands as a body of its own; those within them follow by themselves."""
    found = {ErrorBody: None}
    for operation in OPERATIONS:
        found |= {body: None for body in (operation.request, operation.response) if body is not None}
    return tuple(found)


def _schemas(types: tuple[type[Struct], ...]) -> dict[str, Schema]:
    _, components = json.schema_components(types, schema_hook=_any, ref_template="#/components/schemas/{name}")
    return components


def _any(kind: type) -> Schema:
    """`object` in a struct stands for any JSON value."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError


def _operation(operation: Operation) -> Schema:
    described: Schema = {"operationId": operation.id, "summary": operation.summary, "tags": [operation.tag]}
    if not operation.secured:
        described["security"] = []
    if parameters := [*_path_parameters(operation.path), *_query_parameters(operation.query)]:
        described["parameters"] = parameters
    if operation.request is not None:
        described["requestBody"] = {"required": operation.body_required, "content": _json(operation.request)}
    return described | {"responses": _responses(operation)}


def _responses(operation: Operation) -> Schema:
    content: Schema = {}
    if operation.response is not None:
        content |= _json(operation.response)
    if operation.stream:
        content["text/event-stream"] = {"schema": {"type": "string", "description": STREAM}}
    success: Schema = (
        {"200": {"description": "OK", "content": content}} if content else {"204": {"description": "Gone"}}
    )
    return success | {"default": {"description": "What went wrong", "content": _json(ErrorBody)}}


def _json(body: type[Struct]) -> Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}}}


def _path_parameters(path: str) -> Iterator[Schema]:
    for segment in path.split("/"):
        if segment.startswith("{"):
            schema = {"type": "string", "format": "uuid"}
            yield {"name": segment.strip("{}"), "in": "path", "required": True, "schema": schema}


def _query_parameters(query: type[Struct] | None) -> Iterator[Schema]:
    if query is None:
        return
    schema = _schemas((query,))[query.__name__]
    required = cast("list[str]", schema.get("required", []))
    for name, member in cast("Mapping[str, Schema]", schema["properties"]).items():
        described: Schema = {"name": name, "in": "query", "required": name in required}
        if "description" in member:
            described["description"] = member.pop("description")
        yield described | {"schema": member}
