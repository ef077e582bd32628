"""The tool of the provider `searxng`: what a search engine of the operator's own finds. Knows no page."""

from typing import Any

from parlour.ports.tools import Outcome
from parlour.tools.service import Pairs, ask, needed, objects, read
from parlour.tools.tool import Builtin, Given, string

USUAL_RESULTS, MOST_RESULTS = 10, 50
OLD_TYPES = {
    "page": "general",
    "picture": "images",
    "image": "images",
    "video": "videos",
    "social_media": "social media",
}
"""What earlier versions of the tool, and its form, call the engine's categories."""


async def searxng_search(given: Given) -> Outcome:
    place = needed(given.access.base_url, "base_url").rstrip("/").removesuffix("/search")
    found = objects(read(await ask(given, f"{place}/search", query=query(given))).get("results"))
    found = found[: min(max(given.whole("num_results", USUAL_RESULTS), 1), MOST_RESULTS)]
    tell = linked if given.text("result_type") == "link" else told
    return Outcome("\n".join(tell(one) for one in found) or "Nothing was found.", data=tuple(found))


def query(given: Given) -> Pairs:
    kind = given.text("search_type", "general").lower()
    said = {"q": given.text("query"), "format": "json", "categories": OLD_TYPES.get(kind, kind)}
    if span := given.text("time_range"):
        said["time_range"] = span
    return tuple(said.items())


def linked(one: dict[str, Any]) -> str:
    return f"Link: {one.get('url', '')}"


def told(one: dict[str, Any]) -> str:
    return f"{one.get('title', '')}\n{one.get('url', '')}\n{one.get('content') or ''}\n"


TOOLS = (
    Builtin(
        "searxng_search",
        "SearXNG Search",
        "Searches the web by many engines at once.",
        searxng_search,
        {"query": string("the words to look for")},
        ("query",),
        needs="base_url",
    ),
)
