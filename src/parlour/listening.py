"""The socket and what stands behind it: uvicorn, with the manners that our clients are promised (contract 1.3)."""

import socket
import uuid
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from parlour.domain.problems import BadRequest
from parlour.http.app import EVERY_REPLY
from parlour.settings import BadSettings
from parlour.wire import errors

KEEP_ALIVE_SECONDS = 75


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
