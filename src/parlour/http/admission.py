"""Whether a request may begin a run now: a place in its app, and the rates of its key and user. Knows no route."""

from collections.abc import Callable

from starlette.requests import Request

from parlour.domain.app import App
from parlour.domain.message import Owner
from parlour.http.auth import digest, token_of
from parlour.http.house import House
from parlour.http.visitors import shared_key

Admit = Callable[[], None]
"""Return if the request may begin a run; raise, if not."""


def admission(house: House, request: Request, app: App, user: str) -> Admit:
    """To be asked once for each run."""

    def admit() -> None:
        house.runs.admit(app)
        rates = house.rates.of(app.card.name)
        if rates.per_key or rates.per_user:
            key = shared_key(request) or digest(token_of(request.headers.get("authorization", "")))
            house.rates.take(rates, key, Owner(app.card.id, user))

    return admit


def nothing() -> None:
    """A request that may be a repetition needs no place of its own yet."""
