"""Tools that are built in, by the name of their provider: one file a provider, one line here.

Knows no app. Names of providers and tools, and of what they are given, are those that exported apps use.
"""

from parlour.tools import chart, clock, json_process, maths, regex, webscraper, wikipedia
from parlour.tools.tool import Builtin

TABLE: dict[str, tuple[Builtin, ...]] = {
    "chart": chart.TOOLS,
    "json_process": json_process.TOOLS,
    "maths": maths.TOOLS,
    "regex": regex.TOOLS,
    "time": clock.TOOLS,
    "webscraper": webscraper.TOOLS,
    "wikipedia": wikipedia.TOOLS,
}
