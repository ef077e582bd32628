"""Replies held against the published description of the API, read in place from beside the repository.

That description says of hardly any member that it is required, and forbids none. Here it is read strictly: what it
lists has to be there, what it does not list has to stay away, and formats count. What differs has a name, such as
`Usage.time_to_generate: added`. Does not know which differences are meant; `tests/contract/differences.py` does.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

DOCUMENT = Path(__file__).resolve().parents[2] / "shared" / "reference" / "dify-service-openapi.json"
BASE = "/v1"
DATA = "data: "
READ_ON = "GET /workflow/{workflow_run_id}/events"
FAMILIES = {"completion-messages": "ChunkCompletionEvent", "workflows": "ChunkWorkflowEvent"}
"""How the events of a route are named, by the first word of its path; as those of a chat elsewhere."""

Schema = dict[str, Any]


class Comparison:
    """What was compared so far: the operations that were seen, and how replies differed, each with an example."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()
        self.found: dict[str, str] = {}

    def reply(self, method: str, path: str, status: int, content_type: str, body: bytes) -> None:
        """Compare one reply. One of a route that the description does not have is left alone."""
        operation = operation_of(method, path)
        if operation is None:
            return
        self.seen.add((operation, status))
        for difference in differences(operation, status, content_type.partition(";")[0], body):
            self.found.setdefault(difference, f"{method} {path}: {status} {body[:600]!r}")


@cache
def document() -> Schema:
    return json.loads(DOCUMENT.read_bytes())


@cache
def operations() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each operation as `GET /path/{id}`, and what its addresses look like; those without variables first."""
    found = [
        (f"{method.upper()} {path}", re.compile(f"{method.upper()} {re.sub('{[^}]+}', '[^/]+', path)}"))
        for path, methods in document()["paths"].items()
        for method in methods
    ]
    return tuple(sorted(found, key=lambda each: each[0].count("{")))


@cache
def operation_of(method: str, path: str) -> str | None:
    asked = f"{method} {re.sub('//+', '/', path).removeprefix(BASE)}"
    if not path.startswith(BASE):
        return None
    return next((name for name, pattern in operations() if pattern.fullmatch(asked)), None)


def differences(operation: str, status: int, content_type: str, body: bytes) -> Iterator[str]:
    """The names of all that differs from the description of that operation."""
    if status >= 400:
        yield from failure(operation, status, body)
        return
    content = documented(operation).get(str(status))
    if content is None:
        yield f"{operation}: {status}"
    elif not content:
        if body:
            yield f"{operation}: a body"
    elif content_type not in content:
        yield f"{operation}: {content_type}" if content_type.startswith("application/json") else f"{operation}: type"
    elif content_type == "application/json":
        yield from against(f"{operation} {status}", json.loads(body))
    elif content_type == "text/event-stream":
        for frame in body.decode().split("\n\n"):
            if frame.startswith(DATA):
                said = json.loads(frame.removeprefix(DATA))
                yield from event(family_of(operation, said), said)


def family_of(operation: str, said: Mapping[str, Any]) -> str:
    """Whose event it is: the app's kind stands in the address, or else in the event."""
    if operation == READ_ON:
        return "ChunkChatEvent" if "message_id" in said else "ChunkWorkflowEvent"
    return FAMILIES.get(operation.split("/")[1], "ChunkChatEvent")


def event(family: str, said: Mapping[str, Any]) -> Iterator[str]:
    mapping = document()["components"]["schemas"][family]["discriminator"]["mapping"]
    reference = mapping.get(said["event"])
    if reference is None:
        yield f"{family}.{said['event']}: added"
    else:
        yield from against(reference.rpartition("/")[2], said)


def failure(operation: str, status: int, body: bytes) -> Iterator[str]:
    """Failures have no schema, only examples: their members, and which codes there are."""
    said = json.loads(body)
    for name in ("code", "message", "status"):
        if name not in said:
            yield f"failure.{name}: missing"
    yield from (f"failure.{name}: added" for name in sorted(said.keys() - {"code", "message", "status"}))
    if (status, said["code"]) not in documented_failures(operation):
        yield f"failure: {status} {said['code']}"


@cache
def described(operation: str) -> Schema:
    method, _, path = operation.partition(" ")
    return {
        status: resolved(response)
        for status, response in document()["paths"][path][method.lower()]["responses"].items()
    }


