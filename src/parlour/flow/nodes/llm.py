"""A model is asked, and answers (dsl.md 6.4). Knows no provider, and not whether anybody hears the answer."""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from msgspec import Struct

from parlour.domain.app import Model, Role
from parlour.domain.events import ModelCalled, ModelFinished
from parlour.domain.usage import NOTHING
from parlour.flow import context, jinja, template
from parlour.flow.asking import (
    Memory,
    ModelChoice,
    Vision,
    asked,
    images,
    metadata,
    model_of,
    need,
    remembered,
    seen,
    with_pictures,
)
from parlour.flow.node import NodeFailed, Result, Say, Scope
from parlour.flow.pool import MISSING
from parlour.flow.utterance import Separated, Tagged, Utterance
from parlour.flow.values import files_in, text_form
from parlour.llm.exchange import converse
from parlour.llm.structured import NotInShape, shaped
from parlour.llm.window import as_text
from parlour.ports.models import Call, Image, Line, Text, Thinking

PLACES = re.compile(r"\{\{#(context|histories)#\}\}|#(histories|sys\.query)#")
"""What a prompt has places for that are no references; those without braces, in a prompt of one text only."""


class Message(Struct, frozen=True):
    """One entry of the prompt, or the whole of it."""

    role: str | None = None
    text: str | None = None
    edition_type: str | None = None
    jinja2_text: str | None = None

    @property
    def jinja(self) -> bool:
        return self.edition_type == "jinja2"

    @property
    def basic(self) -> str:
        """The text that may hold references; none, where it is Jinja's."""
        return "" if self.jinja else self.text or ""


class Variable(Struct, frozen=True):
    variable: str
    value_selector: tuple[str, ...] | None = None


class PromptConfig(Struct, frozen=True):
    jinja2_variables: tuple[Variable, ...] | None = None


class Context(Struct, frozen=True):
    enabled: bool | None = None
    variable_selector: tuple[str, ...] | None = None


class StructuredOutput(Struct, frozen=True):
    schema: dict[str, object] | None = None


class Config(Struct, frozen=True):
    model: ModelChoice = ModelChoice()
    prompt_template: tuple[Message, ...] | Message | None = None
    prompt_config: PromptConfig | None = None
    memory: Memory | None = None
    context: Context | None = None
    vision: Vision | None = None
    structured_output_enabled: bool | None = None
    structured_output_switch_on: bool | None = None
    structured_output: StructuredOutput | None = None
    reasoning_format: str | None = None

    @property
    def schema(self) -> dict[str, object] | None:
        """What the answer has to be, if it has to be something."""
        if not (self.structured_output_enabled or self.structured_output_switch_on):
            return None
        return (self.structured_output and self.structured_output.schema) or {"type": "object"}


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    model = model_of(config.model, scope)
    call = Call(model, await prompt(config, model, scope), schema=config.schema)
    scope.process = asked(call)
    node = scope.node.id
    utterance: Utterance = Separated(node) if config.reasoning_format == "separated" else Tagged(node)
    finished = ModelFinished(NOTHING)
    async with aclosing(converse(call, scope.ports)) as heard:
        async for said in heard:
            match said:
                case Text() | Thinking():
                    for item in utterance.put(said):
                        yield item
                case ModelFinished():
                    finished = said
                    yield said
                case ModelCalled():
                    yield said
                case _:
                    pass
    for item in utterance.end():
        yield item
    usage = finished.usage.members()
    scope.process |= {"usage": usage, "finish_reason": finished.reason}
    outputs: dict[str, object] = {"text": utterance.text, "reasoning_content": utterance.reasoning}
    outputs |= {"usage": usage, "finish_reason": finished.reason}
    if call.schema is not None:
        outputs["structured_output"] = await in_shape(utterance.text, call.schema, scope)
    outputs["files"] = []
    yield Result(outputs, metadata=metadata(finished.usage), kinds={"files": "array[file]"})


async def in_shape(text: str, schema: dict[str, object], scope: Scope) -> dict[str, object]:
    try:
        return await asyncio.to_thread(shaped, text, schema)
    except NotInShape as error:
        raise scope.failed(f"Failed to parse structured output: {error}.", "OutputParserError") from error


async def prompt(config: Config, model: Model, scope: Scope) -> tuple[Line, ...]:
    """All that the model is shown, in order.

    Raises:
        Problem: something that the prompt is made of is not there, or nothing is left of it.
    """
    written = config.prompt_template or ()
    messages = (written,) if isinstance(written, Message) else written
    need(scope, (message.basic for message in messages))
    need(scope, [(config.memory and config.memory.query_prompt_template) or ""])
    looked_up = found_context(config.context, scope)
    past = await remembered(config.memory, model, scope, config.vision)
    if isinstance(written, Message):
        query = question(config.memory or Memory(), scope)
        lines = [whole(written, config, scope, context.text_of(looked_up), past, query)]
    else:
        query = question(config.memory, scope)
        lines = [line async for line in said(messages, config, scope, context.text_of(looked_up))]
        lines += [*past, Line("user", query)]
        asked = (config.memory and config.memory.query_prompt_template) or ""
        lines += [line async for line in referred(asked, "user", config.vision, scope)]
    lines = [line for line in lines if shows(line)]
    lines = [*with_pictures(lines, await pictures(config.vision, looked_up, scope))]
    if not lines:
        raise scope.failed("No prompt: nothing is left to ask the model.", "NoPromptFoundError")
    return tuple(lines)


