"""The load generator counts what it is sent, and takes nothing for a reply that is not one."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice
from typing import cast

import anyio
import pytest
from msgspec.structs import replace

from bench.cases import CASES, Case, asked
from bench.load import Connection, Load, Outcome, drive
from bench.upstream import Speaker, Upstream, framed, words

pytestmark = pytest.mark.anyio

ASKED = Load(port=0, path="/v1/chat/completions", body="", expect="data: [DONE]", token='"content":" ', rounds=1)
SPEAKER = Speaker()
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def streamed(*events: bytes) -> bytes:
    body = b"".join(event + b"\n\n" for event in events)
    return STREAM_HEAD + framed(body) + b"0\r\n\r\n"


class Stub(asyncio.Protocol):
    """Answers each request with what `answer` makes of its body; an answer ending in ! breaks the connection off."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        self.gone = asyncio.get_running_loop().create_future()
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set_result(exc)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, _, body = self.received.partition(b"\r\n\r\n")
        if len(body) < int(head.partition(b"Content-Length: ")[2]):
            return
        self.received = b""
        reply = self.answer(body)
        self.transport.write(reply)
        if reply.endswith(b"!"):
            self.transport.close()


@asynccontextmanager
async def serving(make: Callable[[], Stub | Upstream]) -> AsyncGenerator[Load]:
    """A server on loopback, and the load that asks it; left when its last connection is gone."""
    made: list[Stub | Upstream] = []

    def connected() -> Stub | Upstream:
        made.append(make())
        return made[-1]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    async with server:
        yield replace(ASKED, port=server.sockets[0].getsockname()[1])
    with anyio.fail_after(5):
        for connection in made:
            await connection.gone


async def outcome_of(load: Load) -> Outcome:
    with anyio.fail_after(5):
        return await drive(load)


async def asked_upstream(query: str, clients: int = 1, rounds: int = 1) -> Outcome:
    async with serving(partial(Upstream, SPEAKER)) as load:
        body = f'{{"stream":true,"messages":"{query}"}}'
        return await outcome_of(replace(load, body=body, clients=clients, rounds=rounds))


async def test_every_event_and_token_of_every_reply_is_counted() -> None:
    outcome = await asked_upstream("[[7,0]]", clients=3, rounds=4)
    assert outcome.requests == 12
    assert outcome.tokens == 12 * 7
    assert outcome.events == 12 * (7 + 4), "the role, the finish, the usage and the last line are events too"
    assert outcome.errors == {}
    assert 0 < outcome.first_p50 <= outcome.total_p50 <= outcome.total_p99


async def test_the_last_marker_of_a_prompt_chooses_the_reply() -> None:
    assert (await asked_upstream("[[90,0]] and then [[2,0]]")).tokens == 2


async def test_paced_tokens_keep_their_schedule() -> None:
    outcome = await asked_upstream("[[5,8]]")
    assert outcome.tokens == 5
    assert outcome.total_p50 >= 4 * 8 - 2, "a timer may fire within its clock's grain"
    assert outcome.first_p50 < outcome.total_p50 / 2


async def test_a_request_that_does_not_stream_gets_the_reply_in_one_piece() -> None:
    said = "".join(islice(words(), 3))
    async with serving(partial(Upstream, Speaker())) as load:
        outcome = await outcome_of(replace(load, body='"[[3,0]]"', expect=f'"content":"{said}"'))
    assert (outcome.requests, outcome.errors) == (1, {})


async def test_clients_are_dealt_out_among_replicas() -> None:
    async with serving(partial(Upstream, SPEAKER)) as one, serving(partial(Stub, lambda _: streamed())) as other:
        body = '{"stream":true,"messages":"[[2,0]]"}'
        outcome = await outcome_of(replace(one, body=body, clients=4, rounds=3, replicas=(other.port,)))
    assert (outcome.requests, outcome.tokens) == (12, 2 * 3 * 2), "half of them have asked one that says nothing"


async def test_text_is_timed_to_its_last_token_and_not_to_what_comes_behind() -> None:
    outcome = await asked_upstream("[[5,8]]")
    assert outcome.first_p50 + 3 * 8 < outcome.text_p50 < outcome.total_p50