@cache
def documented(operation: str) -> Mapping[str, Mapping[str, Any]]:
    """Statuses, and the content types of each."""
    return {status: response.get("content", {}) for status, response in described(operation).items()}


@cache
def documented_failures(operation: str) -> frozenset[tuple[int, str]]:
    examples = (
        example["value"]
        for contents in documented(operation).values()
        for content in contents.values()
        for example in content.get("examples", {}).values()
        if isinstance(example.get("value"), dict)
    )
    return frozenset((value["status"], value["code"]) for value in examples if {"status", "code"} <= value.keys())


def against(name: str, value: object) -> Iterator[str]:
    """What differs from a schema: a named one, or that of an operation's success."""
    for error in validator(name).iter_errors(value):
        place = place_of(name, error)
        match error.kind:
            case ValidationErrorKind.Required(property=member):
                yield f"{place}.{member}: missing"
            case ValidationErrorKind.AdditionalProperties(unexpected=members):
                yield from (f"{place}.{member}: added" for member in members)
            case _:
                yield f"{place}: {'null' if error.instance is None else type(error.instance).__name__}"


def place_of(name: str, error: ValidationError) -> str:
    """The member, seen from the innermost schema that has a name."""
    steps = [str(step) for step in error.schema_path[:-1]]
    if "$defs" in steps:
        start = len(steps) - steps[::-1].index("$defs")
        name, steps = steps[start], steps[start + 1 :]
    members = ["[]" if step == "items" else f".{step}" for step in steps if step != "properties"]
    return name + "".join(members)


@cache
def validator(name: str) -> Draft202012Validator:
    """Compiled once. A space tells the schema of an operation's success from a named one."""
    schemas = document()["components"]["schemas"]
    if " " in name:
        operation, _, status = name.rpartition(" ")
        schema = documented(operation)[status]["application/json"]["schema"]
    else:
        schema = schemas[name]
    root = strict(schema)
    needed: dict[str, Schema] = {}
    reach(root, needed)
    return Draft202012Validator({**root, "$defs": needed}, validate_formats=True)


def reach(schema: object, needed: dict[str, Schema]) -> None:
    """Gather the named schemas that this one refers to."""
    if isinstance(schema, dict):
        members = cast("Schema", schema)
        name = str(members.get("$ref", "")).rpartition("/")[2]
        if name and name not in needed:
            needed[name] = strict(document()["components"]["schemas"][name])
            reach(needed[name], needed)
        for member in members.values():
            reach(member, needed)
    elif isinstance(schema, list):
        for member in cast("list[object]", schema):
            reach(member, needed)


def resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        _, *steps = schema["$ref"].split("/")
        schema = document()
        for step in steps:
            schema = schema[step]
    return schema


def strict(schema: Schema) -> Schema:
    """The schema in today's words (`nullable` is of 3.0), with all its members required and no others allowed."""
    if "$ref" in schema:
        there = {"$ref": "#/$defs/" + schema["$ref"].rpartition("/")[2]}
        return {"if": {"not": {"type": "null"}}, "then": there} if schema.get("nullable") else there
    schema = merged(schema)
    found: Schema = {key: schema[key] for key in ("type", "format", "enum") if key in schema}
    if "items" in schema:
        found["items"] = strict(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = strict(schema["additionalProperties"])
    if "properties" in schema:
        found["properties"] = {name: strict(member) for name, member in schema["properties"].items()}
        found["required"] = schema.get("always", list(found["properties"]))
        found["additionalProperties"] = False
    if "oneOf" in schema:
        found["oneOf"] = [strict(option) for option in schema["oneOf"]]
    if schema.get("nullable"):
        found["type"] = [found["type"], "null"]
    return found


def merged(schema: Schema) -> Schema:
    """One object for an object that is described in several: as all of them (`allOf`), or as one of several kinds."""
    parts = [merged(resolved(part)) for part in schema.get("allOf", ())]
    kinds = [merged(resolved(kind)) for kind in schema.get("oneOf", ())]
    if parts:
        return {"type": "object", "properties": {k: v for part in parts for k, v in part.get("properties", {}).items()}}
    if kinds and all(len(kind.get("properties", {})) == 1 for kind in kinds):
        return {
            "type": "object",
            "properties": {k: v for kind in kinds for k, v in kind["properties"].items()},
            "always": [],
        }
    return schema
