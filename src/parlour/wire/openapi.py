"""The API's description (OpenAPI 3.1), made from the structs that are read and sent.

A route more is one entry more in `OPERATIONS`. Does not know how a route is served.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, cast

from msgspec import Meta, Struct, json

from parlour.wire import (
    annotations,
    audio,
    datasets,
    documents,
    feedback,
    forms,
    metadata,
    model_list,
    people,
    retrieving,
    segments,
    tags,
    variables,
    workflows,
)
from parlour.wire.about import Info, Parameters, Site, Suggested, ToolIcons
from parlour.wire.bodies import BlockingAnswer, ConversationBody, ConversationsPage, MessagesPage, Success, Welcome
from parlour.wire.body import DEFAULT_USER
from parlour.wire.chat import ChatRequest
from parlour.wire.completion import CompletionRequest
from parlour.wire.encode import encode
from parlour.wire.errors import ErrorBody
from parlour.wire.operation import Operation
from parlour.wire.queries import ConversationsQuery, EventsQuery, MessagesQuery
from parlour.wire.uploads import FileUploadRequest, FileUploadResponse, PreviewQuery, SignedQuery

Schema = dict[str, object]

KEY, KNOWLEDGE_KEY = "app_key", "knowledge_key"
REPEAT_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body by the same user within 24 hours are one request, sent again: one run.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"},
}
STREAM = (
    "Server-sent events, each one `data: {json}` and a blank line; the member `event` says which. Text comes in"
    " `message` events, `message_end` closes the answer, `error` ends a run that failed. Every ten seconds there is an"
    " `event: ping` without data."
)


class UserRequest(Struct):
    """Who asks."""

    user: Annotated[str | int, Meta(description="Your own name for your user.")]


class UserQuery(Struct):
    """Who asks."""

    user: Annotated[str, Meta(description="Your own name for your user.")]


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
        repeatable=True,
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
        path="/v1/messages/{message_id}/suggested",
        id="listSuggestedQuestions",
        summary="What the user may want to ask next",
        tag="Chat",
        query=UserQuery,
        response=Suggested,
    ),
    Operation(
        method="post",
        path="/v1/completion-messages",
        id="sendCompletionMessage",
        summary="Fill a completion app's form",
        tag="Completion",
        request=CompletionRequest,
        response=BlockingAnswer,
        stream=True,
        repeatable=True,
    ),
    Operation(
        method="post",
        path="/v1/completion-messages/{task_id}/stop",
        id="stopCompletionMessage",
        summary="Stop a text that is being streamed",
        tag="Completion",
        request=UserRequest,
        response=Success,
    ),
    Operation(
        method="post",
        path="/v1/files/upload",
        id="uploadFile",
        summary="Send a file, to be named in later messages",
        tag="Files",
        request=FileUploadRequest,
        form=True,
        response=FileUploadResponse,
        status=201,
    ),
    Operation(
        method="get",
        path="/v1/files/{file_id}/preview",
        id="previewFile",
        summary="Read a file that a message shows",
        tag="Files",
        query=PreviewQuery,
        raw=True,
    ),
    Operation(
        method="get",
        path="/files/{file_id}/file-preview",
        id="openSignedFile",
        summary="Read a file by its signed address",
        tag="Files",
        query=SignedQuery,
        raw=True,
        secured=False,
    ),
    Operation(
        method="get",
        path="/files/tools/{file_id}",
        id="openSignedToolFile",
        summary="Read a file that a tool or a node has made, by its signed address",
        tag="Files",
        query=SignedQuery,
        raw=True,
        secured=False,
    ),
    Operation(
        method="get",
        path="/v1/info",
        id="getInfo",
        summary="Who the app is",
        tag="App",
        response=Info,
    ),
    Operation(
        method="get",
        path="/v1/parameters",
        id="getParameters",
        summary="What a client needs to draw the app",
        tag="App",
        response=Parameters,
    ),
    Operation(
        method="get",
        path="/v1/meta",
        id="getMeta",
        summary="Icons of the app's tools",
        tag="App",
        response=ToolIcons,
    ),
    Operation(
        method="get",
        path="/v1/site",
        id="getSite",
        summary="How a page that shows the app should look",
        tag="App",
        response=Site,
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
    *audio.OPERATIONS,
    *feedback.OPERATIONS,
    *variables.OPERATIONS,
    *workflows.OPERATIONS,
    *forms.OPERATIONS,
    *annotations.OPERATIONS,
    *people.OPERATIONS,
    *datasets.OPERATIONS,
    *tags.OPERATIONS,
    *metadata.OPERATIONS,
    *documents.OPERATIONS,
    *segments.OPERATIONS,
    *retrieving.OPERATIONS,
    *model_list.OPERATIONS,
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
    keys: Schema = {
        KEY: _key("An app's key: `Authorization: Bearer app-…`. One key opens one app."),
        KNOWLEDGE_KEY: _key("A knowledge key: `Authorization: Bearer dataset-…`. It opens all datasets of a tenant."),
    }
    described: Schema = {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": "/"}],
        "security": [{KEY: list[str]()}],
        "paths": paths,
        "components": {"schemas": _schemas(_bodies()), "securitySchemes": keys},
    }
    return encode(described)


def _key(description: str) -> Schema:
    return {"type": "http", "scheme": "bearer", "description": description}


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
    if not operation.secured or operation.knowledge:
        described["security"] = [{KNOWLEDGE_KEY: list[str]()}] if operation.knowledge else []
    parameters = [*_path_parameters(operation), *_query_parameters(operation.query)]
    if operation.repeatable:
        parameters.append(REPEAT_KEY)
    if parameters:
        described["parameters"] = parameters
    if operation.request is not None:
        content = _json(operation.request)
        if operation.form:
            content = {"multipart/form-data": content["application/json"]}
        described["requestBody"] = {"required": operation.body_required, "content": content}
    return described | {"responses": _responses(operation)}


def _responses(operation: Operation) -> Schema:
    content: Schema = {}
    if operation.response is not None:
        content |= _json(operation.response, many=operation.many)
    if operation.raw:
        content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    if operation.stream:
        content["text/event-stream"] = {"schema": {"type": "string", "description": STREAM}}
    success: Schema = (
        {str(operation.status): {"description": "OK", "content": content}}
        if content
        else {"204": {"description": "Gone"}}
    )
    return success | {"default": {"description": "What went wrong", "content": _json(ErrorBody)}}


def _json(body: type[Struct], *, many: bool = False) -> Schema:
    one: Schema = {"$ref": f"#/components/schemas/{body.__name__}"}
    return {"application/json": {"schema": {"type": "array", "items": one} if many else one}}


def _path_parameters(operation: Operation) -> Iterator[Schema]:
    for segment in operation.path.split("/"):
        if segment.startswith("{"):
            name = segment.strip("{}")
            words = operation.words.get(name)
            schema: Schema = {"type": "string", "format": "uuid"}
            if words is not None:
                schema = {"type": "string", "enum": words} if words else {"type": "string", "minLength": 1}
            yield {"name": name, "in": "path", "required": True, "schema": schema}


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
