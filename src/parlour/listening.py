"""The socket and what stands behind it: uvicorn, with the manners that our clients are promised (contract 1.3)."""

import asyncio
import socket
import uuid
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from parlour.domain.problems import BadRequest
from parlour.http.app import EVERY_REPLY
from parlour.settings import BadSettings
from parlour.wire import errors

KEEP_ALIVE_SECONDS = 75
LARGEST_HEAD = 64 * 1024
"""Bytes of a request's headers; the parser would gather them without end."""


def listen(host: str, port: int) -> socket.socket:
    """The socket to serve on, bound before anything else is started.

    Raises:
        BadSettings: the address cannot be had; the message says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(2048)
    except (OSError, OverflowError) as error:  # the second: no such port
        bound.close()
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        raise BadSettings(
            f"cannot listen on {host}:{port} ({why}). Is another server running? Give --port another number."
        ) from error
    return bound


class Listener(uvicorn.Server):
    """uvicorn without its own signals: it ends the process by them, before what stands around it could be closed."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
            )
        )

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    def cut(self) -> None:
        """Wait for no connection any more: one that is not read, or never sends its body, would hold us for ever."""
        self.force_exit = True


class Connection(HttpToolsProtocol):
    """A client's connection."""

    __slots__ = ("_going_on", "_head_size", "_in_head")
    """In its dictionary, which has thirty names with them, they would cost more than a kilobyte."""
    _in_head: bool
    """Whether a request has begun, and its headers have not ended."""
    _head_size: int
    """Bytes of them, without those of the packet that they began in."""
    _going_on: bool
    """Whether the parser is told again what it has told us already."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._in_head, self._head_size, self._going_on = False, 0, False
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        before = self._in_head
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as offered:
            self._go_on(data[offered.args[0] :])
        except HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        if self._in_head:
            self._head_size += len(data) if before else 0
            if self._head_size > LARGEST_HEAD:
                self.send_400_response(f"The request's headers may have at most {LARGEST_HEAD} bytes.")
            self._expect()

    def _expect(self) -> None:
        """Wait for a request's headers as long as for the next request; a reply that goes on may take its time."""
        if not self.cycle or self.cycle.response_complete:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _go_on(self, rest: bytes) -> None:
        """Leave an offer of another protocol unanswered, as one may (RFC 9110, 7.8).

        The parser stops there, before the request's body: Java's client makes such an offer with its first request.
        A new one is told how the body is framed, and goes on.
        """
        framing = [b": ".join(one) for one in self.headers if one[0] in {b"content-length", b"transfer-encoding"}]
        self.parser, self.headers = HttpRequestParser(self), []
        if framing:
            self.cycle.more_body = self._going_on = True
            self.parser.feed_data(b"\r\n".join([b"POST / HTTP/1.1", *framing, b"", b""]))
            self._going_on = False
        self.data_received(rest)

    def on_message_begin(self) -> None:
        if not self._going_on:
            self._in_head, self._head_size = True, 0
            super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._going_on:
            return
        self._in_head = False
        super().on_headers_complete()
        if self.scope["http_version"] == "1.0":
            self.cycle.send = partial(unframed, self.cycle, self.cycle.send)

    def eof_received(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]  asyncio's has a result
        """Whether our half stays open: a client may close its own once it has asked, and still wants the reply."""
        cycle = self.cycle
        if not cycle or cycle.more_body or cycle.response_complete:
            return False
        cycle.keep_alive = False  # the end of the reply closes our half
        return True

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP. Between the pieces of another reply there is no place to say so."""
        cycle = self.cycle
        if not cycle or cycle.response_complete or not cycle.response_started:
            status, body, rendered = errors.render(BadRequest(msg))
            headers = [(name.encode(), value.encode()) for name, value in rendered.items()]
            headers += [*EVERY_REPLY, (b"x-request-id", str(uuid.uuid4()).encode())]
            headers += [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]
            lines = [b"HTTP/1.1 %d Bad Request" % status, *(b"%b: %b" % header for header in headers), b"", body]
            self.transport.write(b"\r\n".join(lines))
        self.transport.close()


async def unframed(cycle: RequestResponseCycle, send: Callable[[Any], Awaitable[None]], message: Any) -> None:
    """Send it to a client of HTTP/1.0: it knows no chunks, a body of unknown length ends with the connection."""
    if message["type"] == "http.response.start":
        if all(name.lower() != b"content-length" for name, _ in message["headers"]):
            cycle.chunked_encoding = False
    elif cycle.expected_content_length == 0:
        cycle.expected_content_length = len(message.get("body", b""))
    await send(message)
