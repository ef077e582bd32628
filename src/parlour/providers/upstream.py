"""One question to a provider over HTTP: opened, tried again while nothing was said, read as it comes, closed at once.

Does not know any provider's dialect: a `Question` brings the bytes to send, and reads those that come back.
"""

import asyncio
import errno
import logging
import os
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Protocol

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    ServerDisconnectedError,
    StreamReader,
)
from msgspec import Struct

from parlour.domain.problems import CompletionRequestFailed, Problem
from parlour.ports.models import Said
from parlour.providers.failures import Failure, Refused, digest, problem
from parlour.providers.sse import TooLong
from parlour.providers.web import AddressRefused

LONGEST_BODY = 64 * 1024 * 1024
LONGEST_WAIT = 20.0
"""Who is told to wait for longer than this many seconds fails instead: a person sits at the other end."""

log = logging.getLogger(__name__)


class Patience(Struct, frozen=True):
    """How long to wait, in seconds, and how often to try again."""

    connect: float = 10.0
    first_byte: float = 300.0
    """From the question to the first byte of the answer; a model that thinks in silence needs long."""
    idle: float = 120.0
    retries: int = 2
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[], float] = random.random


class Reading(Protocol):
    """An answer on its way, without a socket: bytes in, what was said out."""

    done: bool
    """Whether the provider said that nothing more comes."""

    def feed(self, data: bytes) -> Iterator[Said]: ...

    def whole(self, body: bytes) -> Iterator[Said]:
        """The answer of a provider that does not stream."""
        ...

    def end(self) -> Iterator[Said]:
        """The bytes are over."""
        ...


class Question(Protocol):
    """One call in a provider's own dialect."""

    url: str
    provider: str

    def body(self) -> bytes: ...

    def reading(self) -> Reading: ...

    def adapt(self, failure: Failure) -> bool:
        """Whether the question can be asked differently after this refusal; if so, `body` now is different."""
        ...


class Upstream:
    """A provider at the end of a connection."""

    def __init__(self, session: ClientSession, headers: dict[str, str], secret: str | None, patience: Patience) -> None:
        self._session = session
        # Text events are small and must not wait in a compressor.
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", **headers}
        self._secret = secret
        self._patience = patience
        self._timeout = ClientTimeout(connect=patience.connect, sock_read=patience.first_byte)

    async def ask(self, question: Question) -> AsyncGenerator[Said, None]:
        """Tell what the provider says. After the first piece nothing is ever tried again.

        Raises:
            Problem: as the port `Models.stream`.
        """
        tried = 0
        while True:
            said = False
            response: ClientResponse | None = None
            silence = Silence(self._patience)
            try:
                response = await self._open(question)
                content = response.content
                silence.watch(response)
                reading = reading_of(response, question)
                while data := await content.readany():
                    silence.broken()
                    for piece in reading.feed(data):
                        said = True
                        yield piece
                    del data  # it would be kept until more comes
                    if reading.done:
                        break
                for piece in reading.end():
                    said = True
                    yield piece
                await drain(response)
            except (ClientError, TimeoutError, Refused, AddressRefused, TooLong) as error:
                trouble = error
            else:
                return
            finally:
                silence.end()
                if response is not None:
                    response.close()
            if isinstance(trouble, Refused) and not said and question.adapt(trouble.failure):
                continue
            if said or tried >= self._patience.retries or (wait := self._wait(trouble, tried)) is None:
                raise self._problem(trouble, question.provider, said, silence.longest) from None
            tried += 1
            log.warning("asking %s again, try %d: %s", question.provider, tried + 1, type(trouble).__name__)
            await self._patience.sleep(wait)

    async def _open(self, question: Question) -> ClientResponse:
        """The response, if it is one to read; its headers are there, its body is not."""
        response = await self._session.post(
            question.url,
            data=question.body(),
            headers=self._headers,
            timeout=self._timeout,
            allow_redirects=False,  # the key goes to the address in the configuration and nowhere else
        )
        if response.status == HTTPStatus.OK and response.content_type != "text/html":
            return response
        try:
            if response.status < HTTPStatus.BAD_REQUEST:
                raise Refused(Failure(0, "The address does not lead to a model's API; check the provider's base_url."))
            raise Refused(digest(await read_all(response), response.status, told_to_wait(response)))
        finally:
            response.close()

    def _wait(self, trouble: Exception, tried: int) -> float | None:
        """How long to wait before another try; None where another would not help."""
        usual = 0.5 * 2**tried * (0.5 + self._patience.jitter())
        match trouble:
            case Refused(failure=failure):
                wait = failure.retry_after if failure.retry_after is not None else usual
                return wait if failure.passing and wait <= LONGEST_WAIT else None
            case ClientConnectorCertificateError() | ClientConnectorSSLError():
                return None
            case ClientConnectorError():
                return usual
            case ServerDisconnectedError() | ClientOSError():
                return usual if tried else 0.0  # most often a kept connection that the other side had just dropped
            case ConnectionTimeoutError() | ClientPayloadError():
                return usual
            case _:
                return None

    def _problem(self, trouble: Exception, provider: str, said: bool, silence: float) -> Problem:  # noqa: FBT001 -- a fact
        if isinstance(trouble, Refused):
            return problem(trouble.failure, provider, self._secret)
        if isinstance(trouble, TimeoutError) and not isinstance(trouble, ConnectionTimeoutError):
            return CompletionRequestFailed(f"[{provider}] The provider said nothing for {silence:g} seconds.")
        return CompletionRequestFailed(f"[{provider}] {self._told(trouble, said=said)}")

    def _told(self, trouble: Exception, *, said: bool) -> str:
        match trouble:
            case AddressRefused():
                return f"{trouble} Check the provider's base_url."
            case TooLong():
                return "The provider sent a line without an end."
            case ConnectionTimeoutError():
                return f"The provider did not take the connection within {self._patience.connect:g} seconds."
            case _ if said:
                return "The connection to the provider broke in the middle of its answer."
            case _:
                return f"The provider cannot be reached ({reason(trouble)})."


