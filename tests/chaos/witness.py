"""Who hears of each step of each flow, outside of all that is broken. Knows no fault and no client."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

TAKES = 0.1
"""Seconds of a step: so long it may be cut off between its beginning and its end."""


class Witness:
    def __init__(self) -> None:
        self.address = ""
        self.steps: defaultdict[str, list[int]] = defaultdict(list)
        """Those that were begun, in their order, by whose run it is."""

    async def hear(self, request: web.Request) -> web.Response:
        self.steps[request.query["of"]].append(int(request.match_info["step"]))
        await asyncio.sleep(TAKES)
        return web.Response(text=request.match_info["step"])

    def repeated(self) -> list[str]:
        """Steps that ran again after the one that follows them: their results had been written down by then.

        A step that was cut off may run once more, before the next.
        """
        return [f"{whose}: steps {steps}" for whose, steps in self.steps.items() if steps != sorted(steps)]


@asynccontextmanager
async def witness() -> AsyncGenerator[Witness]:
    it = Witness()
    app = web.Application()
    app.router.add_get("/{step}", it.hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    it.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield it
    finally:
        await runner.cleanup()
