"""The OpenAPI document, and a page that shows it without asking any other host. Knows no route from the inside."""

from functools import cache, partial

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from parlour import __version__
from parlour.http.rim import json
from parlour.wire import openapi

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}
body{color:#1d2330;background:#fbfaf7}
details{border:1px solid #d9d5ca;border-radius:8px;margin:.6rem 0;padding:.5rem .9rem;background:#fff}
summary{cursor:pointer;font-weight:600}code,pre{font:13px/1.5 ui-monospace,monospace}
pre{overflow:auto;background:#f4f1e8;padding:.8rem;border-radius:6px}b{display:inline-block;min-width:4.5rem;color:#7a3e12}
@media(prefers-color-scheme:dark){body{background:#15171c;color:#e7e4dc}details{background:#1d2027;border-color:#343842}
pre{background:#101216}b{color:#e8a870}}
"""
POLICY = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


def routes() -> list[Route]:
    document = cache(partial(openapi.document, __version__))  # made when somebody asks, not at the start

    async def spec(request: Request) -> Response:
        del request
        return json(document())

    async def page(request: Request) -> Response:
        del request
        return HTMLResponse(render(document()), headers=POLICY)

    return [Route("/openapi.json", spec, methods=["GET"]), Route("/docs", page, methods=["GET"])]


def render(document: bytes) -> str:
    """The document as one page: an operation a fold, the schemas beneath."""
    spec = msgspec.json.decode(document)
    folds = [
        fold(f"<b>{method.upper()}</b><code>{escape(path)}</code> {escape(operation.get('summary', ''))}", operation)
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
    ]
    schemas = [fold(f"<code>{escape(name)}</code>", schema) for name, schema in spec["components"]["schemas"].items()]
    title = escape(f"{spec['info']['title']} {spec['info']['version']}")
    return (
        f"<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>{title}</title>"
        f"<style>{STYLE}</style><h1>{title}</h1><p>The document itself: <a href=/openapi.json>/openapi.json</a></p>"
        f"{''.join(folds)}<h2>Schemas</h2>{''.join(schemas)}"
    )


def escape(text: str) -> str:
    import html

    return html.escape(text)


def fold(summary: str, content: object) -> str:
    text = msgspec.json.format(msgspec.json.encode(content), indent=2).decode()
    return f"<details><summary>{summary}</summary><pre>{escape(text)}</pre></details>"
