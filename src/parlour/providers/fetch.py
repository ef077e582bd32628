"""What stands behind the port `Web`: the guarded client, with bounds on time, size and redirects.

Does not know what anybody does with an answer.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from io import BytesIO

from aiohttp import (
    BytesIOPayload,
    ClientConnectorCertificateError,
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    InvalidURL,
    MultipartWriter,
    NonHttpUrlClientError,
    ServerTimeoutError,
    TooManyRedirects,
)
from aiohttp.abc import AbstractResolver, AbstractStreamWriter
from yarl import URL

from parlour.domain.problems import FetchFailed
from parlour.ports.web import MEGABYTE, Part, WebRequest, WebResponse
from parlour.providers.web import AddressRefused, Allowed, held, session

CONNECTION = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that say how, and to whom, the bytes go: who could set them could say one thing and send another."""

LINE_ENDS = re.compile(r"[\r\n\0]")


class GuardedWeb:
    """The web outside. Made inside a running loop; close it in the end.

    A client for each list of what is allowed: a connection that one app may have is never lent to another.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        allow_of: Mapping[str, Sequence[str]] | None = None,
        *,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """`allow`: what may be reached inside, as `Allowed.of` reads it; `allow_of`: more, for single apps by name.

        Raises:
            ValueError: an entry cannot be read.
        """
        lists = {app: Allowed.of((*allow, *more)) for app, more in (allow_of or {}).items() if more}
        everyones = Allowed.of(allow)
        self._everyones = session(allowed=everyones, resolver=resolver)
        self._own = {app: session(allowed=allowed, resolver=resolver) for app, allowed in lists.items()}

    async def aclose(self) -> None:
        for client in (self._everyones, *self._own.values()):
            await client.close()

    @asynccontextmanager
    async def fetch(self, request: WebRequest) -> AsyncGenerator[WebResponse]:
        response = await opened(self._own.get(request.app, self._everyones), request)
        pieces = bounded(response, request.most)
        try:
            yield WebResponse(
                response.status,
                str(response.url),
                tuple((name.lower(), value) for name, value in response.headers.items()),
                pieces,
            )
        finally:
            await pieces.aclose()
            response.close()


async def opened(client: ClientSession, request: WebRequest) -> ClientResponse:
    """The answer, its body not yet read.

    Raises:
        FetchFailed: there is none.
    """
    try:
        url = URL(request.url)
        if url.scheme not in {"http", "https"} or not url.host:
            raise FetchFailed("The address must begin with http:// or https:// and name a host.", "address")
        with held(url, request.keys):
            return await client.request(
                request.method.upper(),
                url.extend_query(request.query),
                headers=[*sendable(request.headers)],
                data=await sent(request),
                allow_redirects=request.redirects > 0,
                max_redirects=request.redirects + 1,  # aiohttp fails at this one
                ssl=request.verify,
                timeout=ClientTimeout(
                    total=request.total_seconds, connect=request.connect_seconds, sock_read=request.read_seconds
                ),
            )
    except (ClientError, AddressRefused, TimeoutError, ValueError, OSError) as error:
        raise fault(error, request) from None


def sendable(headers: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Those that a request may bring.

    Raises:
        ValueError: one would end its line, and say something of its own on the next; before anything is sent.
    """
    for name, value in headers:
        if LINE_ENDS.search(name + value):
            raise ValueError(name)
        if name.lower() not in CONNECTION:
            yield name, value


class Paced(BytesIOPayload):
    """A body that the other side must take within a time."""

    def __init__(self, content: bytes, seconds: float, content_type: str | None = None) -> None:
        super().__init__(BytesIO(content), content_type=content_type)
        self._seconds = seconds

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        async with asyncio.timeout(self._seconds):
            await super().write_with_length(writer, content_length)


async def sent(request: WebRequest) -> Paced | None:
    if isinstance(request.body, tuple):
        form = multipart(request.body)
        return Paced(await form.as_bytes(), request.write_seconds, form.content_type)
    return None if request.body is None else Paced(request.body, request.write_seconds)


def multipart(parts: Sequence[Part]) -> MultipartWriter:
    form = MultipartWriter("form-data")
    for part in parts:
        field = BytesIOPayload(BytesIO(part.content), content_type=part.content_type or None)
        if part.filename:
            field.set_content_disposition("form-data", quote_fields=False, name=part.name, filename=part.filename)
        else:
            field.set_content_disposition("form-data", quote_fields=False, name=part.name)
            if not part.content_type:
                del field.headers["Content-Type"]
        form.append_payload(field)
    return form


async def bounded(response: ClientResponse, most: int) -> AsyncGenerator[bytes, None]:
    """The body, unpacked, up to that many bytes."""
    left = most
    with suppress(ValueError):
        if int(response.headers.get("Content-Length", "0")) > most and response.method != "HEAD":
            raise too_large(most)
    try:
        while piece := await response.content.readany():
            left -= len(piece)
            if left < 0:
                raise too_large(most)
            yield piece
    except TimeoutError:
        raise FetchFailed("The answer took too long.", "slow") from None
    except (ClientPayloadError, ClientError, OSError):
        raise FetchFailed("The connection broke in the middle of the answer.", "broken") from None


def too_large(most: int) -> FetchFailed:
    size = f"{most // MEGABYTE} MB" if most >= MEGABYTE else f"{most} bytes"
    return FetchFailed(f"The answer is longer than {size}.", "too_large")


def fault(error: Exception, request: WebRequest) -> FetchFailed:
    """What went wrong, without any address: who reads this may be a stranger to the house."""
    match error:
        case AddressRefused():
            return FetchFailed(str(error), "refused")
        case ClientConnectorCertificateError():  # a ValueError, too
            return FetchFailed("The certificate of the address is not good.", "unreachable")
        case InvalidURL() | NonHttpUrlClientError() | ValueError():
            return FetchFailed("The address, or a header, cannot be sent as it is written.", "address")
        case TooManyRedirects():
            return FetchFailed(f"More than {request.redirects} redirects.", "redirects")
        case TimeoutError() | ServerTimeoutError():
            return FetchFailed("There was no answer in time.", "slow")
        case _:
            return FetchFailed("The address cannot be reached.", "unreachable")
