"""A model says which of several classes a question belongs to (dsl.md 6.6). Does not know what becomes of any class."""

import json
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from msgspec import Struct

from parlour.domain.app import Model
from parlour.flow import template
from parlour.flow.asking import Memory, ModelChoice, Reply, Vision, heard, metadata, model_of, remembered, with_seen
from parlour.flow.node import Result, Say, Scope
from parlour.flow.pool import MISSING
from parlour.flow.values import text_form
from parlour.llm.thoughts import without_thoughts
from parlour.llm.window import as_text
from parlour.ports.models import Call, Line

TASK = (
    "You sort what people write into categories.\n"
    "Each request is a JSON object: `text` is what somebody wrote, `categories` is what there is to choose from, and "
    "`instructions`, if there are any, say what to look at.\n"
    "Choose the one category that fits best, even if none fits well.\n"
    "Reply with a JSON object and nothing else. It has two members, copied from the category that you chose: "
    '`category_id` and `category_name`. For example: {"category_id": "…", "category_name": "…"}\n'
)
HISTORY = "\nWhat was said before, oldest first, may tell what the text is about:\n<history>\n{}\n</history>\n"

EXAMPLES = (
    (
        "My parcel came with a broken lid. What now?",
        (("c1", "Delivery and damage"), ("c2", "Invoices"), ("c3", "Everything else")),
        "Sort by what the customer wants to have solved.",
        0,
    ),
    (
        "請問星期日有開嗎?",
        (("17", "Opening hours"), ("18", "Prices")),
        "",
        0,
    ),
)
"""Text, categories, instructions, and which category it is."""

FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)

Categories = Sequence[tuple[str, str]]
"""Ids and names."""


class Class(Struct, frozen=True):
    id: str
    name: str = ""
    label: str | None = None


class Config(Struct, frozen=True):
    model: ModelChoice = ModelChoice()
    query_variable_selector: tuple[str, ...] | None = None
    classes: tuple[Class, ...] = ()
    instruction: str | None = None
    """The only one of its names that counts (dsl.md 11.11)."""
    memory: Memory | None = None
    vision: Vision | None = None


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    value = scope.value(config.query_variable_selector or ())
    query = "" if value is MISSING else text_form(value)
    scope.inputs = {"query": query}
    if not config.classes:
        raise scope.failed("There are no classes to choose from.", "InvalidClasses")
    model = model_of(config.model, scope)
    names = [template.fill(one.name, scope.pool) for one in config.classes]
    call = Call(model, await prompt(config, model, names, query, scope))
    reply = Reply()
    async with aclosing(heard(call, reply, scope)) as events:
        async for event in events:
            yield event
    number = chosen(config.classes, reply.text, scope)
    found, usage = config.classes[number], reply.finished.usage
    outputs: dict[str, object] = {"class_name": names[number], "class_id": found.id, "class_label": found.label or ""}
    yield Result(outputs | {"usage": usage.members()}, found.id, metadata(usage))


async def prompt(config: Config, model: Model, names: list[str], query: str, scope: Scope) -> tuple[Line, ...]:
    """The task, examples of it, and the question; of one text for a model that reads no messages."""
    past = as_text(await remembered(config.memory, model, scope), "Human", "Assistant")
    categories = [(one.id, name) for one, name in zip(config.classes, names, strict=True)]
    instruction = template.fill(config.instruction or "", scope.pool)
    lines = [Line("system", TASK + (HISTORY.format(past) if past else ""))]
    for text, offered, hint, which in EXAMPLES:
        lines += [Line("user", request(text, offered, hint)), Line("assistant", answer(*offered[which]))]
    lines.append(Line("user", request(query, categories, instruction)))
    if model.mode == "completion":
        text = as_text(lines[1:], "Request", "Reply")
        lines = [Line("user", f"{lines[0].text}\n{text}\nReply: ")]
    return await with_seen(lines, config.vision, scope)


def request(text: str, categories: Categories, instructions: str) -> str:
    offered = [{"category_id": id_, "category_name": name} for id_, name in categories]
    asked: dict[str, object] = {"text": text, "categories": offered}
    return json.dumps(asked | ({"instructions": instructions} if instructions else {}), ensure_ascii=False)


def answer(id_: str, name: str) -> str:
    return json.dumps({"category_id": id_, "category_name": name}, ensure_ascii=False)


def chosen(classes: Sequence[Class], said: str, scope: Scope) -> int:
    """Which class the model has named; the first, where it names one that is not there.

    Raises:
        NodeFailed: what it says holds no JSON, or JSON that is broken.
    """
    text = without_thoughts(said)
    fenced = FENCE.search(text)
    block = fenced[1] if fenced else text[text.find("{") : text.rfind("}") + 1]
    try:
        found = cast("object", json.loads(block))
    except (ValueError, RecursionError):
        raise scope.failed("The model's answer holds no JSON that names a class.", "OutputParserError") from None
    if not isinstance(found, dict) or not {"category_id", "category_name"} <= found.keys():
        return 0
    named = str(cast("dict[str, object]", found)["category_id"])
    return next((number for number, one in enumerate(classes) if one.id == named), 0)
