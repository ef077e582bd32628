"""The API's description (OpenAPI 3.1), made from the structs that are read and sent.

A route more is one entry more in `OPERATIONS`. Does not know how a route is served.
"""

from typing import Annotated

from msgspec import Meta, Struct

from parlour.wire import (
    accepted,
    admin_operations,
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
    server,
    tags,
    variables,
    workflows,
)
from parlour.wire.about import Info, Parameters, Site, Suggested, ToolIcons
from parlour.wire.bodies import BlockingAnswer, ConversationBody, ConversationsPage, MessagesPage, Success
from parlour.wire.body import DEFAULT_USER
from parlour.wire.chat import ChatRequest
from parlour.wire.completion import CompletionRequest
from parlour.wire.describing import ADMIN_KEY, KEY, KNOWLEDGE_KEY, RUN_ENDED, Schema, described, schemas
from parlour.wire.encode import encode
from parlour.wire.errors import ErrorBody
from parlour.wire.operation import Operation
from parlour.wire.queries import ConversationsQuery, EventsQuery, MessagesQuery
from parlour.wire.uploads import FileUploadRequest, FileUploadResponse, PreviewQuery, SignedQuery


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


OPERATIONS = (
    Operation(
        method="post",
        path="/v1/chat-messages",
        id="sendChatMessage",
        summary="Send a message",
        tag="Chat",
        request=ChatRequest,
        response=BlockingAnswer,
        later=accepted.Accepted,
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
    *admin_operations.OPERATIONS,
    *accepted.OPERATIONS,
    *server.OPERATIONS,
)


def document(version: str) -> bytes:
    """The whole description, as JSON."""
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = described(operation)
    info: Schema = {
        "title": "Parlour",
        "version": version,
        "description": "Runs exported Dify apps; answers as Dify's Service API does.",
    }
    keys: Schema = {
        KEY: _key("An app's key: `Authorization: Bearer app-…`. One key opens one app."),
        ADMIN_KEY: _key("An operator's key: `Authorization: Bearer admin-…`; works where `server.operator` is on."),
        KNOWLEDGE_KEY: _key("A knowledge key: `Authorization: Bearer dataset-…`. It opens all datasets of a tenant."),
    }
    whole: Schema = {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": "/"}],
        "security": [{KEY: list[str]()}],
        "paths": paths,
        "webhooks": {"runEnded": {"post": RUN_ENDED}},
        "components": {"schemas": schemas(_bodies()), "securitySchemes": keys},
    }
    return encode(whole)


def _key(description: str) -> Schema:
    return {"type": "http", "scheme": "bearer", "description": description}


def _bodies() -> tuple[type[Struct], ...]:
    """Every struct that stands as a body of its own; those within them follow by themselves."""
    found = {ErrorBody: None}
    for operation in OPERATIONS:
        found |= {body: None for body in (operation.request, operation.response, operation.later) if body is not None}
    return tuple(found)
