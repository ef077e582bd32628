"""A closed-loop load generator: each client sends its next request when its last reply has ended.

Reads a `Load` as JSON on stdin and writes an `Outcome` as JSON on stdout. A reply is an error when its status is not
2xx, when the connection breaks before its end, when it exceeds the timeout, or when its last event is not the expected
one. An event is a block with a `data:` line; pings have none. Knows nothing of which server it asks.
"""

import asyncio
import re
import sys
import time
from collections import Counter
from statistics import quantiles
from typing import cast

import httptools
import msgspec
import uvloop
from msgspec import Struct

CONVERSATION = re.compile(rb'"conversation_id":\s*"([^"]+)"')


class Load(Struct, frozen=True):
    """What to ask, and how much. `{user}` and `{conversation}` in the body are filled in for each request."""

    port: int
    path: str
    body: str
    expect: str
    """What the last event of a whole reply holds (the body, for a reply that is not a stream)."""
    token: str
    """What an event with a token holds."""
    clients: int = 1
    seconds: float = 0
    """No request starts after so long; 0 is no limit."""
    rounds: int = 0
    """How many requests each client sends; 0 is no limit."""
    turns: int = 1
    """How many requests share a conversation and a user before the client begins anew."""
    ramp: float = 0
    """Seconds over which the clients begin."""
    timeout: float = 30
    headers: dict[str, str] = {}
    replicas: tuple[int, ...] = ()
    """Ports of others that answer alike: the clients are dealt out among all."""


class Outcome(Struct, frozen=True):
    """What came of a `Load`; times in milliseconds, over the replies without error."""

    requests: int
    events: int
    tokens: int
    seconds: float
    first_p50: float
    first_p99: float
    total_p50: float
    total_p99: float
    errors: dict[str, int]
    cpu_seconds: float
    """What the generator itself used: near `seconds` it measures itself."""
    text_p50: float = 0
    """Until the last token, whatever comes behind it."""


class Reply(Struct):
    """One reply, as its client saw it; times in seconds since it was sent."""

    status: int = 0
    events: int = 0
    tokens: int = 0
    first: float | None = None
    text: float = 0
    total: float = 0
    error: str = ""
    conversation: str = ""


def events_in(blocks: bytes) -> int:
    """How many events whole blocks hold."""
    return blocks.count(b"\ndata:") + blocks.startswith(b"data:")


class Connection(asyncio.Protocol):
    """One client's connection, and the reply that is being read from it."""

    def __init__(self, load: Load) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.expect = load.expect.encode()
        self.token = load.token.encode()
        self.timeout = load.timeout
        self.follow = load.turns > 1
        self.done: asyncio.Future[Reply] | None = None
        self.gone = self.loop.create_future()

    def ask(self, request: bytes) -> asyncio.Future[Reply]:
        assert self.transport is not None
        self.parser = httptools.HttpResponseParser(self)
        self.rest = b""
        self.last = b""
        self.streamed = False
        self.reply = Reply()
        self.done = self.loop.create_future()
        self.timer = self.loop.call_later(self.timeout, self.give_up)
        self.sent = time.perf_counter()
        self.transport.write(request)
        return self.done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.gone.set_result(None)
        self.finish(f"the connection broke: {exc or 'closed by the server'}")

    def give_up(self) -> None:
        self.finish(f"no end within {self.timeout:g} s")
        if self.transport is not None:
            self.transport.abort()

    async def close(self) -> None:
        if self.transport is not None:
            self.transport.close()
        await self.gone

    def data_received(self, data: bytes) -> None:
        if self.done is None:
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.finish(f"not HTTP: {error}")

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self.streamed = value.startswith(b"text/event-stream")

    def on_headers_complete(self) -> None:
        self.reply.status = self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        text = self.rest + body if self.rest else body
        if not self.streamed:
            self.rest = text
            return
        cut = text.rfind(b"\n\n") + 2
        self.rest = text[cut:] if cut > 1 else text
        if cut > 1:
            self.read_blocks(text[:cut])

    def read_blocks(self, blocks: bytes) -> None:
        reply = self.reply
        tokens = blocks.count(self.token)
        if tokens:
            reply.text = time.perf_counter() - self.sent
            reply.first = reply.first or reply.text
        if self.follow and not reply.conversation:
            self.note_conversation(blocks)
        reply.tokens += tokens
        reply.events += events_in(blocks)
        self.last = blocks[:-2].rpartition(b"\n\n")[2]

    def note_conversation(self, text: bytes) -> None:
        found = CONVERSATION.search(text)
        self.reply.conversation = found[1].decode() if found else ""

    def on_message_complete(self) -> None:
        if not self.streamed:
            self.reply.first = time.perf_counter() - self.sent
            self.last = self.rest
            self.note_conversation(self.rest)
        if not 200 <= self.reply.status < 300:
            self.finish(f"status {self.reply.status}: {self.rest[:200].decode(errors='replace')}")
        elif self.expect not in self.last:
            self.finish(f"the last event is not {self.expect.decode()}: {self.last[:200].decode(errors='replace')}")
        else:
            self.finish("")

    def finish(self, error: str) -> None:
        if self.done is None or self.done.done():
            return
        self.timer.cancel()
        self.reply.error = error
        self.reply.total = time.perf_counter() - self.sent
        self.done.set_result(self.reply)
        self.done = None
        if self.transport is not None and (error or not self.parser.should_keep_alive()):
            self.transport.close()
            self.transport = None  # so that the client connects anew


