"""A model that uses tools (dsl.md 6.19, 8.5). Knows no tool and no provider: the loops of `llm/` do the steps.

What they tell becomes lines of a log, and the text that its answer says.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import partial
from typing import Literal, cast

import msgspec
from msgspec import Struct

from parlour.domain.app import Model, ToolUse
from parlour.domain.events import ModelCalled, ModelFinished
from parlour.domain.files import File
from parlour.domain.graph import Node
from parlour.domain.problems import Problem
from parlour.domain.usage import Usage, total
from parlour.domain.values import each_text
from parlour.flow import context, template
from parlour.flow.agent_log import Journal
from parlour.flow.agent_tools import Choice
from parlour.flow.asking import Memory, ModelChoice, metadata, model_of, remembered
from parlour.flow.given import Given
from parlour.flow.node import Chunk, Fault, Result, Say, Scope, Used
from parlour.flow.pool import MISSING
from parlour.flow.values import text_form
from parlour.llm.calling import calling
from parlour.llm.react import reacting
from parlour.llm.steps import Agent, Chose, Observed, Spoke
from parlour.ports.models import Line
from parlour.ports.tools import EVERY, Offer

USUAL_ROUNDS, MOST_ROUNDS = 5, 99
SERVERS = ("mcp_server", "mcp_servers_config", "servers_config")
"""Parameters by which strategies of others name servers of tools."""
TOOLS = ("agent_parameters", "tools", "value")
CONTEXT = "\n\nWhat was looked up may help:\n<context>\n{}\n</context>"
NO_JSON: dict[str, object] = {"data": []}

Strategy = Literal["function_calling", "react"]


class Written(Struct, frozen=True):
    """A model as an agent's parameters have it."""

    provider: str | None = None
    model: str | None = None
    mode: str | None = None
    completion_params: dict[str, object] | None = None


class Config(Struct, frozen=True):
    agent_strategy_provider_name: str | None = None
    agent_strategy_name: str | None = None
    agent_strategy_label: str | None = None
    agent_parameters: dict[str, Given | None] | None = None
    memory: Memory | None = None

    @property
    def strategy(self) -> Strategy | None:
        """Whichever its plugin: `ReAct`, `mcp_sse_function_calling`, … None for what is not known here."""
        name = (self.agent_strategy_name or "").lower()
        return "react" if name.endswith("react") else "function_calling" if name.endswith("function_calling") else None

    def written(self, name: str) -> object:
        """A parameter as it stands in the file; None for a variable."""
        said = (self.agent_parameters or {}).get(name)
        return said.value if said is not None and said.selector is None else None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """
        Raises:
            msgspec.ValidationError: they are not of the shape of tools.
        """
        return msgspec.convert(self.written("tools") or [], tuple[Choice, ...], strict=False)

    @property
    def servers(self) -> tuple[ToolUse, ...]:
        """All the tools of the servers that its strategy brings: an operator says where those are."""
        if not any(self.written(name) for name in SERVERS):
            return ()
        return (ToolUse.of(self.agent_strategy_provider_name or "", "", EVERY, kind="mcp", label=""),)


def strategy(config: Config) -> dict[str, str | None]:
    return {"name": config.agent_strategy_name or "", "icon": None}


def uses(config: Config) -> Iterable[Used]:
    try:
        choices = config.choices
    except msgspec.ValidationError:
        return
    for at, choice in enumerate(choices):
        if choice.enabled is not False:
            yield Used(choice.use, (*TOOLS, at, "tool_name"))
    for server in config.servers:
        yield Used(server, ("agent_strategy_name",))


def check(config: Config, node: Node) -> Iterable[Fault]:
    if config.strategy is None:
        name = config.agent_strategy_name
        what = f"strategy `{name}` of {config.agent_strategy_provider_name}" if name else ""
        advice = "is not served: function_calling and ReAct are" if name else "names no strategy (agent_strategy_name)"
        yield Fault("refused", node.id, what, advice, ("agent_strategy_name",) if name else ())
    try:
        choices = config.choices
    except msgspec.ValidationError as error:
        yield Fault("refused", node.id, "tools", str(error), TOOLS[:2])
        return
    for choice in choices:
        if choice.enabled is not False and not choice.use.named:
            yield Fault("refused", node.id, "a tool", "has no provider_name or no tool_name", TOOLS)


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    agent, kind = await _agent(config, scope)
    journal, spent, files, data = Journal(scope, agent.model), list[Usage](), list[File](), list[object]()
    speech = Speech(scope.node.id, streams=kind == "function_calling")
    moves = calling(agent, scope.ports) if kind == "function_calling" else reacting(agent, scope.ports)
    try:
        async with aclosing(moves) as steps:
            async for move in steps:
                if isinstance(move, Spoke):  # nearly all of them
                    for chunk in speech.hear(move):
                        yield chunk
                    continue
                if isinstance(move, ModelCalled | ModelFinished):
                    yield move
                if isinstance(move, ModelFinished):
                    spent.append(move.usage)
                if isinstance(move, Chose):
                    for chunk in speech.hear(move):
                        yield chunk
                if isinstance(move, Observed):
                    for made in (file for used in move.used for file in used.files):
                        files.append(await scope.ports.files.keep(scope.owner, made.name, made.mime_type, made.data))
                    data += (value for used in move.used for value in used.data)
                for line in journal.hear(move):
                    yield line
    except Problem as problem:
        for line in journal.failed(problem.message):
            yield line
        raise
    usage, lines = total(spent), journal.lines
    outputs: dict[str, object] = {"text": speech.text, "usage": usage.members(), "files": files}
    outputs["json"] = [*lines, *(data or [NO_JSON])]
    kinds = {"files": "array[file]", "json": "array[object]"}
    costs = {**metadata(usage), "agent_log": lines}
    yield Result(outputs, metadata=costs, kinds=kinds, files=tuple(files))


