"""What somebody's package may have as tools: loaded by tests under its name, and by none of its importers."""

import asyncio
import threading
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parlour.ports.tools import Made, Outcome
from parlour.tools.tool import Builtin, Given, string
from tests.trial_tools import dot

BEGUN: list[str] = []
ENDED: list[str] = []
"""What has begun, and what has ended."""
GO_ON = threading.Event()


class Customer(Struct):
    name: str
    since: int = 2020


async def look_up(
    customer: Annotated[Customer, Meta(description="who it is about")],
    kind: Literal["bill", "offer"],
    most: int = 3,
) -> dict[str, object]:
    """Looks up what a customer was sent.

    The newest first.
    """
    return {"for": customer.name, "since": customer.since, "kind": kind, "most": most}


def add(a: float, b: float) -> float:
    """Adds two numbers."""
    return a + b


async def whisper(given: Given, word: str) -> str:
    """Says where it goes, and with what."""
    return f"{word} {given.app} {given.access.base_url} {given.access.api_key} {len(given.access.api_key)}"


async def draw() -> Outcome:
    """Draws."""
    return Outcome("drawn", (Made("dot.png", "image/png", dot()),))


def fail(how: str) -> None:
    """Fails in some way."""
    if how == "exit":
        raise SystemExit(3)
    raise ValueError(f"cannot {how}")


async def wait() -> None:
    """Waits for ever."""
    BEGUN.append("wait")
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        ENDED.append("wait")


def block() -> None:
    """Waits for others, and cannot be stopped."""
    BEGUN.append("block")
    GO_ON.wait(10)
    ENDED.append("block")


def positions(*several: str) -> None:
    """Cannot be given by name."""


async def throw(given: Given) -> Outcome:
    return Outcome(f"It shows {given.whole('sides', 6)}.")


TOOLS = [Builtin("throw", "Throw", "Throws a die.", throw, {"sides": string("how many")}), add]
