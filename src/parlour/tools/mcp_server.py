"""Tools of a server that speaks the Model Context Protocol: at an address, or the pipes of a command. Knows no model.

The connection is opened when its tools are first needed, kept, and opened again if it breaks. The library behind it is
large: it is loaded then, and not before.
"""

import asyncio
import base64
import binascii
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any, TypeVar, cast

from msgspec import Struct

from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Caller, Made, Outcome
from parlour.tools.shelf import Told

Result = TypeVar("Result")

REFUSALS = -32700, -32600
"""The numbers of JSON-RPC that say what is wrong with a request."""
PATIENCE = 30.0
"""Seconds to connect, and to be told of the tools."""


class McpPlace(Struct, frozen=True):
    """How the server is reached."""

    url: str = ""
    headers: dict[str, str] = {}
    command: tuple[str, ...] = ()
    """In place of an address: what to start. It gets no variable of this process but a few like PATH."""
    environment: dict[str, str] = {}


class McpServer:
    def __init__(self, name: str, place: McpPlace, patience: float = PATIENCE) -> None:
        self._name = name
        self._place = place
        self._patience = patience
        self._lock = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._client: Any = None
        self._tools: dict[str, Told] | None = None

    async def tools(self) -> Mapping[str, Told]:
        if self._tools is None:
            found: dict[str, Told] = {}
            cursor: str | None = None
            client = await self._connected()
            while True:
                page: Any = await self._heard(client.list_tools(cursor=cursor), self._patience)
                for tool in page.tools:
                    found[tool.name] = Told(tool.description or tool.name, tool.input_schema, tool.title or "")
                cursor = page.next_cursor
                if not cursor:
                    break
            self._tools = found
        return self._tools

    async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        del caller
        client = await self._connected()
        return outcome_of(await self._heard(client.call_tool(name, dict(arguments)), None))

    async def aclose(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})

    async def _connected(self) -> Any:
        """The client, connected. Who comes while it connects waits with it."""
        async with self._lock:
            if self._keeper is None or self._keeper.done():
                self._tools = None
                ready = asyncio.get_running_loop().create_future()
                self._keeper = asyncio.create_task(self._keep(ready), name=f"mcp {self._name}")
                await asyncio.wait({ready, self._keeper}, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED)
                if not ready.done():
                    await self._give_up()
                self._client = ready.result()
        return self._client

    async def _give_up(self) -> None:
        """Raises: ToolFailed: always, with the reason."""
        keeper = self._keeper
        if keeper is None or not keeper.done():
            await self.aclose()
            raise ToolFailed(f"the server of {self._name} does not answer within {self._patience:g} seconds")
        raise ToolFailed(f"the server of {self._name} cannot be reached: {reason(keeper.exception())}")

    async def _keep(self, ready: "asyncio.Future[Any]") -> None:
        """Hold the connection, in the one task that opened it: what the library opens wants to be closed there."""
        library = await asyncio.to_thread(import_module, "mcp.client")
        place = self._place
        async with AsyncExitStack() as stack:
            if place.command:
                pipes = await asyncio.to_thread(import_module, "mcp.client.stdio")
                target = pipes.StdioServerParameters(
                    command=place.command[0], args=list(place.command[1:]), env=place.environment or None
                )
            else:
                http = await asyncio.to_thread(import_module, "mcp.client.streamable_http")
                # in a thread: the first client loads more of its library, and each reads the certificates
                client = await asyncio.to_thread(http.create_mcp_http_client, headers=place.headers or None)
                await stack.enter_async_context(client)
                target = http.streamable_http_client(place.url, http_client=client)
            ready.set_result(await stack.enter_async_context(library.Client(target)))
            await asyncio.get_running_loop().create_future()

    async def _heard(self, asking: Coroutine[Any, Any, Result], patience: float | None) -> Result:
        """The answer; if the connection ends before it comes, or the server refuses, a failure.

        Raises:
            ToolFailed: there is none.
        """
        task, keeper = asyncio.ensure_future(asking), self._keeper
        try:
            await asyncio.wait(
                {task, keeper} if keeper else {task}, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        if task.cancelled():
            raise ToolFailed(f"the server of {self._name} does not answer")
        if (error := task.exception()) is not None:
            if keeper is not None and not is_answer(error):
                keeper.cancel()  # the next who asks connects anew
                await asyncio.wait({keeper})
            raise ToolFailed(f"the server of {self._name} refuses: {reason(error)}")
        return task.result()


def is_answer(error: BaseException) -> bool:
    """Whether the server has refused, and the connection holds: it sends a number of its protocol with it."""
    code = getattr(error, "code", None)
    return isinstance(code, int) and REFUSALS[0] <= code <= REFUSALS[1]


def reason(error: BaseException | None) -> str:
    """What went wrong, in a line; of several things, the first."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return " ".join(str(error).split())[:500] or type(error).__name__


def outcome_of(result: Any) -> Outcome:
    """What a server answered.

    Raises:
        ToolFailed: that it failed.
    """
    texts: list[str] = []
    files: list[Made] = []
    for number, item in enumerate(result.content, 1):
        match item.type:
            case "text":
                texts.append(item.text)
            case "image" | "audio":
                files.append(made(f"{item.type}_{number}", item.mime_type, item.data))
            case "resource_link":
                texts.append(f"Link: {item.uri}")
            case "resource" if getattr(item.resource, "text", None) is not None:
                texts.append(item.resource.text)
            case "resource":
                name = str(item.resource.uri).rpartition("/")[2] or f"resource_{number}"
                files.append(made(name, item.resource.mime_type or "application/octet-stream", item.resource.blob))
            case _:
                texts.append(f"({item.type})")
    text = "\n".join(texts)
    if result.is_error:
        raise ToolFailed(text or "it says no more than that it failed")
    structured = result.structured_content
    return Outcome(text, tuple(files), () if structured is None else (structured,))


def made(name: str, mime_type: str, data: str) -> Made:
    try:
        content = base64.b64decode(data)
    except (binascii.Error, ValueError):
        raise ToolFailed(f"the file {name} that it made is broken") from None
    extension = "" if "." in name else f".{mime_type.partition('/')[2].partition('+')[0]}"
    return Made(name + extension, mime_type, content)
