"""A process that answers one request at a time, started when it is needed and ended when it is not. Knows no engine."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import cast

from parlour.domain.problems import CompletionRequestFailed
from parlour.providers.voice.frames import END, FAILURE, HEAD, request

LOADING = 60.0
IDLE = 300.0
"""Seconds without a request, after which its memory is given back."""
KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")
"""What it sees of the environment: the keys of providers stay here."""


class Child:
    """`patience`: seconds that one request may take."""

    def __init__(self, module: str, patience: float, *, python: str = sys.executable, idle: float = IDLE) -> None:
        self._command = (python, "-P", "-m", module)
        self._patience = patience
        self._idle = idle
        self._one = asyncio.Lock()
        self._process: Process | None = None
        self._exchanges: set[asyncio.Task[None]] = set()
        self._ending: asyncio.TimerHandle | None = None

    async def ask(self, data: bytes) -> AsyncGenerator[bytes, None]:
        """The answer, piece by piece. Who leaves before its end lets the process finish it unheard.

        Raises:
            CompletionRequestFailed: it fails, or takes too long.
        """
        heard: asyncio.Queue[bytes | None] = asyncio.Queue()
        task = asyncio.create_task(self._exchange(data, heard))
        self._exchanges.add(task)
        task.add_done_callback(self._exchanges.discard)
        task.add_done_callback(lambda _: heard.put_nowait(None))
        while (piece := await heard.get()) is not None:
            yield piece
        await task

    async def aclose(self) -> None:
        """End the process. It may be started again."""
        for task in self._exchanges:
            task.cancel()
        if self._exchanges:
            await asyncio.wait(self._exchanges)
        await self._end()

    async def _exchange(self, data: bytes, heard: asyncio.Queue[bytes | None]) -> None:
        async with self._one:
            try:
                async with asyncio.timeout(LOADING):
                    process = await self._ready()
                async with asyncio.timeout(self._patience):
                    await told(process, data, heard)
            except CompletionRequestFailed:
                self._rest_later()  # it has said so itself, and may be asked again
                raise
            except (TimeoutError, EOFError, OSError) as error:
                await self._end()
                raise CompletionRequestFailed("The built-in voice has ended, or takes too long.") from error
            except asyncio.CancelledError:
                await self._end()
                raise
            self._rest_later()

    async def _ready(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            environment = {name: os.environ[name] for name in KEPT if name in os.environ}
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True
            )
            kind, said = await frame_of(self._process)
            if kind != END:
                raise EOFError(said)
        return self._process

    def _rest_later(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(self._idle, self._rest)

    def _rest(self) -> None:
        """Nobody has asked for a while: the end of its input is its end."""
        if self._process is not None and self._process.stdin is not None and not self._one.locked():
            self._process.stdin.close()
            self._process = None

    async def _end(self) -> None:
        process, self._process = self._process, None
        if self._ending is not None:
            self._ending.cancel()
        if process is not None:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            await process.wait()


async def told(process: Process, data: bytes, heard: asyncio.Queue[bytes | None]) -> None:
    """Ask, and hand on what is answered.

    Raises:
        CompletionRequestFailed: the engine says why it cannot.
        EOFError, OSError: the process has gone.
    """
    stdin = cast("asyncio.StreamWriter", process.stdin)
    stdin.write(request(data))
    await stdin.drain()
    failure = ""
    while (answer := await frame_of(process))[0] != END:
        kind, said = answer
        if kind == FAILURE:
            failure = said.decode("utf-8", "replace") or "it does not say why"
        else:
            heard.put_nowait(said)
    if failure:
        raise CompletionRequestFailed(f"The built-in voice cannot do that: {failure}")


async def frame_of(process: Process) -> tuple[bytes, bytes]:
    stdout = cast("asyncio.StreamReader", process.stdout)
    head = await stdout.readexactly(HEAD)
    return head[:1], await stdout.readexactly(int.from_bytes(head[1:], "big"))
