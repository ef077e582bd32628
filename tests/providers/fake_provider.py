"""A provider on loopback that answers as it is told: a real server, speaking the wires of both shapes of API."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, web

from parlour.domain.app import Model
from parlour.ports.models import Call, Line, Said
from parlour.providers.upstream import Patience
from parlour.providers.web import session

Json = dict[str, object]


@dataclass
class Answer:
    """What to answer one request with."""

    pieces: list[bytes] = field(default_factory=list[bytes])
    status: int = 200
    kind: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    hang: bool = False
    """Keep the connection open after the pieces."""
    break_off: bool = False
    """Cut the connection after the pieces."""
    wait: asyncio.Event | None = None
    """End the answer only then."""


class FakeProvider:
    """Answers in order; the last answer serves every further request."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.connections: set[object] = set()
        self.gone = asyncio.Event()
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        self.paths.append(request.path)
        self.connections.add(request.transport)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.kind, **answer.headers})
        try:
            await response.prepare(request)
            for piece in answer.pieces:
                await response.write(piece)
            if answer.break_off and request.transport is not None:
                request.transport.abort()
            if answer.wait is not None:
                await answer.wait.wait()
            if answer.hang:
                await asyncio.Event().wait()
        except (asyncio.CancelledError, ConnectionError):
            self.gone.set()
            raise
        return response


@asynccontextmanager
async def serving(*answers: Answer) -> AsyncGenerator[FakeProvider, None]:
    fake = FakeProvider(*answers)
    app = web.Application()
    app.router.add_post("/{path:.*}", fake.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    fake.url = f"http://{host}:{port}/v1"
    try:
        yield fake
    finally:
        await runner.cleanup()


@asynccontextmanager
async def outside() -> AsyncGenerator[ClientSession, None]:
    """A session that may talk to loopback."""
    client = session(allow_private=True)
    try:
        yield client
    finally:
        await client.close()


@dataclass
class Naps:
    """Sleeps no time, and remembers how long it should have been."""

    taken: list[float] = field(default_factory=list[float])

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)

    def patience(self, **others: float) -> Patience:
        return Patience(sleep=self.sleep, jitter=lambda: 0.5, **others)  # pyright: ignore[reportArgumentType]


def event(data: Json | str) -> bytes:
    return b"data: " + (data if isinstance(data, str) else json.dumps(data)).encode() + b"\n\n"


def chunk(delta: Json, finish: str | None = None) -> bytes:
    """A chunk of the chat-completions wire."""
    choice: Json = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


def texts(*pieces: str) -> list[bytes]:
    return [chunk({"content": piece}) for piece in pieces]


DONE = event("[DONE]")
STOP = chunk({}, "stop")
USAGE = event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}})


def a_call(query: str = "hi", **model: object) -> Call:
    return Call(Model("acme", "gpt-4o", **model), (Line("user", query),))  # pyright: ignore[reportArgumentType]


async def all_of(stream: AsyncGenerator[Said, None]) -> list[Said]:
    return [said async for said in stream]
