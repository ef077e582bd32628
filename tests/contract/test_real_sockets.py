"""Clients with bad manners, on a real server: cut, half-closed and garbled connections (loopback, a random port)."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from anyio import fail_after

from parlour.listening import KEEP_ALIVE_SECONDS, LARGEST_HEAD, Listener
from tests.contract.requirements import requirement
from tests.contract.uploading import BOUNDARY, multipart
from tests.front_door import until
from tests.houses import Build, Gate, Place, key_of, rules, scripted

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MULTIPART = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"
FILE = ("file", "a.txt", "text/plain", b"some text")
SLOW = {"match": "slow", "say": ["One ", "two."], "delay_ms": 1}


@asynccontextmanager
async def listening(place: Place, *, patience: int = KEEP_ALIVE_SECONDS) -> AsyncGenerator[int]:
    """The house behind uvicorn; yields the port. `patience` is how long a client may take to begin a request."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()  # who comes before the server is there, waits
        server = Listener(place.app)
        server.config.timeout_keep_alive = patience
        serving = asyncio.create_task(server.serve([bound]))
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            with fail_after(5):
                await serving


def request(query: str, length: int | None = None, connection: str = "close") -> bytes:
    body = json.dumps({"query": query, "user": "ann", "response_mode": "streaming", "auto_generate_name": False})
    return (
        f"POST /v1/chat-messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key_of('first')}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length or len(body)}\r\n"
        f"Connection: {connection}\r\n\r\n{body}"
    ).encode()


async def exchange(port: int, sent: bytes, *, half_close: bool = False) -> bytes:
    """Send it, and read what comes until the other side closes."""
    with fail_after(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        if half_close:
            writer.write_eof()
        received = await reader.read()
        writer.close()
        await writer.wait_closed()
    return received


async def stored(place: Place) -> list[str]:
    """Every answer of the newest conversation."""
    conversations = (await place.door.get("/v1/conversations", user="ann")).json()["data"]
    if not conversations:
        return []
    page = await place.door.get("/v1/messages", user="ann", conversation_id=conversations[0]["id"])
    return [message["answer"] for message in page.json()["data"]]


NONSENSE = [
    request("hi", length=10_000),
    request("hi")[:40],
    b"",
    b"GET",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"hello\r\n\r\n",
    b"POST /v1/chat-messages HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/chat-messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
]


@requirement("stream:framing", "stream:headers", "stream:close")
async def test_the_bytes_on_the_wire_are_those_of_the_front_door(build: Build) -> None:
    place = await build(models=rules({"say": ["Sure", ", hi."]}), fixed=True)
    async with listening(place) as port:
        head, _, body = (await exchange(port, request("hi"))).partition(b"\r\n\r\n")
    assert b"text/event-stream; charset=utf-8" in head
    assert b"transfer-encoding: chunked" in head.lower()
    chunks = body.split(b"\r\n")[1::2]
    assert b"".join(chunks).decode().count("data: ") == 3


@requirement("http:old")
async def test_a_client_of_http_1_0_gets_no_chunks(build: Build) -> None:
    place = await build(models=rules({"say": ["Sure", ", hi."]}), fixed=True)
    async with listening(place) as port:
        head, _, body = (await exchange(port, request("hi").replace(b"HTTP/1.1", b"HTTP/1.0"))).partition(b"\r\n\r\n")
        whole = await exchange(
            port, request("hi").replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"streaming", b"blocking ")
        )
    assert b"transfer-encoding" not in head.lower()
    assert [frame[:6] for frame in body.decode().split("\n\n")] == ["data: ", "data: ", "data: ", ""]
    assert b"content-length: " in whole


OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"
"""As `java.net.http.HttpClient` sends it with the first request to an address, whatever its method."""


