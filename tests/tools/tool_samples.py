"""How a test uses a built-in tool: by the names that apps have for it, and with real parts behind it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from parlour.domain.app import ToolUse
from parlour.ports.tools import Caller, Outcome
from parlour.ports.web import Web
from parlour.providers.pages import Pages
from parlour.providers.sandbox.local import LocalSandbox
from parlour.rag.documents import Extractor
from parlour.tools import TABLE
from parlour.tools.tool import Reach
from parlour.tools.toolbox import Toolbox

NOW = 1767000000.0
"""2025-12-29 09:20:00 UTC."""
CALLER = Caller("support", "ann")


@asynccontextmanager
async def toolbox(web: Web | None = None) -> AsyncGenerator[Toolbox]:
    sandbox = LocalSandbox()
    try:
        yield Toolbox(TABLE, Reach(web or Pages({}), Extractor(), sandbox, lambda: NOW))
    finally:
        await sandbox.aclose()


async def use(
    tool: str, settings: Mapping[str, object] | None = None, web: Web | None = None, /, **arguments: object
) -> Outcome:
    """Use `provider/name` once."""
    provider, _, name = tool.partition("/")
    async with toolbox(web) as box:
        [offer] = await box.offers([ToolUse(provider, name, settings=dict(settings or {}))])
        return await box.run(offer, arguments, CALLER)
