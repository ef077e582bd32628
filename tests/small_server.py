"""A server of HTTP for tests that need somebody to ask who is none of ours. Does not know what it answers."""

from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Quiet:
    """A handler that says nothing of what it is asked; before `BaseHTTPRequestHandler`."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as the library calls it
        del format, args


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Generator[int]:
    """Its port on 127.0.0.1; it has ended behind the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
