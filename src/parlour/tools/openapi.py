"""An OpenAPI description, read as tools: one an operation. Knows no way out, and no operation in particular."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from msgspec import Struct

from parlour.domain.problems import ToolFailed
from parlour.tools.shelf import Told

METHODS = ("get", "post", "put", "patch", "delete", "head")
DEEPEST = 8
"""References within references that are followed; a schema that contains itself ends there."""
NAME = re.compile(r"[^A-Za-z0-9_-]+")

Schema = dict[str, Any]


class Operation(Struct, frozen=True):
    """One operation: how it is asked, and what goes where."""

    method: str
    path: str
    told: Told
    places: dict[str, str]
    """Of each parameter: `path`, `query`, `header`, `cookie` or `body`."""
    media: str = ""
    """What its body is sent as; empty without one."""
    whole: str = ""
    """The parameter that is the whole body, where that is no object."""


class Description(Struct, frozen=True):
    """What a document describes."""

    base: str
    """The address before each path; empty if the document names none."""
    operations: dict[str, Operation]


def described(document: object) -> Description:
    """Read a document of version 2 or 3.

    Raises:
        ToolFailed: it is none.
    """
    if not isinstance(document, dict) or not isinstance(paths := cast("Schema", document).get("paths"), dict):
        raise ToolFailed("the description is no OpenAPI document: it has no paths")
    spec = cast("Schema", document)
    operations: dict[str, Operation] = {}
    for path, item in cast("Schema", paths).items():
        methods = cast("Schema", item) if isinstance(item, dict) else {}
        shared: list[Schema] = methods.get("parameters") or []
        for method in METHODS:
            written = methods.get(method)
            if isinstance(written, dict):
                found = cast("Schema", written)
                name = str(found.get("operationId") or f"{path.strip('/')}_{method}")
                operations[NAME.sub("_", name).strip("_")[:64]] = _operation(spec, path, method, found, shared)
    return Description(_base(spec), operations)


def _base(spec: Schema) -> str:
    servers = spec.get("servers")
    if isinstance(servers, list) and servers:
        return str(cast("list[Schema]", servers)[0].get("url", "")).rstrip("/")
    if host := spec.get("host"):  # version 2
        schemes: list[str] = spec.get("schemes") or ["https"]
        return f"{schemes[0]}://{host}{spec.get('basePath', '')}".rstrip("/")
    return ""


def _operation(spec: Schema, path: str, method: str, written: Schema, shared: list[Schema]) -> Operation:
    properties: Schema = {}
    required: list[str] = []
    places: dict[str, str] = {}
    media = whole = ""
    for name, place, schema, needed in _parameters(spec, [*shared, *(written.get("parameters") or [])]):
        properties[name], places[name] = schema, place
        if needed and name not in required:
            required.append(name)
    if "body" in places.values():  # version 2 puts the body among the parameters
        media, written = "application/json", {**written, "requestBody": _body_of_two(places, properties, required)}
    body = _resolved(spec, written.get("requestBody") or {})
    content: Schema = body.get("content") or {}
    if content:
        media = next((one for one in content if "json" in one), next(iter(content)))
        schema = _resolved(spec, content[media].get("schema") or {})
        if isinstance(inner := schema.get("properties"), dict) and inner:
            for name, one in cast("Schema", inner).items():
                if name not in places:
                    properties[name], places[name] = one, "body"
            required += [name for name in schema.get("required", []) if places.get(name) == "body"]
        else:
            whole = "body"
            properties[whole], places[whole] = schema | {"description": body.get("description", "what is sent")}, "body"
            required += [whole] if body.get("required") else []
    summary, longer = str(written.get("summary") or ""), str(written.get("description") or "")
    told = Told(
        description=(longer or summary or f"{method.upper()} {path}")[:1024],
        parameters={"type": "object", "properties": properties, "required": required},
        label=summary[:80],
    )
    return Operation(method.upper(), path, told, places, media, whole)


def _body_of_two(places: dict[str, str], properties: Schema, required: list[str]) -> Schema:
    """The body of an operation of version 2, as one of version 3; it is taken out of the parameters."""
    name = next(one for one, place in places.items() if place == "body")
    needed = name in required
    if needed:
        required.remove(name)
    del places[name]
    return {"required": needed, "content": {"application/json": {"schema": properties.pop(name)}}}


def _parameters(spec: Schema, written: list[Schema]) -> Iterator[tuple[str, str, Schema, bool]]:
    for one in written:
        parameter = _resolved(spec, one)
        name, place = str(parameter.get("name", "")), str(parameter.get("in", ""))
        if not name or place not in {"path", "query", "header", "cookie", "body"}:
            continue
        members = ("type", "enum", "format", "items", "default", "minimum", "maximum")
        schema: Schema = parameter.get("schema") or {key: parameter[key] for key in members if key in parameter}
        if text := parameter.get("description"):
            schema = {**schema, "description": text}
        yield name, place, schema or {"type": "string"}, bool(parameter.get("required")) or place == "path"


def _resolved(spec: Schema, value: Any, depth: int = 0) -> Any:
    """A value with the references within it followed; those to other documents stay as they are."""
    if isinstance(value, list):
        return [_resolved(spec, item, depth) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    found = cast("Schema", value)
    reference = found.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        return _resolved(spec, _at(spec, reference), depth + 1) if depth < DEEPEST else {"type": "object"}
    return {key: _resolved(spec, item, depth) for key, item in found.items()}


def _at(spec: Schema, reference: str) -> object:
    here: object = spec
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(here, dict):
            return {}
        members = cast("dict[str, object]", here)
        here = members.get(part.replace("~1", "/").replace("~0", "~"), {})
    return here


def parsed_arguments(operation: Operation, arguments: Mapping[str, object], place: str) -> dict[str, object]:
    """Those arguments that go to that place."""
    return {
        name: value for name, value in arguments.items() if operation.places.get(name) == place and value is not None
    }
