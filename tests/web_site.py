"""Pages served on loopback by a real server, and a resolver that says what a test wants. Ends with its block."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from anyio import fail_after

from parlour.ports.web import WebRequest
from parlour.providers.fetch import GuardedWeb
from parlour.providers.pages import WebPage

Site = Mapping[str, WebPage | Callable[[WebRequest], WebPage]]
"""Pages by path."""


class Served:
    """A site, and who came to it: `connections` counts every socket that got through, whatever was said on it."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[WebRequest] = []
        self.connections = 0

    def at(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def served(
    site: Site, host: str = "127.0.0.1", *, port: int = 0, ssl: SSLContext | None = None
) -> AsyncGenerator[Served]:
    known = Served()

    async def answer(request: web.BaseRequest) -> web.Response:
        headers = tuple((name.lower(), value) for name, value in request.headers.items())
        asked = WebRequest(str(request.url), request.method, headers=headers, body=await request.content.read())
        known.asked.append(asked)
        page = site.get(request.path, WebPage(b"Not found", 404))
        page = page(asked) if callable(page) else page
        return web.Response(body=page.body, status=page.status, headers=page.headers)

    inner = web.Server(answer)

    def connected() -> asyncio.Protocol:
        known.connections += 1
        return inner()

    listener = await asyncio.get_running_loop().create_server(connected, host, port, ssl=ssl)
    known.port = listener.sockets[0].getsockname()[1]
    try:
        yield known
    finally:
        listener.close()
        await inner.shutdown(0.01)
        await listener.wait_closed()


@asynccontextmanager
async def guarded(
    *allow: str, allow_of: Mapping[str, Sequence[str]] | None = None, names: AbstractResolver | None = None
) -> AsyncGenerator[GuardedWeb]:
    """The real way out, for five seconds."""
    made = GuardedWeb(allow, allow_of, resolver=names)
    try:
        with fail_after(5):
            yield made
    finally:
        await made.aclose()


class Names(AbstractResolver):
    """Knows the addresses of some names; each look-up takes the next of a name's answers, the last one stays."""

    def __init__(self, **answers: Sequence[str]) -> None:
        self._answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        self.asked.append(host)
        answers = self._answers.get(host.rstrip("."))
        if answers is None:
            raise OSError(f"{host} is not known")
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=one, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for one in address.split(" ")
        ]

    async def close(self) -> None: ...
