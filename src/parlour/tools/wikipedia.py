"""The tool of the provider `wikipedia`: what the encyclopedia says of something. Knows only its public API."""

import re
from typing import Any

import msgspec

from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Outcome
from parlour.ports.web import MEGABYTE, WebRequest
from parlour.tools.tool import Builtin, Given, string

PAGES = 3
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,10})?")


async def wikipedia_search(given: Given) -> Outcome:
    language = given.text("language", "en").lower()
    if not LANGUAGE.fullmatch(language):
        raise ToolFailed(f"{language!r} is no language such as en or zh")
    query = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "generator": "search",
        "gsrsearch": given.text("query"),
        "gsrlimit": str(PAGES),
        "prop": "extracts",
        "exintro": "1",
        "explaintext": "1",
        "exlimit": str(PAGES),
    }
    asked = WebRequest(
        f"https://{language}.wikipedia.org/w/api.php", query=tuple(query.items()), app=given.app, most=2 * MEGABYTE
    )
    async with given.reach.web.fetch(asked) as answer:
        status, body = answer.status, await answer.body()
    if status != 200:
        raise ToolFailed(f"the encyclopedia answers {status}")
    try:
        pages: list[dict[str, Any]] = msgspec.json.decode(body).get("query", {}).get("pages", [])
        ranked = sorted(pages, key=lambda page: page.get("index", 0))
        found = [f"Page: {page['title']}\nSummary: {page.get('extract', '')}" for page in ranked]
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
        raise ToolFailed("the encyclopedia's answer cannot be read") from None
    return Outcome("\n\n".join(found) or "Nothing is written there about that.")


TOOLS = (
    Builtin(
        "wikipedia_search",
        "Wikipedia Search",
        "Searches Wikipedia, and reads the beginnings of the pages it finds.",
        wikipedia_search,
        {"query": string("what to look for"), "language": string("a language such as en, de or zh; en if absent")},
        ("query",),
    ),
)
