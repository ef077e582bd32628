"""JavaScript in processes of their own, each for one run at a time, in the jail where there is one. Does not know the
interpreter that they hold.

The interpreter costs 0.6 s and 70 MB to make ready, so a process serves many runs; each run has a fresh one within
WebAssembly. A process that does not answer in time, or dies, is replaced; one that is idle for a minute ends.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from importlib import resources, util
from pathlib import Path
from typing import cast

from parlour.domain.problems import CodeFailed
from parlour.providers.sandbox.jail import FLAGS, Jail
from parlour.providers.sandbox.limits import Limits, failure_of, packed, result_of, too_long
from parlour.providers.sandbox.processes import end, kill, spawn

SOURCE = resources.files("parlour.providers.sandbox").joinpath("inside_javascript.py").read_text("utf-8")
NEEDED = ("quickjs_rs", "wasmtime", "typing_extensions")
PACKAGES = "/packages"
STARTING = 20
"""Seconds that a start may take on a busy machine."""
SLACK = 1
"""Seconds after which a process whose own clock should have ended the run is taken for stuck."""
IDLE = 60.0
WIDEST = 4
"""Bytes of a character."""


class JavaScript:
    def __init__(self, limits: Limits, jail: Callable[[], Awaitable[Jail | str]]) -> None:
        """`jail`: where there is one; else why not."""
        self._limits = limits
        self._jail = jail
        self._idle: dict[Process, asyncio.TimerHandle] = {}

    async def run(self, code: str, inputs: dict[str, object]) -> object:
        limits = self._limits
        order = {
            "code": code,
            "inputs": inputs,
            "seconds": limits.seconds,
            "memory": limits.memory,
            "output": limits.output,
        }
        process = await self._take()
        told = ""
        try:
            async with asyncio.timeout(limits.seconds + SLACK):
                told = await ask(process, packed(order), WIDEST * limits.output)
        except TimeoutError as error:
            raise too_long(limits) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise CodeFailed("The code ended its interpreter without a result.") from error
        finally:
            if not told:
                await end(process)
        self._idle[process] = asyncio.get_running_loop().call_later(IDLE, self._retire, process)
        if told.startswith("!"):
            raise failure_of(told[1:], limits)
        return result_of(told[1:], limits)

    async def aclose(self) -> None:
        while self._idle:
            process, timer = self._idle.popitem()
            timer.cancel()
            await end(process)

    async def _take(self) -> Process:
        """A process that waits for an order: the one that was used last, or a new one.

        Raises:
            CodeFailed: it does not start.
        """
        while self._idle:
            process, timer = self._idle.popitem()
            timer.cancel()
            if process.returncode is None:
                return process
        process = await self._start()
        try:
            async with asyncio.timeout(STARTING):
                await receive(process)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await end(process)
            raise CodeFailed("The interpreter for JavaScript does not start.") from error
        except asyncio.CancelledError:
            await end(process)
            raise
        return process

    async def _start(self) -> Process:
        places, jail = await asyncio.to_thread(packages), await self._jail()
        if isinstance(jail, Jail):
            within = {outside: f"{PACKAGES}/{Path(outside).name}" for outside in places}
            allowed = "memfd_create"  # WebAssembly holds its memory so
            return await jail.start(SOURCE, within, PACKAGES, but=allowed)
        return await spawn(sys.executable, *FLAGS, "-c", SOURCE, str(Path(places[0]).parent))

    def _retire(self, process: Process) -> None:
        del self._idle[process]
        kill(process)


def packages() -> list[str]:
    """The folders of the packages of ours that are needed, or their one files."""
    origins = [Path(str(found and found.origin)) for found in map(util.find_spec, NEEDED)]
    return [str(origin.parent if origin.name == "__init__.py" else origin) for origin in origins]


async def ask(process: Process, order: bytes, most: int) -> str:
    into = cast("StreamWriter", process.stdin)
    into.write(len(order).to_bytes(4, "big") + order)
    await into.drain()
    return await receive(process, most)


async def receive(process: Process, most: int = 100) -> str:
    out = cast("StreamReader", process.stdout)
    length = int.from_bytes(await out.readexactly(4), "big")
    if length > most:
        raise asyncio.IncompleteReadError(b"", length)
    return (await out.readexactly(length)).decode(errors="replace")
