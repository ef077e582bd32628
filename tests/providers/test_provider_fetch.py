"""The port `Web` over a real network: forms, silence, broken and packed answers, certificates, and whose list holds."""

import asyncio
import gzip
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from parlour.domain.problems import FetchFailed
from parlour.ports.web import Part, WebRequest
from parlour.providers.fetch import GuardedWeb
from parlour.providers.pages import WebPage
from parlour.providers.web import Allowed
from tests.web_site import Names, guarded, served

pytestmark = pytest.mark.anyio


@pytest.fixture
async def web() -> AsyncGenerator[GuardedWeb]:
    async with guarded("127.0.0.0/8") as made:
        yield made


async def body(web: GuardedWeb, request: WebRequest) -> bytes:
    async with web.fetch(request) as response:
        return await response.body()


async def why(web: GuardedWeb, request: WebRequest) -> str:
    with pytest.raises(FetchFailed) as failed:
        await body(web, request)
    return failed.value.why


@asynccontextmanager
async def raw(say: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncGenerator[str]:
    """A server that says its bytes to whoever has asked, and then nothing; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await say(writer)
            await reader.read()  # until the client goes
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_a_form_arrives_with_its_fields_and_files(web: GuardedWeb) -> None:
    form = (
        Part("note", "Grüße".encode()),
        Part("file", b"\x00\xff", 'ä "b".bin', "application/x-thing"),
        Part("file", b"second", "2.txt"),
    )
    async with served({"/": WebPage(b"ok")}) as site:
        assert await body(web, WebRequest(site.at("127.0.0.1"), "POST", body=form)) == b"ok"
    (asked,) = site.asked
    assert dict(asked.headers)["content-type"].startswith("multipart/form-data; boundary=")
    sent = asked.body
    assert isinstance(sent, bytes)
    for piece in (
        b'name="note"\r\n',
        "Grüße".encode(),
        'name="file"; filename="ä \\"b\\".bin"'.encode(),
        b"Content-Type: application/x-thing",
        b"\x00\xff",
        b'filename="2.txt"',
    ):
        assert piece in sent


async def test_a_plain_field_says_no_type_and_an_empty_form_is_a_form(web: GuardedWeb) -> None:
    async with served({"/": WebPage(b"ok")}) as site:
        for form in ((Part("note", b"x"),), ()):
            await body(web, WebRequest(site.at("127.0.0.1"), "POST", body=form))
    one, none = site.asked
    assert isinstance(one.body, bytes)
    assert b"Content-Type" not in one.body
    assert dict(none.headers)["content-type"].startswith("multipart/form-data; boundary=")


async def test_a_form_is_sent_again_where_a_redirect_says_so(web: GuardedWeb) -> None:
    form = (Part("file", b"12345", "a.bin"),)
    site = {"/": WebPage(status=307, headers=(("Location", "/there"),)), "/there": WebPage(b"ok")}
    async with served(site) as known:
        await body(web, WebRequest(known.at("127.0.0.1"), "POST", body=form))
    assert len(known.asked) == 2
    assert known.asked[0].body == known.asked[1].body


@pytest.mark.parametrize("large", [b"0" * 5_000_000, (Part("a", b"0" * 2_000_000), Part("b", b"1" * 3_000_000, "b"))])
async def test_a_large_body_arrives_whole(web: GuardedWeb, large: bytes | tuple[Part, ...]) -> None:
    async with served({"/": WebPage(b"ok")}) as site:
        assert await body(web, WebRequest(site.at("127.0.0.1"), "POST", body=large)) == b"ok"
    arrived = site.asked[0].body
    assert isinstance(arrived, bytes)
    assert len(arrived) >= 5_000_000


async def test_headers_of_the_connection_are_the_clients_own(web: GuardedWeb) -> None:
    headers = (("Content-Length", "1"), ("Transfer-Encoding", "chunked"), ("Host", "inner.example"), ("X-A", "b"))
    async with served({"/": WebPage(b"ok")}) as site:
        assert await body(web, WebRequest(site.at("127.0.0.1"), "POST", headers=headers, body=b"four")) == b"ok"
    arrived = dict(site.asked[0].headers)
    assert (arrived["content-length"], arrived["host"], arrived["x-a"]) == ("4", f"127.0.0.1:{site.port}", "b")
    assert "transfer-encoding" not in arrived


@pytest.mark.parametrize(
    "request_",
    [
        WebRequest("http://127.0.0.1:9/", headers=(("X-A", "b\r\nX-C: d"),)),
        WebRequest("http://127.0.0.1:9/", headers=(("X\nA", "b"),)),
        WebRequest("http://127.0.0.1:9/", "GET / HTTP/1.1\r\nX: "),
        WebRequest("http://[::1/"),
    ],
)
async def test_nothing_malformed_is_sent_and_no_line_break_smuggled_in(web: GuardedWeb, request_: WebRequest) -> None:
    assert await why(web, request_) == "address"


async def test_silence_before_and_in_the_answer_is_too_slow(web: GuardedWeb) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None: ...

    async def halting(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    for say in (silent, halting):
        async with raw(say) as address:
            assert await why(web, WebRequest(address, read_seconds=0.05)) == "slow"
            assert await why(web, WebRequest(address, total_seconds=0.05)) == "slow"


async def test_a_connection_that_nobody_takes_is_too_slow(web: GuardedWeb) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # more than its queue has places: who comes later is not heard
        for one in waiting:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(busy.getsockname())
        address = f"http://127.0.0.1:{busy.getsockname()[1]}/"
        assert await why(web, WebRequest(address, connect_seconds=0.1)) == "slow"
        for one in waiting:
            one.close()


async def test_a_body_that_nobody_takes_is_too_slow(web: GuardedWeb) -> None:
    stopped = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stopped.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, limit=1) as server:
        port = server.sockets[0].getsockname()[1]
        large = WebRequest(f"http://127.0.0.1:{port}/", "POST", body=b"0" * 50_000_000, write_seconds=0.2)
        assert await why(web, large) == "slow"
        stopped.set()


async def test_an_answer_that_breaks_off_is_broken(web: GuardedWeb) -> None:
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        writer.close()

    async with raw(cut) as address:
        assert await why(web, WebRequest(address)) == "broken"


async def test_what_no_http_server_says_is_unreachable(web: GuardedWeb) -> None:
    async def nonsense(writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with raw(nonsense) as address:
        assert await why(web, WebRequest(address)) == "unreachable"


async def test_the_limit_counts_unpacked_bytes(web: GuardedWeb) -> None:
    packed = gzip.compress(b"0" * 50_000_000)
    assert len(packed) < 100_000
    async with served({"/": WebPage(packed, headers=(("Content-Encoding", "gzip"),))}) as site:
        assert await why(web, WebRequest(site.at("127.0.0.1"), most=100_000)) == "too_large"


async def test_secrets_stay_with_the_host_that_they_were_meant_for(web: GuardedWeb) -> None:
    secret = (("Authorization", "Bearer s"), ("Cookie", "s=1"))
    async with served({"/": WebPage(b"ok")}) as other:
        away = WebPage(status=302, headers=(("Location", other.at("127.0.0.1")),))
        async with served({"/": away}) as first:
            assert await body(web, WebRequest(first.at("127.0.0.1"), headers=secret)) == b"ok"
    assert dict(first.asked[0].headers)["authorization"] == "Bearer s"
    assert not {"authorization", "cookie"} & dict(other.asked[0].headers).keys()


async def test_what_one_app_may_reach_another_may_not_even_over_the_same_connection() -> None:
    allow_of = {"first": ["127.0.0.1"]}
    async with guarded(allow_of=allow_of) as web, served({"/": WebPage(b"ok")}) as site:
        assert await body(web, WebRequest(site.at("127.0.0.1"), app="first")) == b"ok"
        assert site.connections == 1
        for other in ("", "second"):
            assert await why(web, WebRequest(site.at("127.0.0.1"), app=other)) == "refused"
        assert site.connections == 1


async def test_a_place_is_allowed_by_its_name_or_by_the_names_above_it() -> None:
    names = Names(wiki_corp=["127.0.0.1"], deep_in_corp=["127.0.0.1"], corp=["127.0.0.1"], notcorp=["127.0.0.1"])
    async with guarded("WIKI.corp", "*.in.corp", names=names) as web, served({"/": WebPage(b"ok")}) as site:
        for allowed in ("wiki.corp", "wiki.corp.", "deep.in.corp"):
            assert await body(web, WebRequest(site.at(allowed))) == b"ok"
        for other in ("corp", "notcorp"):
            assert await why(web, WebRequest(site.at(other))) == "refused"


@pytest.mark.parametrize("entry", ["", "10.0.0.1/8", "http://wiki.corp", "wiki corp", "*", "300.1.1.1", "::1/200"])
def test_an_entry_that_says_nothing_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Allowed.of([entry])
