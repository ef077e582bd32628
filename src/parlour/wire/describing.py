"""One operation as an API's description (OpenAPI 3.1) has it, and the schemas of its bodies. Knows no operation."""

from collections.abc import Iterator, Mapping
from typing import cast

from msgspec import Struct, json

from parlour.wire.errors import ErrorBody
from parlour.wire.operation import Operation

Schema = dict[str, object]

KEY, KNOWLEDGE_KEY, ADMIN_KEY = "app_key", "knowledge_key", "admin_key"
REPEAT_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body by the same user within 24 hours are one request, sent again: one run.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"},
}
RUN_ENDED: Schema = {
    "operationId": "runEnded",
    "summary": "The end of a run that was begun with `response_mode` `async`, as `GET /v1/runs/{run_id}` tells it",
    "description": "Sent to the address of the app, or to the request's `webhook_url`. Signed as"
    " https://www.standardwebhooks.com describes, and sent again, with the same `webhook-id`, until it is taken.",
    "tags": ["Chat"],
    "parameters": [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in (
            ("webhook-id", "The run's id."),
            ("webhook-timestamp", "When it was sent, in seconds since 1970."),
            (
                "webhook-signature",
                "`v1,` and the HMAC-SHA256 of `id.timestamp.body` as base64; several, with spaces between.",
            ),
        )
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Outcome"}}},
    },
    "responses": {
        "2XX": {"description": "It is taken."},
        "410": {"description": "It is not wanted: it is not sent again."},
        "default": {"description": "It is sent again later."},
    },
}
STREAM = (
    "Server-sent events, each one `data: {json}` and a blank line; the member `event` says which. Text comes in"
    " `message` events, `message_end` closes the answer, `error` ends a run that failed. Every ten seconds there is an"
    " `event: ping` without data."
)


def schemas(types: tuple[type[Struct], ...]) -> dict[str, Schema]:
    _, components = json.schema_components(types, schema_hook=_any, ref_template="#/components/schemas/{name}")
    return components


def _any(kind: type) -> Schema:
    """`object` in a struct stands for any JSON value."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError


def described(operation: Operation) -> Schema:
    told: Schema = {"operationId": operation.id, "summary": operation.summary, "tags": [operation.tag]}
    if not operation.secured:
        told["security"] = []
    elif operation.knowledge or operation.admin:
        told["security"] = [{KNOWLEDGE_KEY if operation.knowledge else ADMIN_KEY: list[str]()}]
    parameters = [*_path_parameters(operation), *_query_parameters(operation.query)]
    if operation.repeatable:
        parameters.append(REPEAT_KEY)
    if parameters:
        told["parameters"] = parameters
    if operation.request is not None:
        content = _json(operation.request)
        if operation.form:
            content = {"multipart/form-data": content["application/json"]}
        told["requestBody"] = {"required": operation.body_required, "content": content}
    return told | {"responses": _responses(operation)}


def _responses(operation: Operation) -> Schema:
    content: Schema = {}
    if operation.response is not None:
        body = _json(operation.response, many=operation.many)
        content |= {"application/x-ndjson": body["application/json"]} if operation.lines else body
    if operation.raw:
        content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    if operation.stream:
        content["text/event-stream"] = {"schema": {"type": "string", "description": STREAM}}
    success: Schema = (
        {str(operation.status): {"description": "OK", "content": content}}
        if content
        else {"204": {"description": "Gone"}}
    )
    if operation.later is not None:
        success["202"] = {"description": "Begun", "content": _json(operation.later)}
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
    schema = schemas((query,))[query.__name__]
    required = cast("list[str]", schema.get("required", []))
    for name, member in cast("Mapping[str, Schema]", schema["properties"]).items():
        described: Schema = {"name": name, "in": "query", "required": name in required}
        if "description" in member:
            described["description"] = member.pop("description")
        yield described | {"schema": member}
