"""The built-in model as a provider: a child process on loopback, asked over the chat-completions wire.

Does not know how the engine works (`child.py`) nor where weights come from (`weights.py`).
"""

import asyncio
import secrets
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import msgspec
from aiohttp import ClientSession
from msgspec import Struct, structs

from parlour.domain.app import Model
from parlour.domain.problems import ProviderNotInitialized
from parlour.ports.models import Call, Line, Said
from parlour.providers.local import tools
from parlour.providers.local.child import Ready, Wanted
from parlour.providers.local.choosing import Chooser, Vectors
from parlour.providers.local.weights import CannotFetch, weights
from parlour.providers.openai_compatible import OpenAICompatible
from parlour.providers.remote import Remote
from parlour.providers.web import session

ENGINE = "xllamacpp"
LOADING = 120.0
CLOSING = 3.0
CONTEXT = 4096
SLOTS = 2
USUAL_LIMIT = 1024
"""Tokens of an answer where the app sets no limit: a small model may not find the end by itself."""
SYSTEM = "You are a helpful assistant."
"""Without a system line the built-in model answers in riddles; with this one it knows its capitals."""
KEPT = ("max_tokens", "response_format", "json_schema", "seed")


class Running(Struct):
    """A child that is ready."""

    process: Process
    address: str
    key: str
    http: ClientSession
    provider: Remote


class Local:
    """`path` names any GGUF file; None is the built-in model, whose weights are kept in the folder `data`.

    `vectors` compares texts: that is how the built-in model comes to the tools of an agent.
    """

    def __init__(
        self, path: Path | None, data: Path, vectors: Vectors, *, context: int = CONTEXT, slots: int = SLOTS
    ) -> None:
        self._path = path
        self._chooser = Chooser(vectors)
        self._data = data
        self._context = context
        self._slots = slots
        self.installed = find_spec(ENGINE) is not None
        self._starting: asyncio.Task[Running] | None = None

    def check(self, model: Model) -> None:
        if not self.installed:
            raise ProviderNotInitialized(
                f"The model '{model.name}' would be answered by the built-in model, whose engine is not installed: "
                "pip install 'parlour[local]'"
            )

    def context(self, model: Model) -> int | None:
        del model
        return self._context

    def uses_tools(self, model: Model) -> bool:
        """The built-in model is helped to; of a file of the operator's own nobody knows."""
        del model
        return self._path is None

    async def warm(self) -> None:
        """Have the model ready before the first question.

        Raises:
            CannotFetch: the weights are not here and cannot be had.
            ProviderNotInitialized: the engine is missing, or refuses the file.
        """
        self.check(Model("local", "built-in"))
        await self._ready()

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        self.check(call.model)
        try:
            running = await self._ready()
        except CannotFetch as error:
            raise ProviderNotInitialized(str(error)) from None

        def ask(call: Call, held: dict[str, object]) -> AsyncGenerator[Said, None]:
            return running.provider.stream(self._fitted(call, held))

        answer = tools.stream(call, self._chooser, ask) if self._path is None else ask(call, {})
        async with aclosing(answer) as stream:
            async for said in stream:
                yield said

    async def aclose(self) -> None:
        """End the child. It may be started again."""
        starting, self._starting = self._starting, None
        if starting is None:
            return
        starting.cancel()
        await asyncio.wait([starting])  # not awaited itself: a cancelled start must not look like a cancelled caller
        if not starting.cancelled() and starting.exception() is None:
            await end(starting.result())

    def _fitted(self, call: Call, held: dict[str, object]) -> Call:
        """The call as a model of this size can bear it. A file of the operator's own is asked as the app says."""
        given = call.model.parameters
        if self._path is None:
            given = {name: given[name] for name in KEPT if name in given} | {"temperature": 0} | held
        if not given.get("max_tokens"):
            given = given | {"max_tokens": USUAL_LIMIT}
        lines = tuple(structs.replace(line, text=line.text.strip()) for line in call.lines)  # a newline more derails it
        if self._path is None and all(line.role != "system" for line in lines):
            lines = (Line("system", SYSTEM), *lines)
        model = structs.replace(call.model, provider="local", parameters=given)
        return structs.replace(call, model=model, lines=lines)

    async def _ready(self) -> Running:
        """The child, started if it is not there, or no longer. A caller who leaves does not stop the others' start."""
        starting = self._starting
        if starting is not None and starting.done() and not alive(starting):
            await self.aclose()
            starting = self._starting
        if starting is None:
            starting = self._starting = asyncio.create_task(self._start())
            starting.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen, if nobody waits
        return await asyncio.shield(starting)

    async def _start(self) -> Running:
        path = self._path or await weights(self._data)
        key = secrets.token_urlsafe(24)
        wanted = Wanted(str(path), key, self._context, self._slots)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "parlour.providers.local.child"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,  # an interrupt from the keyboard is for the server, which ends its runs first
        )
        ready = Ready(error=f"it takes longer than {LOADING:g} seconds")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOADING):
                    ready = await first_words(process, wanted)
        finally:
            if not ready.address:
                await kill(process)
        if not ready.address:
            raise ProviderNotInitialized(f"The model {path.name} cannot be loaded: {ready.error.rstrip('.')}.")
        http = session(allow_private=True, lasting=False)  # the engine ends each, and does not say so
        provider = Remote(OpenAICompatible(), http, f"{ready.address}/v1", key, context=self._context)
        return Running(process, ready.address, key, http, provider)


def alive(starting: asyncio.Task[Running]) -> bool:
    """Whether a finished start left a child that is still there."""
    if starting.cancelled() or starting.exception() is not None:
        return False
    return starting.result().process.returncode is None


async def first_words(process: Process, wanted: Wanted) -> Ready:
    stdin, stdout = cast(asyncio.StreamWriter, process.stdin), cast(asyncio.StreamReader, process.stdout)
    with suppress(ConnectionError):
        stdin.write(msgspec.json.encode(wanted) + b"\n")
        await stdin.drain()
    line = await stdout.readline()
    if not line:
        return Ready(error=f"the engine ended with {await process.wait()}")
    return msgspec.json.decode(line, type=Ready)


async def end(running: Running) -> None:
    await running.http.close()
    process = running.process
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            await process.wait()
    await kill(process)


async def kill(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
