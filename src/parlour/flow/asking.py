"""What nodes that ask a model share: which model and how, what it remembers, what it sees, what it took.

Does not know what any of them asks.
"""

import base64
import json
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, suppress
from typing import Literal, cast

from msgspec import Struct, structs

from parlour.domain.app import Model
from parlour.domain.events import ModelCalled, ModelFinished
from parlour.domain.files import File, FileRef
from parlour.domain.problems import Problem
from parlour.domain.turn import Exchange
from parlour.domain.usage import NOTHING, Usage
from parlour.flow import template
from parlour.flow.node import Scope
from parlour.flow.pool import MISSING, Pool
from parlour.flow.values import files_in
from parlour.llm.documents import MOST_AGAIN
from parlour.llm.exchange import converse
from parlour.llm.prompt import answer_limit
from parlour.llm.window import MOST, UNKNOWN_ROOM, Scale, fitting, past
from parlour.ports.models import Call, Image, Line, Sealed, Text, Thinking, ToolCall

LONGEST_PARAMETER = 1024
LARGEST_IMAGE = 10 * 1024 * 1024
"""Bytes; it is held in memory for the model."""


class ModelChoice(Struct, frozen=True):
    provider: str | None = None
    name: str | None = None
    mode: str | None = None
    completion_params: dict[str, object] | None = None


class RolePrefix(Struct, frozen=True):
    user: str | None = None
    assistant: str | None = None


class Window(Struct, frozen=True):
    enabled: bool | None = None
    size: float | None = None


class Memory(Struct, frozen=True):
    role_prefix: RolePrefix | None = None
    window: Window | None = None
    query_prompt_template: str | None = None

    @property
    def size(self) -> int:
        """How many messages are looked at, the one that is being answered among them."""
        window = self.window or Window()
        return int(window.size) if window.enabled and window.size and window.size >= 1 else MOST


class VisionOf(Struct, frozen=True):
    variable_selector: tuple[str, ...] | None = None
    detail: Literal["high", "low"] | None = None


class Vision(Struct, frozen=True):
    enabled: bool | None = None
    configs: VisionOf | None = None

    @property
    def detail(self) -> Literal["high", "low"]:
        return (self.configs and self.configs.detail) or "high"

    @property
    def selector(self) -> tuple[str, ...]:
        return (self.configs and self.configs.variable_selector) or ("sys", "files")


def model_of(choice: ModelChoice, scope: Scope) -> Model:
    """The model, with its parameters as they are in this run.

    Raises:
        NodeFailed: none is chosen.
    """
    if not choice.provider or not choice.name:
        raise scope.failed("No model is chosen.", "LLMModeRequiredError")
    given = dict(choice.completion_params or {})
    stop = given.pop("stop", None)
    words = cast("list[object]", stop) if isinstance(stop, list) else [stop]
    return Model(
        provider=choice.provider,
        name=choice.name,
        mode="completion" if choice.mode == "completion" else "chat",
        parameters={name: settled(value, scope.pool) for name, value in given.items()},
        stop=tuple(word for word in words if isinstance(word, str) and word),
    )


def settled(value: object, pool: Pool) -> object:
    """A parameter with its references filled in; what then looks like a number or a boolean is one."""
    if not isinstance(value, str) or not template.references(value):
        return value
    text = template.fill(value, pool)[:LONGEST_PARAMETER]
    try:
        read: object = json.loads(text.strip().lower())
    except ValueError:
        return text
    return read if isinstance(read, bool | int | float) else text


def need(scope: Scope, texts: Iterable[str]) -> None:
    """Note what the texts refer to as the node's inputs.

    Raises:
        NodeFailed: something of it is not there.
    """
    inputs = dict(scope.inputs or {})
    for selector in (found for text in texts for found in template.references(text)):
        name, value = ".".join(selector), scope.value(selector)
        if value is MISSING:
            raise scope.failed(f"Variable {name} not found.", "VariableNotFoundError")
        inputs[f"#{name}#"] = value
    scope.inputs = inputs


async def remembered(
    memory: Memory | None, model: Model, scope: Scope, vision: Vision | None = None
) -> tuple[Line, ...]:
    """The earlier turns of the conversation that the model is shown (dsl.md 8.3); the prompt itself weighs nothing."""
    if memory is None or not scope.turn.history:
        return ()
    detail = scope.turn.app.features.files.image_detail
    history = past(await recalled(scope, vision), memory.size, detail)
    room, limit = scope.ports.models.context(model), answer_limit(model)
    budget = UNKNOWN_ROOM if room is None else max(room - (limit[1] if limit else 0), 0)
    return await fitting(history, budget, Scale(model, scope.ports.tokens))


