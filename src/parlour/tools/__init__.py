"""Tools that are built in, by the name of their provider: one file a provider, one line here.

Knows no app. Names of providers and tools, and of what they are given, are those that exported apps use.
"""

from parlour.tools import (
    chart,
    clock,
    dalle,
    jina,
    json_process,
    maths,
    regex,
    searxng,
    tavily,
    webscraper,
    wikipedia,
)
from parlour.tools.tool import Builtin

TABLE: dict[str, tuple[Builtin, ...]] = {
    "chart": chart.TOOLS,
    "dalle": dalle.TOOLS,
    "jina": jina.TOOLS,
    "json_process": json_process.TOOLS,
    "maths": maths.TOOLS,
    "regex": regex.TOOLS,
    "searxng": searxng.TOOLS,
    "tavily": tavily.TOOLS,
    "time": clock.TOOLS,
    "webscraper": webscraper.TOOLS,
    "wikipedia": wikipedia.TOOLS,
}
