"""Using the tools that a model asks for: all of a step at a time. Knows no tool.

Whatever goes wrong with one is told to the model, never raised: it can try another way, or tell its user.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec import structs

from parlour.domain.problems import Problem, ToolFailed
from parlour.llm.mending import read as mended
from parlour.llm.steps import Agent, Used
from parlour.ports import Ports
from parlour.ports.models import ToolCall
from parlour.ports.tools import Made, Offer, Outcome

MOST_CALLS = 16
"""Tools that one step may ask for."""
LONGEST_TEXT = 30_000
"""Characters of a result that a model is shown: some eight thousand tokens."""
LONGEST_FAILURE = 2_000
MOST_FILES, LARGEST_FILE = 8, 10 * 1024 * 1024

Arguments = dict[str, object]


async def use(calls: Sequence[ToolCall], agent: Agent, ports: Ports) -> tuple[Used, ...]:
    """All of them beside one another. Cancelling ends those that still run."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_timed(call, number, agent, ports)) for number, call in enumerate(calls)]
    return tuple(task.result() for task in tasks)


async def _timed(call: ToolCall, number: int, agent: Agent, ports: Ports) -> Used:
    began = ports.now()
    used = await _used(call, number, agent, ports)
    return structs.replace(used, seconds=ports.now() - began)


async def _used(call: ToolCall, number: int, agent: Agent, ports: Ports) -> Used:
    offer = agent.offer(call.name)
    if offer is None:
        known = ", ".join(one.tool.name for one in agent.offers) or "none"
        return _failed(call, f"there is not a tool named {call.name} (there are: {known})")
    if number >= MOST_CALLS:
        return _failed(call, f"not used: at most {MOST_CALLS} tools may be asked for at a time")
    try:
        arguments = read(call.arguments, offer)
        async with asyncio.timeout(offer.seconds):
            outcome = await ports.tools.run(offer, arguments, agent.caller)
    except TimeoutError:
        return _failed(call, f"the tool was stopped: it took longer than {offer.seconds:g} seconds")
    except Problem as problem:
        return _failed(call, f"the tool failed: {problem.message}")
    return _told(call, outcome)


def _failed(call: ToolCall, why: str) -> Used:
    return Used(call, cut(why, LONGEST_FAILURE), failed=True)


def _told(call: ToolCall, outcome: Outcome) -> Used:
    files = [file for file in outcome.files if len(file.data) <= LARGEST_FILE][:MOST_FILES]
    said = [cut(outcome.text, LONGEST_TEXT), *(_shown(file) for file in files)]
    if left := len(outcome.files) - len(files):
        said.append(f"({left} files are left out: too many, or too large)")
    text = "\n".join(part for part in said if part)
    return Used(call, text or "done: the tool has nothing to say", tuple(files), outcome.data)


def _shown(file: Made) -> str:
    """What a model is told of a file that it cannot see."""
    what = "image" if file.mime_type.startswith("image/") else "file"
    return f"{what} {file.name} has been made, and the user sees it already: no link to it is needed."


def cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[:most]}\n… (cut here: {len(text)} characters in all, the first {most} are shown)"


def read(arguments: str, offer: Offer) -> Arguments:
    """What the model wrote as arguments, mended where it must be.

    Raises:
        ToolFailed: it is no object, or lacks what the tool needs.
    """
    found = arguments_of(arguments)
    known = offer.tool.properties
    if found is None and len(known) == 1:
        found = {next(iter(known)): plain(arguments)}
    if found is None:
        raise ToolFailed(f"its arguments must be one JSON object, and are {cut(arguments, 200)!r}")
    found = {name: value for name, value in found.items() if name in known or name not in offer.use.settings}
    if lacking := [name for name in offer.tool.required if name not in found and name not in offer.use.settings]:
        raise ToolFailed(f"its arguments lack {', '.join(lacking)}")
    return found


def plain(text: str) -> object:
    """What a model gives to a tool that takes one thing, without a name for it."""
    try:
        return cast("object", msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text


def arguments_of(text: str) -> Arguments | None:
    """The object that a text of JSON is; None if it is none."""
    if not text.strip():
        return {}
    found = mended(text) if "{" in text else None
    return cast("Arguments", found) if isinstance(found, dict) else None


def given(call: ToolCall) -> object:
    """What a tool is given; as it was written, where that is no object."""
    arguments = arguments_of(call.arguments)
    return call.arguments if arguments is None else arguments
