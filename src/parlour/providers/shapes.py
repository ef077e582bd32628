"""Holding a model to a JSON Schema: as its provider wants the schema, or by telling the model (dsl.md 6.4).

Knows no wire.
"""

from collections.abc import Iterator
from typing import cast

import msgspec

from parlour.ports.models import Line

Schema = dict[str, object]

INSTRUCTION = (
    "Answer with one JSON object and nothing else: no explanation, no Markdown fence. "
    "It must be valid against this JSON Schema:\n"
)


def told(lines: tuple[Line, ...], schema: Schema) -> tuple[Line, ...]:
    """The prompt with the schema said at its beginning."""
    said = INSTRUCTION + msgspec.json.encode(schema).decode()
    if lines and lines[0].role == "system":
        return (msgspec.structs.replace(lines[0], text=f"{said}\n\n{lines[0].text}"), *lines[1:])
    return (Line("system", said), *lines)


def strict(schema: Schema) -> Schema:
    """The schema as providers want it that hold a model to each letter of it: every member named, and all of them."""
    made = {key: _within(key, value) for key, value in schema.items()}
    properties = made.get("properties")
    if isinstance(properties, dict):
        made |= {"additionalProperties": False, "required": list(cast("Schema", properties))}
    return made


def _within(key: str, value: object) -> object:
    if key in {"properties", "$defs", "definitions"} and isinstance(value, dict):
        return {name: _schema(one) for name, one in cast("Schema", value).items()}
    if key in {"anyOf", "oneOf", "allOf"} and isinstance(value, list):
        return [_schema(one) for one in cast("list[object]", value)]
    return _schema(value) if key == "items" else value


def _schema(value: object) -> object:
    return strict(cast("Schema", value)) if isinstance(value, dict) else value


def closed(schema: object) -> bool:
    """Whether every object in it names its members: one that takes any could be no object but an empty one."""
    if isinstance(schema, dict):
        found = cast("Schema", schema)
        return not (found.get("type") == "object" and not found.get("properties")) and all(map(closed, _inner(found)))
    return True


def _inner(schema: Schema) -> Iterator[object]:
    for key in ("properties", "$defs", "definitions"):
        if isinstance(named := schema.get(key), dict):
            yield from cast("Schema", named).values()
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(several := schema.get(key), list):
            yield from cast("list[object]", several)
    yield schema.get("items")
