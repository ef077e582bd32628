"""Processes that hold strangers' code: begun so that they can be ended whole. Does not know what they run."""

import asyncio
import os
import signal
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import cast

PIECE = 64 * 1024


async def spawn(*command: str, kept: tuple[int, ...] = ()) -> Process:
    """A process in a group of its own, with pipes to talk to it and no environment; nothing is left of it if whoever
    waits for its start is cancelled. `kept`: files that are open in it too.
    """
    starting = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, start_new_session=True, pass_fds=kept
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(OSError):
            await end(await starting)
        raise


def kill(process: Process) -> None:
    """With all of its group: bubblewrap ties what is in a jail to itself, but not in the first moments."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


async def end(process: Process) -> None:
    """Kill it, and wait until it is gone."""
    kill(process)
    out = cast("StreamReader", process.stdout)
    while await out.read(PIECE):
        pass  # `wait` waits for the end of the pipe, and a full one is not read to its end
    await process.wait()
