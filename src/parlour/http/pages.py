"""The pages for people: their files, and the token that a page asks for in place of a key.

The files are built from `web/` by `make web` and shipped; nothing here looks into them. Knows no store and no model.
"""

import asyncio
import re
import secrets
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.app import App
from parlour.domain.problems import Forbidden, NotFound
from parlour.http.house import LOOPBACK, House
from parlour.http.rim import json
from parlour.http.visitors import VALID_SECONDS, Visitor, token, user_name
from parlour.wire.encode import encode

BUILT = Path(__file__).resolve().parent.parent / "pages"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PACKED = {"br": ".br", "gzip": ".gz"}
"""What a browser may take a file as, the best first, and how that file is called."""
FOREVER = "public, max-age=31536000, immutable"
HASHED = re.compile(r"-[\w-]{8}\.\w+$")
COOKIE = "parlour_visitor"
YEAR = 365 * 24 * 3600
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "dompurify",  # the one that may make HTML of a text, and only after it has cleaned it
}


class Token(Struct):
    """What a page is given."""

    token: str
    user: str
    expires_in: int
    """Seconds."""
    demo: bool
    """Whether the small model that newcomers meet answers."""


def routes(house: House) -> list[Route]:
    found = [Route("/runs", partial(operator, house), methods=["GET"])] if house.operator is not None else []
    if not (found or house.pages.apps):
        return []
    found.append(Route("/pages/{name}", asset, methods=["GET"]))
    if not house.pages.apps:
        return found
    return [
        *found,
        Route("/chat/embed.js", embed, methods=["GET"]),
        Route("/chat/{app}", partial(chat, house), methods=["GET"]),
        Route("/chat/{app}/token", partial(visit, house), methods=["POST"]),
    ]


async def chat(house: House, request: Request) -> Response:
    """The page of an app; where there is none the same page says so."""
    return await page(house, request, "chat.html", 200 if page_of(house, request) else 404)


async def operator(house: House, request: Request) -> Response:
    """The page for who has an operator's key, which it asks for; it knows nothing by itself."""
    return await page(house, request, "runs.html", embedded=False)


async def visit(house: House, request: Request) -> Response:
    """A token for the browser that asks: for this app, and for the user that its cookie stands for."""
    app = page_of(house, request)
    if app is None:
        raise NotFound("There is no page of an app of this name.")
    if not is_own(house, request):
        raise Forbidden("Only a page of this server is given a visitor's token.")
    cookie = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    visitor = Visitor(app.card.name, user_name(house.signer, app.card.name, cookie), int(house.now()) + VALID_SECONDS)
    demo = app.model is not None and house.pages.demo(app.model.provider)
    given = Token(token(house.signer, visitor), visitor.user, VALID_SECONDS, demo)
    # It says who the visitor is: no script reads it, and nobody keeps it on the way.
    reply = json(encode(given), headers={"cache-control": "no-store", "vary": "Cookie"})
    safe = (house.public_url or str(request.base_url)).startswith("https:")
    abroad = safe and bool(house.pages.embed_in)  # within a page of another site a browser sends no other cookies
    reply.set_cookie(
        COOKIE,
        cookie,
        max_age=YEAR,
        path="/chat",
        httponly=True,
        secure=safe,
        samesite="none" if abroad else "lax",
    )
    return reply


def page_of(house: House, request: Request) -> App | None:
    """The app whose page is asked for; None where it is not there, or has no page for who asks."""
    name = request.path_params["app"]
    if house.pages.local and request.url.hostname not in LOOPBACK:
        return None  # what a proxy passes on, or another site has led here by a name of its own
    return house.catalogue.get(name) if name in house.pages.apps else None


def is_own(house: House, request: Request) -> bool:
    """Whether no page of another site asks: in the browser of somebody who may come here it would chat in secret."""
    origin = request.headers.get("origin")
    own = {request.headers.get("host"), urlsplit(house.public_url).netloc or None}
    return origin is None or (urlsplit(origin).netloc or "nowhere") in own


async def page(house: House, request: Request, name: str, status: int = 200, *, embedded: bool = True) -> Response:
    """A page, under the policy that holds on all of them. `embedded`: whether other sites may show it within theirs."""
    ancestors = " ".join(("'self'", *house.pages.embed_in)) if embedded else "'none'"
    policy = "; ".join(f"{name} {value}" for name, value in {**POLICY, "frame-ancestors": ancestors}.items())
    return await sent(
        request,
        name,
        status,
        {
            "content-security-policy": policy,
            "cache-control": "no-cache",
            "referrer-policy": "no-referrer",
            "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
        },
    )


async def asset(request: Request) -> Response:
    """A file that pages are made of. Its name changes with its content."""
    name = request.path_params["name"]
    if not HASHED.search(name):
        raise NotFound("No such address.")
    return await sent(request, name, 200, {"cache-control": FOREVER})


async def embed(request: Request) -> Response:
    """The script that shows a page within another one."""
    return await sent(request, "embed.js", 200, {"cache-control": "public, max-age=3600"})


async def sent(request: Request, name: str, status: int, headers: dict[str, str]) -> Response:
    """A file as the browser likes it best.

    Raises:
        NotFound: there is none of this name.
    """
    accepted = request.headers.get("accept-encoding", "")
    packing = next((one for one in PACKED if one in accepted), "")
    content = await asyncio.to_thread(read, name + PACKED.get(packing, ""))
    if content is None:
        raise NotFound("No such address.")
    kind = TYPES[Path(name).suffix]
    headers |= {
        "content-type": f"{kind}; charset=utf-8",
        "x-content-type-options": "nosniff",
        "vary": "Accept-Encoding",
    }
    return Response(content, status, headers | ({"content-encoding": packing} if packing else {}))


@cache
def read(name: str) -> bytes | None:
    """A file that was built; kept, as there are few. None where there is no such file."""
    return (BUILT / name).read_bytes() if name in built() else None


@cache
def built() -> frozenset[str]:
    return frozenset(path.name for path in BUILT.iterdir()) if BUILT.is_dir() else frozenset()
