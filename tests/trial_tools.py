"""Tools at their worst, and one that draws. Every house of a test has them, as provider `trial`."""

import asyncio
import struct
import zlib
from typing import Any

from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Made, Outcome
from parlour.tools.tool import Builtin, Given, Reach, string
from parlour.tools.toolbox import Toolbox

NOTHING: Any = None
REACH = Reach(NOTHING, NOTHING, NOTHING, NOTHING)
"""Of tools that reach for nothing."""
NAP = 0.05
"""Seconds that the slow one may take."""


def dot(red: int = 255) -> bytes:
    """A PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes((0, red, 0, 0)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class Slow:
    """A tool that never answers, and tells when it was begun and when it was ended."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()

    async def run(self, given: Given) -> Outcome:
        del given
        self.begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.ended.set()
        return Outcome()


def alone(*tools: Builtin) -> Toolbox:
    """A toolbox of these, which reach for nothing."""
    return Toolbox({"trial": tools}, REACH)


async def paint(given: Given) -> Outcome:
    return Outcome("image created", (Made(f"{given.text('prompt')}.png", "image/png", dot()),))


async def fail(given: Given) -> Outcome:
    raise ToolFailed(f"no {given.text('what', 'luck')} today")


async def big(given: Given) -> Outcome:
    del given
    return Outcome("0123456789" * 1024 * 1024)


async def say(given: Given) -> Outcome:
    return Outcome(f"{given.text('word')} {given.text('mark', '.')}")


async def never(given: Given) -> Outcome:
    return await Slow().run(given)


TRIAL = (
    Builtin("paint", "Paint", "Paints a picture.", paint, {"prompt": string("what to paint")}, ("prompt",)),
    Builtin("fail", "Fail", "Fails.", fail, {"what": string("what there is none of")}),
    Builtin("big", "Big", "Says ten megabytes.", big),
    Builtin("say", "Say", "Says a word.", say, {"word": string("the word")}, ("word",)),
    Builtin("never", "Never", "Never answers.", never, seconds=NAP),
)