async def recalled(scope: Scope, vision: Vision | None) -> list[Exchange]:
    """Earlier turns, with their pictures where the model is to see any: the newest ones, as many as there is room for.

    What cannot be read any more is left out: a picture that is gone must not end the conversation.
    """
    sees = vision is not None and vision.enabled and scope.turn.app.features.files.enabled
    left = MOST_AGAIN
    turns: list[Exchange] = []
    for said in reversed(scope.turn.history):
        pictures: list[FileRef] = []
        for file in said.files if sees else ():
            if file.type == "image" and left > 0:
                with suppress(Problem):
                    data = await _address(file.as_value(), scope)
                    left -= len(data)
                    pictures += [structs.replace(file, data=data)] if left >= 0 else []
        turns.append(structs.replace(said, files=tuple(pictures)))
    return turns[::-1]


def seen(vision: Vision | None, scope: Scope) -> list[File]:
    """The files that the model is to look at.

    Raises:
        NodeFailed: the variable holds something else.
    """
    if vision is None or not vision.enabled:
        return []
    value = scope.value(vision.selector)
    if value is MISSING or value is None or value == []:
        return []
    files = files_in(value)
    if not files or (isinstance(value, list) and files != value):
        raise scope.failed(f"Variable {'.'.join(vision.selector)} holds no files.", "InvalidVariableTypeError")
    return files


async def images(files: Iterable[File], detail: Literal["high", "low"], scope: Scope) -> tuple[Image, ...]:
    """The pictures among them, by address or by content.

    Raises:
        Problem: one of them cannot be read.
    """
    return tuple([Image(await _address(file, scope), detail) for file in files if file.type == "image"])


async def _address(file: File, scope: Scope) -> str:
    if file.transfer_method == "remote_url":
        return file.url
    data = await scope.ports.files.read(scope.owner, file, LARGEST_IMAGE, scope.turn.app.card.name)
    kind = file.mime_type if file.mime_type.startswith("image/") else f"image/{_subtype(file.extension)}"
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _subtype(extension: str) -> str:
    kind = extension.removeprefix(".")
    return {"jpg": "jpeg", "svg": "svg+xml"}.get(kind, kind or "png")


def asked(call: Call) -> dict[str, object]:
    """What a node's event says of a call: pictures only by their number."""
    prompts = [{"role": line.role, "text": line.text, "images": len(line.images)} for line in call.lines]
    model = call.model
    told = {"model_mode": model.mode, "model_provider": model.provider, "model_name": model.name}
    return {**told, "prompts": prompts}


def with_pictures(lines: list[Line], shown: tuple[Image, ...]) -> Iterator[Line]:
    """The pictures in front of the last message's own, if that is the user's; else in a message behind it."""
    if not shown:
        yield from lines
    elif lines and lines[-1].role == "user":
        yield from lines[:-1]
        own = lines[-1].images  # a prompt may refer to the pictures, too: nothing is shown twice
        yield structs.replace(lines[-1], images=(*(image for image in shown if image not in own), *own))
    else:
        yield from (*lines, Line("user", "", shown))


async def with_seen(lines: list[Line], vision: Vision | None, scope: Scope) -> tuple[Line, ...]:
    """The prompt with the files that the model is to look at."""
    files = seen(vision, scope)
    return tuple(with_pictures(lines, await images(files, (vision or Vision()).detail, scope)))


class Reply(Struct):
    """What a model has answered, where nobody listens while it does; thoughts that are told apart are left out."""

    parts: list[str] = []
    tools: list[ToolCall] = []
    finished: ModelFinished = ModelFinished(NOTHING)

    @property
    def text(self) -> str:
        return "".join(self.parts)


async def heard(call: Call, reply: Reply, scope: Scope) -> AsyncGenerator[ModelCalled | ModelFinished, None]:
    """Ask, and fill in the reply; what is said of it meanwhile is for the run's accounts.

    Raises:
        Problem: as the port `Models.stream`.
    """
    scope.process = asked(call)
    async with aclosing(converse(call, scope.ports)) as said:
        async for item in said:
            match item:
                case Text():
                    reply.parts.append(item.text)
                case ToolCall():
                    reply.tools.append(item)
                case ModelCalled():
                    yield item
                case ModelFinished():
                    reply.finished = item
                    yield item
                case Thinking() | Sealed():
                    pass
    scope.process |= {"usage": reply.finished.usage.members(), "finish_reason": reply.finished.reason}


def metadata(usage: Usage) -> dict[str, object]:
    """What a node's event says of a call's costs."""
    members = usage.members()
    return {name: members[name] for name in ("total_tokens", "total_price", "currency")}
