"""http-request nodes tried on a real server on loopback: what arrives there, and what comes of it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from parlour.domain.app import ChatflowApp
from parlour.domain.files import File
from parlour.domain.message import Owner
from parlour.ports import Ports
from parlour.ports.web import WebRequest
from parlour.providers.pages import WebPage
from tests.flow import flow_samples
from tests.flow.flow_samples import CARD, graph, ports_for
from tests.flow.node_samples import Tried, Values, attempt, node
from tests.web_site import Served, Site, guarded, served

OWNER = Owner("a", "user")
OK = WebPage(b"ok", headers=(("Content-Type", "text/plain"),))


class Outside(Struct):
    site: Served
    ports: Ports

    def at(self, path: str = "/") -> str:
        return self.site.at("127.0.0.1", path)

    async def file(self, name: str, mime_type: str, data: bytes) -> File:
        return await self.ports.files.keep(OWNER, name, mime_type, data)

    async def ask(self, values: Values | None = None, /, **data: Any) -> Tried:
        """Run one node; its address is the site's, if nothing else is said."""
        return await attempt(node("web", "http-request", **{"url": self.at(), **data}), values, ports=self.ports)

    async def sent(self, values: Values | None = None, /, **data: Any) -> WebRequest:
        """What arrives of it."""
        await self.ask(values, **data)
        return self.site.asked[-1]


@asynccontextmanager
async def outside(site: Site | None = None, *allow: str) -> AsyncGenerator[Outside]:
    """Loopback may be reached, if nothing else is said."""
    async with (
        served({"/": OK} if site is None else site) as made,
        guarded(*(allow or ("127.0.0.0/8",))) as web,
        ports_for(web=web) as ports,
    ):
        yield Outside(made, ports)


def item(value: str = "", key: str = "", **more: object) -> dict[str, object]:
    return {"type": "text", "key": key, "value": value, **more}


def body(kind: str, *items: dict[str, object]) -> dict[str, object]:
    return {"type": kind, "data": list(items)}


def page(content: bytes, kind: str = "", disposition: str = "", status: int = 200) -> WebPage:
    headers = [("Content-Type", kind)] if kind else []
    headers += [("Content-Disposition", disposition)] if disposition else []
    return WebPage(content, status, tuple(headers))


ANSWERING = flow_samples.node("say", "answer", answer="{{#web.status_code#}} {{#web.body#}} {{#web.error_type#}}")


def asking(url: str, *ways: str, **data: object) -> ChatflowApp:
    nodes = [
        flow_samples.node("start", "start"),
        flow_samples.node("web", "http-request", url=url, method="get", **data),
        ANSWERING,
    ]
    return ChatflowApp(CARD, graph(nodes, "start web", *(ways or ("web say",))))
