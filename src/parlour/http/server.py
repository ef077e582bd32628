"""What the server says of itself: that it is here, that it is well, that it may be asked, and its numbers.

Knows no app from the inside.
"""

import asyncio
from collections.abc import Awaitable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour import __version__
from parlour.domain.problems import NotFound, Problem, StoreUnavailable
from parlour.http.admin import let_in
from parlour.http.house import House
from parlour.http.rim import json
from parlour.runs.meters import CONTENT_TYPE
from parlour.wire import bodies
from parlour.wire.server import Readiness, readiness

PATIENCE = 5.0
"""Seconds for the stores to answer that they are well."""


def routes(house: House) -> list[Route]:
    return [
        Route("/v1/", welcome, methods=["GET"]),
        Route("/health", partial(health, house), methods=["GET"]),
        Route("/ready", partial(ready, house), methods=["GET"]),
        Route("/metrics", partial(metrics, house), methods=["GET"]),
    ]


async def welcome(request: Request) -> Response:
    del request
    return json(bodies.welcome(__version__))


async def health(house: House, request: Request) -> Response:
    """Whether the process should live on."""
    del request
    try:
        async with asyncio.timeout(PATIENCE):
            await house.check()
    except TimeoutError:
        raise StoreUnavailable from None
    return json(b'{"status":"ok"}')


async def ready(house: House, request: Request) -> Response:
    """Whether requests should be sent here; what is amiss, if not."""
    del request
    database, bus = await asyncio.gather(well(house.check()), well(house.relay.check()))
    apps = len(house.catalogue.all())
    well_all = database and bus and bool(apps) and not house.runs.closing
    told = Readiness(
        status="closing" if house.runs.closing else "ready" if well_all else "unready",
        database="ok" if database else "unavailable",
        bus="ok" if bus else "unavailable",
        apps=apps,
    )
    return json(readiness(told), 200 if well_all else 503)


async def well(check: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await check
    except (TimeoutError, Problem):
        return False
    return True


async def metrics(house: House, request: Request) -> Response:
    """Numbers for Prometheus."""
    if house.metering is None:
        raise NotFound("No such address.")
    if not house.open_metrics:
        await let_in(house, request)
    return Response(await house.metering.text(), media_type=CONTENT_TYPE)
