"""What the port `Web` promises, whether a network or a made-up one is behind it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from anyio import fail_after
from msgspec import Struct

from parlour.domain.problems import FetchFailed
from parlour.ports.web import Web, WebRequest
from parlour.providers.pages import Pages, WebPage
from tests.web_site import Site, guarded, served

pytestmark = pytest.mark.anyio

LONG = b"0123456789" * 20_000


def echo(request: WebRequest) -> WebPage:
    """What arrived."""
    told = {
        "method": request.method,
        "query": parse_qsl(urlsplit(request.url).query),
        "body": request.body.decode() if isinstance(request.body, bytes) else "",
        "mark": {name.lower(): value for name, value in request.headers}.get("x-mark"),
    }
    return WebPage(json.dumps(told).encode(), headers=(("Content-Type", "application/json"),))


def to(path: str, status: int = 302) -> WebPage:
    return WebPage(status=status, headers=(("Location", path),))


def away(request: WebRequest) -> WebPage:
    return to(dict(parse_qsl(urlsplit(request.url).query))["to"])


SITE: Site = {
    "/plain": WebPage(b"Hello.", headers=(("Content-Type", "text/plain"), ("X-Two", "2"))),
    "/failing": WebPage(b"No.", 503),
    "/long": WebPage(LONG),
    "/echo": echo,
    "/there": to("/plain"),
    "/seen": to("/echo", 303),
    "/kept": to("/echo", 307),
    "/three": to("/two"),
    "/two": to("/there"),
    "/round": to("/round"),
    "/away": away,
}


class Outside(Struct):
    web: Web
    base: str
    nobody: str
    """Where nobody answers."""
    other: str
    """The same by another name."""


@asynccontextmanager
async def real() -> AsyncGenerator[Outside]:
    async with guarded("127.0.0.0/8", "localhost") as web, served(SITE) as site:
        yield Outside(web, site.at("127.0.0.1", ""), "http://127.0.0.1:9", site.at("localhost", ""))


@asynccontextmanager
async def made_up() -> AsyncGenerator[Outside]:
    base, other = "https://made-up.example", "https://other.example"
    pages = Pages({name + path: page for path, page in SITE.items() for name in (base, other)})
    yield Outside(pages, base, "https://nobody.example", other)


OPENERS = {"real": real, "made up": made_up}


@pytest.fixture(params=sorted(OPENERS))
async def outside(request: pytest.FixtureRequest) -> AsyncGenerator[Outside]:
    with fail_after(5):
        async with OPENERS[request.param]() as opened:
            yield opened


async def body(web: Web, request: WebRequest) -> bytes:
    async with web.fetch(request) as response:
        return await response.body()


async def told(web: Web, request: WebRequest) -> dict[str, object]:
    return json.loads(await body(web, request))


async def why(web: Web, request: WebRequest) -> str:
    with pytest.raises(FetchFailed) as failed:
        await body(web, request)
    return failed.value.why


async def test_an_answer_has_its_status_headers_and_body(outside: Outside) -> None:
    async with outside.web.fetch(WebRequest(outside.base + "/plain")) as response:
        assert (response.status, response.url) == (200, outside.base + "/plain")
        assert (response.header("content-type"), response.header("x-two"), response.header("x-3")) == (
            "text/plain",
            "2",
            "",
        )
        assert await response.body() == b"Hello."


async def test_any_status_is_an_answer(outside: Outside) -> None:
    for path, status in (("/failing", 503), ("/nothing", 404)):
        async with outside.web.fetch(WebRequest(outside.base + path)) as response:
            assert response.status == status


async def test_method_query_headers_and_body_arrive(outside: Outside) -> None:
    request = WebRequest(
        outside.base + "/echo?a=1",
        "PUT",
        query=(("b", "ü &="), ("a", "2")),
        headers=(("X-Mark", "here"),),
        body=b"bytes",
    )
    assert await told(outside.web, request) == {
        "method": "PUT",
        "query": [["a", "1"], ["b", "ü &="], ["a", "2"]],
        "body": "bytes",
        "mark": "here",
    }


async def test_a_head_has_the_length_and_no_body(outside: Outside) -> None:
    async with outside.web.fetch(WebRequest(outside.base + "/long", "HEAD", most=10)) as response:
        assert (response.header("content-length"), await response.body()) == (str(len(LONG)), b"")


async def test_redirects_are_followed_as_far_as_was_said(outside: Outside) -> None:
    async with outside.web.fetch(WebRequest(outside.base + "/three", redirects=3)) as response:
        assert (await response.body(), response.url) == (b"Hello.", outside.base + "/plain")
    assert await why(outside.web, WebRequest(outside.base + "/three", redirects=2)) == "redirects"
    assert await why(outside.web, WebRequest(outside.base + "/round")) == "redirects"
    async with outside.web.fetch(WebRequest(outside.base + "/three", redirects=0)) as response:
        assert (response.status, response.header("location")) == (302, "/two")


@pytest.mark.parametrize(("path", "method", "kept"), [("/seen", "GET", ""), ("/kept", "POST", "bytes")])
async def test_a_redirect_keeps_the_body_only_where_it_says_so(
    outside: Outside, path: str, method: str, kept: str
) -> None:
    found = await told(outside.web, WebRequest(outside.base + path, "POST", body=b"bytes"))
    assert (found["method"], found["body"]) == (method, kept)


async def test_keys_go_to_no_other_place_by_a_redirect(outside: Outside) -> None:
    def by_way_of(*places: str) -> str:
        url = places[-1] + "/echo"
        for place in places[-2::-1]:
            url = f"{place}/away?to={quote(url, safe='')}"
        return url

    async def mark(*places: str, keys: tuple[str, ...] = ("x-mark",)) -> object:
        request = WebRequest(by_way_of(*places), headers=(("X-Mark", "secret"),), keys=keys)
        return (await told(outside.web, request))["mark"]

    here, there = outside.base, outside.other
    assert await mark(here) == await mark(here, here) == await mark(here, there, keys=()) == "secret"
    assert await mark(here, there) is None
    assert await mark(here, there, here) is None, "whoever led it away says where it goes back to"


async def test_a_body_that_is_longer_than_allowed_is_a_failure(outside: Outside) -> None:
    exact = WebRequest(outside.base + "/long", most=len(LONG))
    assert await body(outside.web, exact) == LONG
    assert await why(outside.web, WebRequest(outside.base + "/long", most=len(LONG) - 1)) == "too_large"


async def test_an_answer_need_not_be_read(outside: Outside) -> None:
    for read in (0, 1):
        async with outside.web.fetch(WebRequest(outside.base + "/long")) as response:
            for _ in range(read):
                assert await anext(response.pieces)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://a.example/", "ftp://a.example/", "http://", "a", ""])
async def test_only_http_and_https_addresses_are_asked(outside: Outside, url: str) -> None:
    assert await why(outside.web, WebRequest(url)) == "address"


async def test_where_nobody_answers_is_unreachable(outside: Outside) -> None:
    assert await why(outside.web, WebRequest(outside.nobody)) == "unreachable"