class Speech:
    """What of an agent's words is its answer: those of all its steps, or where it thinks aloud, of the last one."""

    def __init__(self, node: str, *, streams: bool) -> None:
        self._selector = (node, "text")
        self._streams = streams
        self._parts: list[str] = []
        self._paragraph = False
        """Whether what is said next begins on a line of its own."""

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def hear(self, move: Spoke | Chose) -> Iterable[Chunk]:
        if isinstance(move, Chose):
            if not self._streams and not move.calls:
                yield from self._say(move.final or move.text)
            self._paragraph = bool(self._parts)
        elif self._streams:
            yield from self._say(move.text)

    def _say(self, text: str) -> Iterable[Chunk]:
        for part in ("\n" if self._paragraph else "", text):
            if part:
                self._parts.append(part)
                yield Chunk(self._selector, part)
        self._paragraph = False


async def _agent(config: Config, scope: Scope) -> tuple[Agent, Strategy]:
    """Who is to do it, and how.

    Raises:
        Problem: a variable is not there, no model is chosen, or who serves a tool does not answer.
    """
    values = {
        name: settled(said, scope) for name, said in (config.agent_parameters or {}).items() if said and name != "tools"
    }
    model = _model(values.get("model"), scope)
    offers = await _offers(config, scope)
    instruction, query = text_form(values.get("instruction")), text_form(values.get("query"))
    rounds = _rounds(values.get("maximum_iterations"))
    names = [offer.tool.name for offer in offers]
    scope.inputs = {"instruction": instruction, "query": query, "maximum_iterations": rounds, "tools": names}
    scope.inputs |= {"model": {"provider": model.provider, "name": model.name}}
    if found := context.text_of(values.get("context")):
        scope.course.citations[:] = context.cited(scope.course.citations, values["context"])
        instruction += CONTEXT.format(found)
    system = (Line("system", instruction.strip()),) if instruction.strip() else ()
    past = await remembered(config.memory, model, scope)
    caller = scope.caller
    native = config.strategy == "function_calling" and scope.ports.models.uses_tools(model)
    agent = Agent(model, (*system, *past, Line("user", query)), offers, rounds, caller)
    return agent, "function_calling" if native else "react"


async def _offers(config: Config, scope: Scope) -> tuple[Offer, ...]:
    chosen = [choice for choice in config.choices if choice.enabled is not False]
    uses = [choice.settled(partial(settled, scope=scope)) for choice in chosen]
    by_title = {use.title: choice for use, choice in zip(uses, chosen, strict=True)}
    offers = await scope.ports.tools.offers([*uses, *config.servers])
    return tuple(by_title[title].shown(offer) if (title := offer.use.title) in by_title else offer for offer in offers)


def settled(said: Given, scope: Scope) -> object:
    """A parameter's value: of a variable as it is, of anything else with the references in its texts filled in.

    Raises:
        NodeFailed: there is no such variable.
    """
    if said.selector is None:
        return each_text(said.value, lambda text: template.fill(text, scope.pool))
    value = scope.value(said.selector)
    if value is MISSING:
        raise scope.failed(f"Variable {'.'.join(said.selector)} not found.", "AgentVariableNotFoundError")
    return value


def _model(said: object, scope: Scope) -> Model:
    try:
        written = msgspec.convert(said or {}, Written, strict=False)
    except msgspec.ValidationError as error:
        raise scope.failed(f"Its model is not of the shape of one: {error}.", "AgentInputTypeError") from error
    return model_of(ModelChoice(written.provider, written.model, written.mode, written.completion_params), scope)


def _rounds(said: object) -> int:
    try:
        return min(max(int(float(cast("str", said))), 1), MOST_ROUNDS)
    except (TypeError, ValueError, OverflowError):
        return USUAL_ROUNDS