@requirement("http:upgrade")
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("chunked", [False, True])
async def test_an_offer_of_another_protocol_is_passed_over_and_the_body_is_read(
    build: Build, parts: int, *, chunked: bool
) -> None:
    place = await build(models=rules({"say": ["Sure."]}))
    head, _, body = request("hi", connection="keep-alive").partition(b"\r\n\r\n")
    head = head.replace(b"Connection: keep-alive", OFFER)
    if chunked:
        head, length = head.replace(b"Content-Length: ", b"X-Length: ") + b"\r\nTransfer-Encoding: chunked", len(body)
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (length, body)
    offered = head + b"\r\n\r\n" + body
    async with listening(place) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with fail_after(5):
            for part in range(parts):
                size = len(offered) // parts + 1
                writer.write(offered[part * size : (part + 1) * size])
                await writer.drain()
                await asyncio.sleep(0)
            for _ in range(2):
                assert (await reader.readuntil(b"0\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
                writer.write(request("hi", connection="keep-alive"))
            writer.close()
            await writer.wait_closed()
    assert await stored(place) == ["Sure."]


@requirement("http:upgrade")
async def test_an_offer_without_a_body_is_passed_over_too(build: Build) -> None:
    place = await build()
    key = key_of("first").encode()
    asked = b"GET /v1/info HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + b"\r\n"
    websocket = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    async with listening(place) as port:
        sent = asked + OFFER + b"\r\n\r\n" + asked + websocket + asked + b"Connection: close\r\n\r\n"
        assert (await exchange(port, sent)).count(b"HTTP/1.1 200 OK") == 3


@requirement("http:large-head")
@pytest.mark.parametrize("piece", [b"a" * 1000, b"a\r\nX: "])
async def test_headers_without_end_are_refused(build: Build, piece: bytes) -> None:
    place = await build()
    async with listening(place) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/info HTTP/1.1\r\nX: ")
        refused = asyncio.create_task(reader.readuntil(b"}"))
        with fail_after(5):
            while not refused.done():
                writer.write(piece * (LARGEST_HEAD // len(piece) // 4))
                await pause(0)
            assert (await refused).startswith(b"HTTP/1.1 400 Bad Request")
        writer.transport.abort()


@requirement("http:silent")
@pytest.mark.parametrize("begun", [b"", b"GET /v1/info HTTP/1.1\r\nX-A: "])
async def test_a_connection_on_which_no_request_comes_is_closed(build: Build, begun: bytes) -> None:
    place = await build()
    async with listening(place, patience=0) as port:
        assert await exchange(port, begun) == b""


@requirement("stream:head-first")
async def test_the_head_of_a_stream_is_there_before_the_model_says_anything(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [SLOW]}, gate.sleep))
    async with listening(place) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("slow"))
        with fail_after(5):
            assert b"text/event-stream" in await reader.readuntil(b"\r\n\r\n")
        gate.opened.set()
        with fail_after(5):
            assert b"message_end" in await reader.read()
        writer.close()
        await writer.wait_closed()


@requirement("life:disconnect", "check:39")
async def test_a_connection_that_is_cut_mid_stream_loses_no_answer(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [SLOW]}, gate.sleep))
    async with listening(place) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("slow"))
        with fail_after(5):
            await gate.waiting.wait()
        writer.transport.abort()
        gate.opened.set()

        async def answered() -> bool:
            return await stored(place) == ["One two."]

        await until(answered)


@requirement("life:disconnect")
async def test_a_client_that_closes_its_half_after_asking_gets_its_answer(build: Build) -> None:
    place = await build(models=scripted({"rules": [SLOW]}, pause))
    async with listening(place) as port:
        for connection in ("close", "keep-alive"):
            reply = await exchange(port, request("slow", connection=connection), half_close=True)
            assert b'"answer":"two."' in reply
            assert b'"event":"message_end"' in reply
            assert reply.endswith(b"0\r\n\r\n")
    assert await stored(place) == ["One two."]


@requirement("life:silent-body")
@pytest.mark.parametrize(
    "kind",
    ["/v1/chat-messages HTTP/1.1\r\nContent-Type: application/json", f"/v1/files/upload HTTP/1.1\r\n{MULTIPART}"],
)
async def test_a_client_that_is_silent_in_the_middle_of_its_body_is_told_and_let_go(build: Build, kind: str) -> None:
    place = await build(silence_seconds=0.05)
    head = f"POST {kind}\r\nHost: x\r\nAuthorization: Bearer {key_of('first')}\r\nConnection: close\r\n"
    async with listening(place) as port:
        reply = await exchange(port, f"{head}Content-Length: 10000\r\n\r\n".encode() + multipart(FILE)[:-50])
    assert b"400 Bad Request" in reply
    assert b"nothing came for 0.05 s" in reply


async def pause(seconds: float) -> None:
    """Long enough for the server to read all that its client has sent."""
    del seconds
    for _ in range(20):
        await asyncio.sleep(0)


@requirement("life:disconnect")
async def test_a_reader_that_has_gone_is_written_for_no_longer(build: Build) -> None:
    gate = Gate()
    place = await build(models=scripted({"rules": [SLOW]}, gate.sleep))
    async with listening(place) as port:
        before = asyncio.all_tasks()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("slow"))
        with fail_after(5):
            await gate.waiting.wait()
        writer.transport.abort()

        async def only_the_run_goes_on() -> bool:
            return {task.get_name().partition(" ")[0] for task in asyncio.all_tasks() - before} == {"run"}

        await until(only_the_run_goes_on)
        gate.opened.set()


@requirement("error:never-html")
@pytest.mark.parametrize("sent", [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
async def test_what_is_no_http_is_refused_in_the_envelope(build: Build, sent: bytes) -> None:
    place = await build()
    async with listening(place) as port:
        head, _, body = (await exchange(port, sent)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    for header in (
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
        "x-version: ",
    ):
        assert f"\r\n{header}".encode() in head.lower()
    assert json.loads(body).keys() == {"code", "message", "status"}


async def test_nonsense_after_a_request_does_not_get_into_its_reply(build: Build) -> None:
    place = await build(models=rules({"match": "wait", "say": ["One "], "hang": True}))
    async with listening(place) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("wait", connection="keep-alive"))
        with fail_after(5):
            await reader.readuntil(b'"answer":"One "')
            writer.write(b"hello\r\n\r\n")
            assert b"bad_request" not in await reader.read()
        writer.close()


@requirement("error:malformed-json", "order:nothing-is-left")
async def test_a_request_that_never_becomes_one_leaves_nothing_and_harms_nobody(build: Build) -> None:
    place = await build()
    async with listening(place) as port:
        for sent in NONSENSE:
            reply = await exchange(port, sent, half_close=True)
            assert b" 500 " not in reply
            assert b"<" not in reply
        assert await stored(place) == []
        assert b" 200 OK" in await exchange(port, request("hi"))