async def test_the_upstream_reads_aloud_at_the_pace_of_a_voice() -> None:
    async with serving(partial(Upstream, SPEAKER)) as load:
        outcome = await outcome_of(replace(load, path="/v1/audio/speech", body='{"input":"Hello."}', expect=""))
        longer = await outcome_of(
            replace(load, path="/v1/audio/speech", body=f'{{"input":"{"Hello. " * 20}"}}', expect="")
        )
    assert outcome.errors == longer.errors == {}
    assert longer.total_p50 > outcome.total_p50 + 10 * 10 - 2


async def test_bursts_end_by_the_clock() -> None:
    began = time.perf_counter()
    async with serving(partial(Upstream, SPEAKER)) as load:
        outcome = await outcome_of(replace(load, body='"stream":true', rounds=0, seconds=0.05))
    assert time.perf_counter() - began < 2
    assert outcome.requests > 1
    assert outcome.errors == {}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (streamed(b"data: {}", b'data: {"content":" a"}'), "the last event is not data: [DONE]"),
        (streamed(b"data: [DONE]", b"data: more"), "the last event is not data: [DONE]"),
        (STREAM_HEAD + framed(b"data: [DONE]\n\n") + b"!", "not HTTP"),
        (STREAM_HEAD + b"20\r\ndata: [DONE]\n\n!", "the connection broke"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 12\r\n\r\ndata: [DONE]", "status 503: data: [DONE]"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "the last event is not data: [DONE]"),
        (b"nothing of the kind!", "not HTTP"),
    ],
)
async def test_what_is_no_whole_reply_is_an_error(reply: bytes, error: str) -> None:
    async with serving(lambda: Stub(lambda _: reply)) as load:
        outcome = await outcome_of(replace(load, rounds=2))
    assert outcome.requests == 2
    assert sum(outcome.errors.values()) == 2
    assert all(text.startswith(error) for text in outcome.errors), outcome.errors
    assert (outcome.events, outcome.total_p50) == (0, 0), "an error counts nowhere else"


async def test_a_reply_that_never_ends_is_an_error() -> None:
    async with serving(lambda: Stub(lambda _: STREAM_HEAD + framed(b"data: {}\n\n"))) as load:
        outcome = await outcome_of(replace(load, timeout=0.03))
    assert outcome.errors == {"no end within 0.03 s": 1}


async def test_pings_are_no_events() -> None:
    async with serving(
        lambda: Stub(lambda _: streamed(b"event: ping", b'data: {"content":" a"}', b"data: [DONE]"))
    ) as load:
        outcome = await outcome_of(load)
    assert (outcome.events, outcome.tokens, outcome.errors) == (2, 1, {})


async def test_a_conversation_goes_on_for_its_turns_and_then_begins_anew() -> None:
    bodies: list[bytes] = []

    def answer(body: bytes) -> bytes:
        bodies.append(body)
        return streamed(b'data: {"conversation_id":"c%d"}' % len(bodies), b"data: [DONE]")

    async with serving(lambda: Stub(answer)) as load:
        await outcome_of(replace(load, body="{user}/{conversation}", turns=3, rounds=5))
    assert bodies == [b"user-0-0/", b"user-0-0/c1", b"user-0-0/c2", b"user-0-1/", b"user-0-1/c4"]


class Deaf(asyncio.Transport):
    """A transport that takes what is written to it, and no more."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def close(self) -> None:
        pass


async def test_a_reply_counts_the_same_wherever_the_network_cuts_it() -> None:
    text = streamed(b'data: {"content":" a"}', b"event: ping", b'data: {"content":" b"}', b"data: [DONE]")
    for cut in range(1, len(text)):
        connection = Connection(ASKED)
        connection.connection_made(Deaf())
        done = connection.ask(b"")
        connection.data_received(text[:cut])
        connection.data_received(text[cut:])
        reply = await done
        assert (reply.events, reply.tokens, reply.error) == (3, 2, ""), text[:cut]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_every_server_is_asked_for_the_same_reply(case: Case) -> None:
    loads = [asked(case, name, 1, 2) for name in ("direct", "nginx", "parlour")]
    assert all(f"[[{case.tokens},{case.delay_ms}]]" in load.body for load in loads)
    assert {load.clients for load in loads} == {case.clients}
    assert all(load.seconds or load.rounds for load in loads), "nothing runs for ever"
