"""The web outside, asked over http(s). Does not know who asks, nor which addresses are let through."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

MEGABYTE = 1024 * 1024


class Part(Struct, frozen=True):
    """One field of a multipart form."""

    name: str
    content: bytes
    filename: str = ""
    """Of a file; empty for a plain value."""
    content_type: str = ""


class WebRequest(Struct, frozen=True):
    """What is asked, and how long and how much the answer may take."""

    url: str
    method: str = "GET"
    query: tuple[tuple[str, str], ...] = ()
    """Added to what the address has; a name may come twice."""
    headers: tuple[tuple[str, str], ...] = ()
    """Those that belong to the connection (Content-Length, Transfer-Encoding, …) are passed over."""
    keys: tuple[str, ...] = ()
    """Names of headers that, like Authorization and Cookie, go to no other place when a redirect leads there."""
    body: bytes | tuple[Part, ...] | None = None
    """Bytes as they are, or the fields of a multipart form."""
    app: str = ""
    """The name of the app that asks: what its operator allows holds beside what the server allows."""
    connect_seconds: float = 10
    read_seconds: float = 60
    """How long the other side may be silent."""
    write_seconds: float = 60
    """How long the other side may take to be given the body."""
    total_seconds: float = 120
    redirects: int = 5
    """How many are followed; with 0 a redirect is an answer."""
    verify: bool = True
    """Whether the certificate of an https address must be good."""
    most: int = 15 * MEGABYTE
    """Bytes of the answer's body, unpacked; a longer one is a failure."""


class WebResponse(Struct, frozen=True):
    """An answer whose body is on its way."""

    status: int
    url: str
    """Where it came from in the end."""
    headers: tuple[tuple[str, str], ...]
    """Names in lower case; a name may come twice."""
    pieces: AsyncGenerator[bytes, None]

    def header(self, name: str) -> str:
        """The first header of that (lower case) name; empty if there is none."""
        return next((value for found, value in self.headers if found == name), "")

    async def body(self) -> bytes:
        """All of it, within the request's limit."""
        return b"".join([piece async for piece in self.pieces])


class Web(Protocol):
    def fetch(self, request: WebRequest) -> AbstractAsyncContextManager[WebResponse]:
        """Ask; leaving the block ends the exchange at once, read or not. Any status is an answer.

        Raises (on entering, or while the body is read):
            FetchFailed: there is no answer, or none that is let through; `why` says of what kind that is.
        """
        ...
