"""The tools of the provider `chart`: numbers as pictures, drawn by a process of its own. Knows no drawing itself.

The library that draws takes memory that a server without charts should not pay for.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from functools import partial
from pathlib import Path

import msgspec

from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Made, Outcome
from parlour.tools.tool import Builtin, Given, string

PAINTER = str(Path(__file__).with_name("chart_picture.py"))
MOST = 100
"""Numbers of one chart."""
KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
"""The keys of providers stay here."""


def numbers(written: str) -> list[float]:
    """Numbers with semicolons between, or with commas.

    Raises:
        ToolFailed: one is none.
    """
    parts = [part for part in written.strip("[] ").replace(",", ";").split(";") if part.strip()]
    try:
        found = [float(part) for part in parts]
    except ValueError:
        raise ToolFailed(f"the data must be numbers with ; between, and are {written[:200]!r}") from None
    if not found or len(found) > MOST or not all(abs(one) < 1e15 for one in found):
        raise ToolFailed(f"the data must be 1 to {MOST} numbers of reasonable size")
    return found


async def drawn(kind: str, labels: str, given: Given) -> Outcome:
    data = numbers(given.text("data"))
    names = [part.strip() for part in given.text(labels).strip("[] ").split(";") if part.strip()]
    if names and len(names) != len(data):
        raise ToolFailed(f"{labels} has {len(names)} names, and the data {len(data)} numbers")
    if kind == "pie" and (min(data) < 0 or not sum(data)):
        raise ToolFailed("the data of a pie chart must be positive")
    order = msgspec.json.encode({"kind": kind, "data": data, "names": names})
    picture = await painted(order)
    return Outcome(f"The {kind} chart is drawn.", (Made(f"{kind}_chart.png", "image/png", picture),))


async def painted(order: bytes) -> bytes:
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", PAINTER, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
    )
    try:
        picture, _ = await process.communicate(order)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not picture:
        raise ToolFailed("the chart could not be drawn")
    return picture


DATA = string("the numbers, with ; between, such as 3;1.5;4")
NAMES = string("their names, with ; between, such as Jan;Feb;Mar")


def chart(kind: str, names: str, *, named: bool = False) -> Builtin:
    """The tool for one kind of chart. `names`: the parameter for what the numbers are called; `named`: it is needed."""
    return Builtin(
        f"{kind}_chart",
        f"{kind.title()} Chart",
        f"Draws numbers as a {kind} chart, and shows it to the user.",
        partial(drawn, kind, names),
        {"data": DATA, names: NAMES},
        ("data", names) if named else ("data",),
    )


TOOLS = (chart("bar", "x_axis"), chart("line", "x_axis"), chart("pie", "categories", named=True))
