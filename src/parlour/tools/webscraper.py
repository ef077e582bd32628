"""The tool of the provider `webscraper`: the text of a page. Knows no page, and no way out but the guarded one."""

import re
from urllib.parse import urlsplit

from parlour.domain.problems import DocumentUnreadable, ToolFailed
from parlour.ports.tools import Outcome
from parlour.ports.web import MEGABYTE, WebRequest
from parlour.tools.tool import Builtin, Given, string

LARGEST = 5 * MEGABYTE
"""Bytes of a page."""
PLAIN = ("text/plain", "application/json", "text/markdown", "text/xml", "application/xml")


HEADED = "TITLE: {title}\nTEXT:\n\n{text}\n"
"""A page, with the marks by which graphs find its text."""
TITLE = re.compile(rb"<title[^>]*>(.{0,1000}?)</title", re.IGNORECASE | re.DOTALL)


async def webscraper(given: Given) -> Outcome:
    """Whatever can be read as text: pages, and documents of the formats that uploads may have."""
    url = given.text("url").strip()
    agent = given.text("user_agent")
    headers = (("user-agent", agent),) if agent else ()
    asked = WebRequest(url, headers=headers, app=given.app, most=LARGEST, read_seconds=20, total_seconds=40)
    async with given.reach.web.fetch(asked) as answer:
        status, declared = answer.status, answer.header("content-type")
        data = await answer.body() if 200 <= status < 300 else b""
    if not 200 <= status < 300:
        raise ToolFailed(f"the page cannot be had: its address answers {status}")
    kind, _, rest = declared.partition(";")
    kind = kind.strip().lower()
    if kind in PLAIN:
        charset = rest.partition("charset=")[2].strip().strip('"') or "utf-8"
        try:
            return Outcome(data.decode(charset, "replace"))
        except LookupError:
            return Outcome(data.decode("utf-8", "replace"))
    name = urlsplit(url).path.rpartition("/")[2]
    if not given.reach.documents.reads(name, kind):
        raise ToolFailed(f"the page is of the type {kind or '(none)'}, which cannot be read as text")
    try:
        text = await given.reach.documents.text(data, name, kind)
        return Outcome(HEADED.format(title=title(data), text=text) if kind == "text/html" else text)
    except DocumentUnreadable as error:
        raise ToolFailed(f"the page cannot be read: {error.message}") from None


def title(page: bytes) -> str:
    from html import unescape

    found = TITLE.search(page, 0, 64 * 1024)
    return " ".join(unescape(found[1].decode("utf-8", "replace")).split()) if found else ""


TOOLS = (
    Builtin(
        "webscraper",
        "Web Scraper",
        "Reads a page of the web, or a document there, as text.",
        webscraper,
        {"url": string("the address, with http:// or https://")},
        ("url",),
    ),
)
