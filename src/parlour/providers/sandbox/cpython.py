"""Python in a jailed CPython, a fresh one for each run. Does not know how the jail holds."""

import asyncio
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import Process
from contextlib import suppress
from importlib import resources
from typing import cast

from parlour.domain.problems import CodeFailed
from parlour.providers.sandbox.jail import Jail
from parlour.providers.sandbox.limits import OF_ITS_OWN, Limits, failure_of, packed, result_of, too_long
from parlour.providers.sandbox.processes import PIECE, end

SOURCE = resources.files("parlour.providers.sandbox").joinpath("inside_python.py").read_text("utf-8")
PACKAGES = "/packages"
ITSELF = 64 * 1024 * 1024
"""Bytes that the interpreter takes before the code does anything."""
STARTING = 2
"""Seconds that a start may take on a busy machine, beside the code's own."""
OUT_OF_TIME = {128 + 9, 128 + 24}
"""How a process ends that took the CPU time it was given: SIGKILL, SIGXCPU."""
ENDED = "The code ended its interpreter without a result (exit status {})."
NO_MODULE = "ModuleNotFoundError: "
LIBRARIES = "Libraries beside Python's own come from a folder (code.packages) or another sandbox (code.endpoint)."


class CPython:
    def __init__(self, limits: Limits, jail: Jail, packages: str = "") -> None:
        self._limits = limits
        self._jail = jail
        self._packages = {packages: PACKAGES} if packages else {}

    async def run(self, code: str, inputs: dict[str, object]) -> object:
        limits = self._limits
        order = {
            "code": code,
            "inputs": inputs,
            "seconds": limits.seconds,
            "memory": limits.memory + ITSELF,
            "packages": list(self._packages.values()),
        }
        process = await self._jail.start(SOURCE, self._packages)
        try:
            async with asyncio.timeout(limits.seconds + STARTING):
                told = await converse(process, packed(order), limits.output)
                ended = await process.wait()
        except TimeoutError as error:
            raise too_long(limits) from error
        finally:
            await end(process)  # and with it everything in the jail
        if told.startswith(b"!"):
            failed = failure_of(told[1:].decode(errors="replace"), limits)
            raise CodeFailed(f"{failed.message}. {LIBRARIES}") if failed.message.startswith(NO_MODULE) else failed
        if not told:
            raise too_long(limits) if ended in OUT_OF_TIME else CodeFailed(ENDED.format(ended))
        if not told.startswith(b"="):
            raise CodeFailed(OF_ITS_OWN)
        return result_of(told[1:].decode(errors="replace"), limits)


async def converse(process: Process, order: bytes, most: int) -> bytes:
    """Hand in the order and read what is told, up to a little more than `most`."""
    into, out = cast("StreamWriter", process.stdin), cast("StreamReader", process.stdout)
    with suppress(BrokenPipeError, ConnectionResetError):  # it ended early, and says why
        into.write(order)
        await into.drain()
    into.close()
    told = bytearray()
    while len(told) <= most + 1 and (piece := await out.read(PIECE)):
        told += piece
    if len(told) > most + 1:
        await end(process)
    return bytes(told)
