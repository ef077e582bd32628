"""The tools of the provider `jina`: a page of the web as a service reads it, and what that finds. Knows no page."""

import msgspec

from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Outcome
from parlour.tools.service import Pairs, ask, needed
from parlour.tools.tool import Builtin, Given, string

USUAL = "https://r.jina.ai"
USUAL_SEARCH = "https://s.jina.ai"
TEXTS = {
    "target_selector": "x-target-selector",
    "wait_for_selector": "x-wait-for-selector",
    "proxy_server": "x-proxy-url",
}
FLAGS = {
    "remove_images": ("x-retain-images", "none"),
    "image_caption": ("x-with-generated-alt", "true"),
    "gather_all_links_at_the_end": ("x-with-links-summary", "true"),
    "gather_all_images_at_the_end": ("x-with-images-summary", "true"),
    "no_cache": ("x-no-cache", "true"),
    "no_cache_track": ("dnt", "1"),
}
"""What the app's author may set, and how the service is told of it."""


async def jina_reader(given: Given) -> Outcome:
    """The service's JSON, as it is: graphs read it."""
    url = given.text("url").strip()
    if not url.startswith(("https://", "http://")):
        raise ToolFailed("the address must begin with http:// or https://")
    place = (given.access.base_url or USUAL).rstrip("/")
    data = await ask(given, f"{place}/{url}", query=parameters(given), headers=headers(given))
    return Outcome(data.decode("utf-8", "replace"))


async def jina_search(given: Given) -> Outcome:
    needed(given.access.api_key, "api_key")
    place = (given.access.base_url or USUAL_SEARCH).rstrip("/")
    data = await ask(given, f"{place}/", query=(("q", given.text("query")),), headers=headers(given))
    return Outcome(data.decode("utf-8", "replace"))


def headers(given: Given) -> Pairs:
    said = [(header, given.text(name)) for name, header in TEXTS.items() if given.text(name)]
    said += [header for name, header in FLAGS.items() if given.flag(name)]
    if (kind := given.text("content_format", "default")) != "default":
        said.append(("x-return-format", kind))
    return (("accept", "application/json"), *said)


def parameters(given: Given) -> Pairs:
    """Raises: ToolFailed: they are no object."""
    written = given.text("request_params").strip() or "{}"
    try:
        found = msgspec.json.decode(written, type=dict[str, str | int | float | bool])
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise ToolFailed('request_params must be a JSON object such as {"key": "value"}') from None
    return tuple(
        (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for name, value in found.items()
    )


TOOLS = (
    Builtin(
        "jina_reader",
        "Fetch Single Page",
        "Reads a page of the web, or a PDF there, as text that is easy to understand.",
        jina_reader,
        {
            "url": string("the address, with http:// or https://"),
            "request_params": string('parameters to add to the address, as JSON: {"key": "value"}'),
        },
        ("url",),
    ),
    Builtin(
        "jina_search",
        "Search the Web",
        "Searches the web, and tells what the pages that it finds say.",
        jina_search,
        {"query": string("what to look for")},
        ("query",),
        needs="api_key",
    ),
)
