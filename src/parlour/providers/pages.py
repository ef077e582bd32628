"""A web that is made up: pages by address, held in memory, for trials and tests. Knows no network.

It keeps the promises of the port `Web` that do not need one: redirects, bounds, and names that nobody knows.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from msgspec import Struct, structs

from parlour.domain.problems import FetchFailed
from parlour.ports.web import WebRequest, WebResponse
from parlour.providers.fetch import too_large

PIECE = 64 * 1024


class WebPage(Struct, frozen=True):
    """What one address answers."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Pages:
    """Answers with the pages it is given; `asked` are the requests so far, redirects followed in them, too."""

    def __init__(self, pages: Mapping[str, WebPage | Callable[[WebRequest], WebPage]]) -> None:
        """The addresses are given without query; a page that is a function sees each request."""
        self._pages = pages
        self.asked: list[WebRequest] = []

    @asynccontextmanager
    async def fetch(self, request: WebRequest) -> AsyncGenerator[WebResponse]:
        asked = structs.replace(request, url=whole(request), query=())
        for _ in range(request.redirects + 1):
            page = self._page(asked)
            target = {name.lower(): value for name, value in page.headers}.get("location", "")
            if page.status not in {301, 302, 303, 307, 308} or not target or not request.redirects:
                break
            kept = page.status in {307, 308} or asked.method in {"GET", "HEAD"}
            changed = {} if kept else {"method": "GET", "body": None}
            url = urljoin(asked.url, target)
            headers = asked.headers if urlsplit(url)[:2] == urlsplit(asked.url)[:2] else without_keys(asked)
            asked = structs.replace(asked, url=url, headers=headers, **changed)
        else:
            raise FetchFailed(f"More than {request.redirects} redirects.", "redirects")
        body = b"" if asked.method.upper() == "HEAD" else page.body
        headers = {"content-length": str(len(page.body))} | {name.lower(): value for name, value in page.headers}
        async with aclosing(pieces(body, request.most)) as sent:
            yield WebResponse(page.status, asked.url, tuple(headers.items()), sent)

    def _page(self, request: WebRequest) -> WebPage:
        parts = urlsplit(request.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise FetchFailed("The address must begin with http:// or https:// and name a host.", "address")
        self.asked.append(request)
        page = self._pages.get(urlunsplit(parts._replace(query="", fragment="")))
        if page is not None:
            return page(request) if callable(page) else page
        if any(urlsplit(address).netloc == parts.netloc for address in self._pages):
            return WebPage(b"Not found", 404, (("content-type", "text/plain"),))
        raise FetchFailed("The address cannot be reached.", "unreachable")


def whole(request: WebRequest) -> str:
    """The address with the request's own query."""
    parts = urlsplit(request.url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *request.query])
    return urlunsplit(parts._replace(query=query))


def without_keys(request: WebRequest) -> tuple[tuple[str, str], ...]:
    keys = {"authorization", "cookie", *(name.lower() for name in request.keys)}
    return tuple((name, value) for name, value in request.headers if name.lower() not in keys)


async def pieces(body: bytes, most: int) -> AsyncGenerator[bytes, None]:
    if len(body) > most:
        raise too_large(most)
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]