def shows(line: Line) -> bool:
    return bool(line.text or line.images)


def found_context(wanted: Context | None, scope: Scope) -> object:
    """What was looked up for this node, noted among the run's sources."""
    if wanted is None or not wanted.enabled or not wanted.variable_selector:
        return None
    value = scope.value(wanted.variable_selector)
    scope.course.citations[:] = context.cited(scope.course.citations, value)
    scope.inputs = {**(scope.inputs or {}), "#context#": None if value is MISSING else value}
    return value


def question(memory: Memory | None, scope: Scope) -> str:
    """What is asked behind the conversation's past; nothing, where there is no memory."""
    if memory is None:
        return ""
    if memory.query_prompt_template:
        return template.fill(memory.query_prompt_template, scope.pool)
    query = scope.value(("sys", "query"))
    return query if isinstance(query, str) else ""


async def said(messages: Iterable[Message], config: Config, scope: Scope, found: str) -> AsyncGenerator[Line, None]:
    """The messages of the prompt, and behind each the pictures that it refers to."""
    for message in messages:
        role = role_of(message)
        if message.jinja:
            yield Line(role, rendered(message.jinja2_text or "", config, scope, {}))
            continue
        yield Line(role, placed(message.basic, scope, {"context": found}))
        async for line in referred(message.basic, role, config.vision, scope):
            yield line


async def referred(text: str, role: Role, vision: Vision | None, scope: Scope) -> AsyncGenerator[Line, None]:
    """The pictures that a text refers to: a message of their own."""
    values = [scope.value(selector) for selector in template.references(text)]
    files = [file for value in values for file in files_in(value)]
    if shown := await images(files, (vision or Vision()).detail, scope):
        yield Line(role, "", shown)


def role_of(message: Message) -> Role:
    match message.role:
        case "system" | "assistant":
            return message.role
        case _:
            return "user"


def whole(written: Message, config: Config, scope: Scope, found: str, past: tuple[Line, ...], query: str) -> Line:
    """The prompt of a completion model: one text, with the conversation's past in it or before it."""
    histories = ""
    if past and config.memory is not None:
        prefix = config.memory.role_prefix
        if prefix is None:
            raise scope.failed("A memory needs its role prefix here.", "MemoryRolePrefixRequiredError")
        histories = as_text(past, prefix.user or "", prefix.assistant or "")
    places = {"context": found, "histories": histories, "sys.query": query}
    source = (written.jinja2_text or "") if written.jinja else written.basic
    has_place = any("histories" in place.groups() for place in PLACES.finditer(source))
    text = rendered(source, config, scope, places) if written.jinja else placed(source, scope, places)
    return Line("user", text if has_place or not histories else f"{histories}\n{text}")


def placed(text: str, scope: Scope, places: dict[str, str]) -> str:
    """The text with everything in its place, in one pass: what is put in is never looked at again (dsl.md 3.3)."""
    return "".join(
        PLACES.sub(lambda place: places.get(place[1] or place[2], place[0]), segment)
        if isinstance(segment, str)
        else text_form(scope.value(segment))
        for segment in template.parse(text)
    )


def rendered(source: str, config: Config, scope: Scope, places: dict[str, str]) -> str:
    """A text of Jinja's; the places in it become variables, so that what stands there is never taken for Jinja's."""
    named = (config.prompt_config and config.prompt_config.jinja2_variables) or ()
    values = {one.variable: scope.value(one.value_selector or ()) for one in named}
    natives = {name: None if value is MISSING else value for name, value in values.items()}
    scope.inputs = {**(scope.inputs or {}), **natives}
    if places:
        source = PLACES.sub(lambda place: "{{ " + variable(place[1] or place[2]) + " }}", source)
        natives |= {variable(name): text for name, text in places.items()}
    try:
        return jinja.render(source, natives)
    except NodeFailed as failed:
        raise scope.failed(failed.message, failed.kind) from failed


def variable(place: str) -> str:
    return f"__{place.replace('.', '_')}"


async def pictures(vision: Vision | None, looked_up: object, scope: Scope) -> tuple[Image, ...]:
    """What the model is to look at: the files of the vision's variable, then those that were looked up."""
    if vision is None or not vision.enabled:
        return ()
    files = seen(vision, scope)
    if files:
        scope.inputs = {**(scope.inputs or {}), "#files#": files}
    return await images([*files, *context.files_of(looked_up)], vision.detail, scope)
