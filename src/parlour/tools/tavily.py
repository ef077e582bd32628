"""The tool of the provider `tavily`: what a search service for models finds. Knows no page."""

from typing import Any

from parlour.ports.tools import Outcome
from parlour.tools.service import ask, needed, objects, read
from parlour.tools.tool import Builtin, Given, string

USUAL = "https://api.tavily.com"
DOMAINS = ("include_domains", "exclude_domains")
FLAGS = ("include_answer", "include_raw_content")
WORDS = ("search_depth", "topic", "time_range", "country")
WHOLE = ("max_results", "days", "chunks_per_source")
UNSAID = frozenset({"", "None", "not_specified"})
"""What a form of the author's says where nothing is chosen."""


async def tavily_search(given: Given) -> Outcome:
    needed(given.access.api_key, "api_key")
    place = (given.access.base_url or USUAL).rstrip("/")
    found = read(await ask(given, f"{place}/search", body={"query": given.text("query"), **wishes(given)}))
    text = "\n".join(written(found, given))
    return Outcome(text or "Nothing was found.", data=(found,))


def wishes(given: Given) -> dict[str, object]:
    said: dict[str, object] = {"search_depth": "basic", "topic": "general", "max_results": 5}
    said |= {name: given.text(name) for name in WORDS if given.text(name) not in UNSAID}
    said |= {name: given.whole(name, 0) for name in WHOLE if given.text(name) not in UNSAID}
    said |= {name: True for name in FLAGS if given.flag(name)}
    for name in DOMAINS:
        if domains := given.text(name).replace(",", " ").split():
            said[name] = domains
    return said


def written(found: dict[str, Any], given: Given) -> list[str]:
    lines: list[str] = []
    if given.flag("include_answer") and found.get("answer"):
        lines.append(f"Answer: {found['answer']}\n")
    for number, one in enumerate(objects(found.get("results")), 1):
        lines.append(f"### Result {number}: [{one.get('title', '')}]({one.get('url', '')})")
        lines += [f"Published: {one['published_date']}"] if one.get("published_date") else []
        lines.append(f"{one.get('content') or ''}\n")
        lines += [f"{one['raw_content']}\n"] if given.flag("include_raw_content") and one.get("raw_content") else []
    return lines


TOOLS = (
    Builtin(
        "tavily_search",
        "Tavily Search",
        "Searches the web, and tells what the pages that it finds say.",
        tavily_search,
        {"query": string("what to look for")},
        ("query",),
        needs="api_key",
    ),
)
