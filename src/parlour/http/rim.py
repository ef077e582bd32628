"""What every route does with a request and a reply: the app behind the key, a bounded body, JSON, a stream of events.

Knows no route and no field of any request.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Protocol

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from parlour.domain.app import App
from parlour.domain.events import AnyEvent
from parlour.domain.problems import BadRequest, BodyTooLarge, Forbidden, UnsupportedMediaType
from parlour.domain.trace import Origin, origin
from parlour.http import visitors
from parlour.http.house import House
from parlour.runs.asides import Stands
from parlour.runs.log import Reader
from parlour.runs.run import Run
from parlour.wire import lenient, tracing
from parlour.wire.body import decode
from parlour.wire.queries import parse_query
from parlour.wire.sse import PING, Frames

TRACED = "parlour.traced"
"""Where headers of a reply stand that tell of its trace."""
STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # proxies would hold events back (contract 8.26)
]


async def app_of(house: House, request: Request) -> App:
    """The app that the request's key opens, or a visitor's token."""
    authorization = request.headers.get("authorization", "")
    visitor = visitors.visitor_of(house, request, authorization)
    name = visitor.app if visitor is not None else (await house.keyring.open(authorization, "app")).app
    app = house.catalogue.get(name)
    if app is None:
        raise Forbidden("The app no longer exists.")
    return app


async def body_of(house: House, request: Request) -> dict[str, object]:
    """The request's JSON object."""
    return decoded(house, request, await bytes_of(house, request))


async def optional_body_of(house: House, request: Request) -> dict[str, object]:
    """The same, where a request without a body is as good as one with an empty object."""
    body = await bytes_of(house, request)
    return decoded(house, request, body) if body.strip() else visitors.bound(request, {})


def decoded(house: House, request: Request, body: bytes) -> dict[str, object]:
    read = lenient.decode if house.lenient else decode
    return visitors.bound(request, read(request.headers.get("content-type", ""), body))


async def bytes_of(house: House, request: Request) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async with aclosing(pieces_of(house, request)) as sent:
        async for piece in sent:
            size += len(piece)
            if size > house.max_body:
                raise BodyTooLarge(f"The request body may have at most {house.max_body} bytes.")
            pieces.append(piece)
    return b"".join(pieces)


async def pieces_of(house: House, request: Request) -> AsyncGenerator[bytes, None]:
    """A body as it comes.

    Raises:
        UnsupportedMediaType: it is compressed.
        BadRequest: it has stopped coming.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("Send the request body as it is, without a Content-Encoding.")
    async with aclosing(request.stream()) as stream:
        while True:
            try:
                async with asyncio.timeout(house.silence_seconds):
                    piece = await anext(stream, b"")
            except TimeoutError:
                raise BadRequest(f"The request body stopped: nothing came for {house.silence_seconds:g} s.") from None
            if not piece:
                return
            yield piece


def query_of(request: Request) -> dict[str, str]:
    """The request's query parameters, one value a name."""
    return visitors.bound(request, parse_query(request.scope["query_string"]))


def base_of(house: House, request: Request) -> str:
    """What addresses of files begin with."""
    return house.public_url or str(request.base_url)


def traced(house: House, request: Request, run: Run) -> None:
    """The reply says where this run stands in traces, if it is traced and that is known here."""
    if house.asides.traced and run.trace_id is not None:
        request.scope[TRACED] = tracing.headers(origin(run.trace_id, run.ids.task_id))


def stands(house: House, request: Request) -> Stands:
    """Where what this request asks of a model stands, if it is no run; its reply says so, too."""

    def found() -> Origin:
        given = tracing.tracing(request.headers, request.query_params, {}).id
        place = origin(given, house.new_id())
        request.scope[TRACED] = tracing.headers(place)
        return place

    return found


def json(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, headers, "application/json")


class EventStream(Response):
    """The events of a run from a position on, until its end.

    The position counts what a client has seen: frames, without pings.
    """

    def __init__(self, house: House, run: Run, *, position: int = 0) -> None:
        self.house = house
        self.run = run
        self.position = position

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        encode = Frames(self.run.ids, self.run.mode, self.house.profile).encode
        if self.position:
            encode = partial(after, encode, Seen(self.position))
        await Telling(self.house.ping_seconds, encode, Reader(self.run.log)).send(scope, receive, send)


class Events(Protocol):
    """What a stream is read from: a `Reader` of one log, or of several."""

    @property
    def done(self) -> bool: ...

    async def next(self) -> list[AnyEvent]: ...

    def wake(self) -> None: ...


class Telling(Struct, frozen=True):
    """One stream to one client, with pings; several events that are ready go out in one write."""

    ping_seconds: float
    encode: Callable[[AnyEvent], bytes]
    reader: Events
    first: tuple[AnyEvent, ...] = ()
    """What is told before what is read."""

    async def send(self, scope: Scope, receive: Receive, send: Send) -> None:
        encode, reader = self.encode, self.reader
        loop, pause = asyncio.get_running_loop(), self.ping_seconds
        await send({"type": "http.response.start", "status": 200, "headers": list(STREAM_HEADERS)})
        more = not reader.done and scope["method"] != "HEAD"
        if self.first or not more:
            await send(written([encode(event) for event in self.first], more=more))
        if not more:
            return
        leaving = loop.create_task(left(receive))
        leaving.add_done_callback(lambda _: reader.wake())
        ping_at = loop.time() + pause
        timer = loop.call_at(ping_at, reader.wake)
        try:
            while not (reader.done or leaving.done()):
                if events := await reader.next():
                    more = not reader.done
                    await send(written([encode(event) for event in events], more=more))
                if loop.time() >= ping_at and not reader.done:
                    await send(written([PING], more=True))
                    ping_at += pause
                    timer = loop.call_at(ping_at, reader.wake)
            if more and not leaving.done():
                await send(written([], more=False))
        finally:
            timer.cancel()
            leaving.cancel()


def written(frames: list[bytes], *, more: bool) -> Message:
    """Named nowhere, so that a stream does not keep what it wrote last while it waits for more."""
    return {"type": "http.response.body", "body": b"".join(frames), "more_body": more}


async def left(receive: Receive) -> None:
    """Return when the client has gone, or has got all."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Seen(Struct):
    """How many frames, of those that are still to come, a client has seen."""

    frames: int


def after(encode: Callable[[AnyEvent], bytes], seen: Seen, event: AnyEvent) -> bytes:
    """What of the event the client has not seen; there are events without a frame, and with two."""
    frames = encode(event)
    while seen.frames and frames:
        seen.frames -= 1
        frames = frames.partition(b"\n\n")[2]
    return frames
