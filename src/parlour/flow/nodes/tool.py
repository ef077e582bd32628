"""A tool is used (dsl.md 6.11). Knows no tool, and nobody who serves one.

Its parameters that the tool declares are its arguments; what else is set goes along as its author's settings.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable

from msgspec import Struct, structs

from parlour.domain.app import ToolUse
from parlour.domain.files import File
from parlour.domain.graph import Node
from parlour.domain.problems import Problem
from parlour.flow import given
from parlour.flow.node import Chunk, Fault, NodeFailed, Result, Say, Scope, Used
from parlour.llm.using import LARGEST_FILE, MOST_FILES
from parlour.ports.tools import Made, Offer, Outcome
from parlour.ports.web import MEGABYTE

LONGEST_TEXT = MEGABYTE
INVOKED = "ToolInvokeError"
NO_JSON: list[object] = [{"data": []}]
"""What stands for the values of a tool that has none."""


class Config(Struct, frozen=True):
    provider_id: str | None = None
    provider_name: str | None = None
    provider_type: str | None = None
    tool_name: str | None = None
    tool_label: str | None = None
    tool_parameters: dict[str, given.Given | None] | None = None
    tool_configurations: dict[str, given.Given | None] | None = None
    plugin_unique_identifier: str | None = None

    @property
    def use(self) -> ToolUse:
        names = self.provider_name or "", self.provider_id or "", self.tool_name or ""
        return ToolUse.of(*names, kind=self.provider_type or "builtin", label=self.tool_label or "")

    @property
    def info(self) -> dict[str, object]:
        told = {"provider_type": self.provider_type or "builtin", "provider_id": self.provider_id or ""}
        return {**told, "plugin_unique_identifier": self.plugin_unique_identifier or ""}


def uses(config: Config) -> tuple[Used, ...]:
    return (Used(config.use, ("tool_name",), needed=True),) if config.use.named else ()


def check(config: Config, node: Node) -> Iterable[Fault]:
    if not config.use.named:
        yield Fault("refused", node.id, "", "names no tool: `provider_name` and `tool_name` are to say which one it is")


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    pool = scope.pool
    values = given.parameters(config.tool_parameters or {}, pool)
    scope.inputs = dict(values)
    values |= given.settings(config.tool_configurations or {}, pool)
    try:
        outcome = await _used(await _offer(config.use, scope), values, scope)
    except NodeFailed as failed:
        raise scope.failed(failed.message, failed.kind) from failed
    except Problem as problem:
        raise scope.failed(problem.message, INVOKED) from problem
    files = await kept(outcome.files, scope)
    if outcome.text:
        yield Chunk((scope.node.id, "text"), outcome.text)
    outputs = {"text": outcome.text, "files": files, "json": list(outcome.data) or NO_JSON}
    kinds = {"files": "array[file]", "json": "array[object]"}
    yield Result({**outcome.variables, **outputs}, metadata={"tool_info": config.info}, kinds=kinds, files=tuple(files))


async def _offer(use: ToolUse, scope: Scope) -> Offer:
    """
    Raises:
        ToolFailed: who serves it does not answer.
        NodeFailed: nobody does.
    """
    for offer in await scope.ports.tools.offers([use]):
        return offer
    raise NodeFailed(f"The tool {use.title} is not here.", "ToolNotServed")


async def _used(offer: Offer, values: dict[str, object], scope: Scope) -> Outcome:
    """
    Raises:
        Problem: it is given the wrong things, fails, takes too long, or says too much.
    """
    arguments, settings = given.fitted(values, offer.tool.parameters)
    offer = structs.replace(offer, use=structs.replace(offer.use, settings=settings))
    caller = scope.caller
    try:
        async with asyncio.timeout(offer.seconds):
            outcome = await scope.ports.tools.run(offer, arguments, caller)
    except TimeoutError:
        raise NodeFailed(f"The tool took longer than {offer.seconds:g} seconds.", INVOKED) from None
    if len(outcome.text) > LONGEST_TEXT:
        raise NodeFailed(f"The text of the tool is longer than {LONGEST_TEXT // MEGABYTE} MB.", INVOKED)
    return outcome


async def kept(made: Iterable[Made], scope: Scope) -> list[File]:
    """The files that a tool has made, as files of the flow.

    Raises:
        NodeFailed: they are too many, or too large: none of them is lost without a word.
    """
    files = tuple(made)
    if len(files) > MOST_FILES or any(len(file.data) > LARGEST_FILE for file in files):
        most = f"{MOST_FILES} files, of {LARGEST_FILE // MEGABYTE} MB each"
        raise scope.failed(f"The tool has made more than is kept: at most {most}.", "ToolFileError")
    return [await scope.ports.files.keep(scope.owner, file.name, file.mime_type, file.data) for file in files]
