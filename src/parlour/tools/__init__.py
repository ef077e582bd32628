"""Tools that are built in, by the name of their provider: one file a provider, one line here.

Knows no app. Names of providers and tools, and of what they are given, are those that exported apps use.
"""

from parlour.tools import clock, maths
from parlour.tools.tool import Builtin

TABLE: dict[str, tuple[Builtin, ...]] = {
    "maths": maths.TOOLS,
    "time": clock.TOOLS,
}
