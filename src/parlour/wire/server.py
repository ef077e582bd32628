"""What a server says of itself, as bytes. Knows no server."""

from typing import Literal

from msgspec import Struct

from parlour.wire.bodies import Welcome
from parlour.wire.encode import encode
from parlour.wire.operation import Operation


class Health(Struct):
    """The server runs."""

    status: Literal["ok"]


class Readiness(Struct):
    """Whether requests should be sent to this process; answered with 503 where they should not."""

    status: Literal["ready", "unready", "closing"]
    database: Literal["ok", "unavailable"]
    bus: Literal["ok", "unavailable"]
    """By which processes reach each other; `ok` where there is one alone."""
    apps: int
    """How many are served."""


def readiness(told: Readiness) -> bytes:
    return encode(told)


OPERATIONS = (
    Operation(
        method="get",
        path="/v1/",
        id="getWelcome",
        summary="Who answers here",
        tag="Server",
        response=Welcome,
        secured=False,
    ),
    Operation(
        method="get",
        path="/health",
        id="getHealth",
        summary="Whether the server runs",
        tag="Server",
        response=Health,
        secured=False,
    ),
    Operation(
        method="get",
        path="/ready",
        id="getReadiness",
        summary="Whether requests should be sent here",
        tag="Server",
        response=Readiness,
        secured=False,
    ),
)