def reason(trouble: Exception) -> str:
    """Why a connection failed, without the address: the reader may be a stranger to the house."""
    number = trouble.errno if isinstance(trouble, OSError) else None
    if number is None:
        return "the connection broke"
    return os.strerror(number) if number in errno.errorcode else "its name is not known"


def told_to_wait(response: ClientResponse) -> float | None:
    """`Retry-After` in seconds; the form with a date is rare, and then the usual wait does."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(ValueError, KeyError):
            return max(0.0, float(response.headers[name]) * unit)
    return None


class Silence:
    """Ends an answer that has said nothing for too long: one timer that looks when it may be so.

    A timer that is set anew with each read, as aiohttp's own is, would be paid for by every token.
    """

    def __init__(self, patience: Patience) -> None:
        self._idle = patience.idle
        self.longest = patience.first_byte
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._heard = False
        self._content: StreamReader | None = None
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, response: ClientResponse) -> None:
        """Its headers are here; aiohttp's timer has done its work."""
        connection = response.connection
        if connection is not None and connection.protocol is not None:
            connection.protocol.read_timeout = None
            connection.protocol.start_timeout()
        self._content = response.content
        self._look()

    def broken(self) -> None:
        """Something was said. From the first byte on, another silence is allowed than before it."""
        self._since = self._loop.time()
        if not self._heard:
            self._heard = True
            self.longest = self._idle
            self.end()
            self._look()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        left = self._since + self.longest - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        elif self._content is not None:
            self._content.set_exception(TimeoutError())


class Gathered:
    """An answer that is not streamed, read when it is complete."""

    def __init__(self, reading: Reading) -> None:
        self.done = False
        self._reading = reading
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Said]:
        self._parts.append(data)
        return iter(())

    def whole(self, body: bytes) -> Iterator[Said]:
        return self._reading.whole(body)

    def end(self) -> Iterator[Said]:
        return self.whole(b"".join(self._parts))


def reading_of(response: ClientResponse, question: Question) -> Reading:
    """Some providers answer with the whole at once although they were asked to stream."""
    reading = question.reading()
    return Gathered(reading) if response.content_type == "application/json" else reading


async def read_all(response: ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    while data := await response.content.readany():
        size += len(data)
        if size > LONGEST_BODY:
            raise TooLong
        parts.append(data)
    return b"".join(parts)


async def drain(response: ClientResponse) -> None:
    """Let the last few bytes come in, so that the connection can serve again; not for long."""
    if response.content.is_eof():
        return
    with suppress(TimeoutError, ClientError):
        async with asyncio.timeout(0.25):
            while await response.content.readany():
                pass