class Run:
    """One load while it is driven."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.replies: list[Reply] = []
        self.began = 0.0
        head = [f"POST {load.path} HTTP/1.1", f"Host: 127.0.0.1:{load.port}", "Content-Type: application/json"]
        self.head = "\r\n".join([*head, *(f"{name}: {value}" for name, value in load.headers.items())])

    def request(self, user: str, conversation: str) -> bytes:
        body = self.load.body.replace("{user}", user).replace("{conversation}", conversation).encode()
        return f"{self.head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def over(self, sent: int) -> bool:
        load = self.load
        late = load.seconds and time.perf_counter() - self.began >= load.seconds
        return bool(late) or bool(load.rounds and sent >= load.rounds)

    async def connect(self, number: int) -> Connection:
        """For that client."""
        load = self.load
        ports = (load.port, *load.replicas)
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(load), "127.0.0.1", ports[number % len(ports)])
        return connection

    async def client(self, number: int, connection: Connection) -> None:
        await asyncio.sleep(self.load.ramp * number / self.load.clients)
        sent, conversation = 0, ""
        while not self.over(sent):
            if sent % self.load.turns == 0:
                conversation = ""
            if connection.transport is None:
                try:
                    await connection.close()
                    connection = await self.connect(number)
                except OSError as error:
                    self.replies.append(Reply(error=f"no connection: {error}"))
                    sent += 1
                    await asyncio.sleep(0.05)
                    continue
            user = f"user-{number}-{sent // self.load.turns}"
            reply = await connection.ask(self.request(user, conversation))
            conversation = reply.conversation
            self.replies.append(reply)
            sent += 1
        await connection.close()


def percentiles(times: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    if not times:
        return 0.0, 0.0
    cuts = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    return round(cuts[49] * 1000, 3), round(cuts[98] * 1000, 3)


def summary(replies: list[Reply], seconds: float, cpu_seconds: float) -> Outcome:
    good = [reply for reply in replies if not reply.error]
    first_p50, first_p99 = percentiles([reply.first for reply in good if reply.first is not None])
    total_p50, total_p99 = percentiles([reply.total for reply in good])
    text_p50, _ = percentiles([reply.text for reply in good])
    return Outcome(
        requests=len(replies),
        events=sum(reply.events for reply in good),
        tokens=sum(reply.tokens for reply in good),
        seconds=seconds,
        first_p50=first_p50,
        first_p99=first_p99,
        total_p50=total_p50,
        total_p99=total_p99,
        errors=dict(Counter(reply.error for reply in replies if reply.error)),
        cpu_seconds=cpu_seconds,
        text_p50=text_p50,
    )


async def drive(load: Load) -> Outcome:
    """Sends the load; every connection is open before the first request goes out."""
    run = Run(load)
    connections = [await run.connect(number) for number in range(load.clients)]
    cpu = time.process_time()
    run.began = time.perf_counter()
    async with asyncio.TaskGroup() as clients:
        for number, connection in enumerate(connections):
            clients.create_task(run.client(number, connection))
    seconds = time.perf_counter() - run.began
    return summary(run.replies, seconds, time.process_time() - cpu)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(drive(asked))))
