"""What an app's datasets say to a question, and what a model decides on the way: which of them, which documents.

Knows no dataset from the inside; who asks a model, and what becomes of its answer, the caller knows.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct, structs

from parlour.domain.app import Lookup, Model
from parlour.domain.dataset import COMPARISONS, Condition, Dataset, Filter, MetadataField
from parlour.domain.passages import Hit
from parlour.llm import mending
from parlour.llm.structured import first_object
from parlour.llm.thoughts import without_thoughts
from parlour.ports.knowledge import Knowledge
from parlour.ports.models import Call, Line

Asking = Callable[[Call], Awaitable[str]]
"""Asks a model; its whole answer."""

ROUTING = (
    "You choose where to look something up. Each request is a JSON object: `question` is what somebody asked, and "
    "`places` is where it could be looked up, each with a `number` and what is there.\n"
    "Reply with a JSON object and nothing else. Its one member `number` is that of the place that fits best, or 0 if "
    "none has anything to do with the question."
)
FILTERING = (
    "You find out which documents a question is about. Each request is a JSON object: `question` is what somebody "
    "asked, and `fields` is what is known of each document, by name and type.\n"
    "Reply with a JSON object and nothing else. Its one member `conditions` is a list of what the question itself says "
    "of such fields; an empty list if it says nothing of them. Each has the members `name`, `operator` and `value`. "
    "The operators are contains, not contains, start with, end with, is, is not, in, not in for texts, = ≠ > < ≥ ≤ for "
    "numbers, and before and after for times."
)

T = TypeVar("T")


class Chosen(Struct, frozen=True):
    number: int = 0


class Said(Struct, frozen=True):
    conditions: tuple[Condition, ...] = ()


async def look_up(
    wanted: Lookup, query: str, model: Model | None, knowledge: Knowledge, ask: Asking
) -> tuple[Hit, ...]:
    """The passages that answer the query, the best first. `model`: the app's own, for what it is to decide.

    Raises:
        Problem: a model that this takes cannot be asked.
    """
    datasets = await knowledge.named.find(wanted.datasets)
    if not datasets or not query.strip():
        return ()
    one = None if wanted.multiple else await routed(datasets, query, wanted.router or model, ask)
    if one is None and not wanted.multiple:
        return ()
    documents = wanted.conditions
    if wanted.filtering == "automatic" and (decider := wanted.filterer or model):
        documents = await filtered((one,) if one else datasets, query, decider, knowledge, ask)
    if one is not None:
        return await knowledge.retrieval.search(one, query, structs.replace(one.retrieval, filter=documents))
    return await knowledge.retrieval.several(datasets, query, structs.replace(wanted.settings, filter=documents))


async def routed(datasets: tuple[Dataset, ...], query: str, model: Model | None, ask: Asking) -> Dataset | None:
    """The one dataset that a model takes for the right one; None, where it takes none for it."""
    if model is None or len(datasets) == 1:
        return datasets[0]
    places = [
        {"number": number, "name": one.name, "what is there": one.description or one.name}
        for number, one in enumerate(datasets, 1)
    ]
    schema = object_schema({"number": {"type": "integer", "minimum": 0, "maximum": len(datasets)}})
    answer = read(await ask(question(model, ROUTING, {"question": query, "places": places}, schema)), Chosen)
    return datasets[answer.number - 1] if answer and 1 <= answer.number <= len(datasets) else None


async def filtered(datasets: Sequence[Dataset], query: str, model: Model, knowledge: Knowledge, ask: Asking) -> Filter:
    """What a model reads out of the question: conditions of which one must hold, as the original has it."""
    fields: dict[str, MetadataField] = {}
    for dataset in datasets:
        fields |= {field.name: field for field in await knowledge.store.fields.all(dataset.place)}
    if not fields:
        return Filter()
    known = [{"name": field.name, "type": field.type} for field in fields.values()]
    condition = object_schema(
        {"name": {"type": "string"}, "operator": {"type": "string"}, "value": {"type": ["string", "number", "null"]}}
    )
    schema = object_schema({"conditions": {"type": "array", "items": condition}})
    answer = read(await ask(question(model, FILTERING, {"question": query, "fields": known}, schema)), Said)
    conditions = [
        one for one in (answer.conditions if answer else ()) if one.name in fields and one.operator in COMPARISONS
    ]
    return Filter(tuple(conditions), every=False)


def question(model: Model, task: str, request: dict[str, object], schema: dict[str, object]) -> Call:
    lines = (Line("system", task), Line("user", json.dumps(request, ensure_ascii=False)))
    return Call(model, lines, schema=schema, purpose="answer")


def object_schema(properties: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def read(text: str, kind: type[T]) -> T | None:
    """What a model has answered; None where it is nothing of the kind."""
    try:
        return msgspec.convert(first_object(mending.read(without_thoughts(text))), kind, strict=False)
    except msgspec.ValidationError:
        return None
