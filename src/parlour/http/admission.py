"""Whether a request may begin a run now: a place in its app, and the rates of its key and user. Knows no route."""

from msgspec import Struct
from starlette.requests import Request

from parlour.domain.app import App
from parlour.domain.message import Owner
from parlour.http.auth import digest, token_of
from parlour.http.house import House
from parlour.http.visitors import shared_key
from parlour.runs.rates import AppRates


class Admission(Struct, frozen=True):
    """To be asked once for each run: first `__call__`, then `together`."""

    house: House
    app: App
    rates: AppRates
    key: str
    owner: Owner

    def __call__(self) -> None:
        """Return if the request may begin a run as far as this process knows; raise, if not. The place is taken when
        the run starts."""
        self.house.runs.admit(self.app)
        if self.rates.limited and self.house.rates.alone:
            self.house.rates.take(self.rates, self.key, self.owner)

    async def together(self) -> None:
        """What all processes count together."""
        if self.rates.limited and not self.house.rates.alone:
            await self.house.runs.look(self.app)  # who is refused for want of a place is not counted
            await self.house.rates.take_together(self.rates, self.key, self.owner)


def admission(house: House, request: Request, app: App, user: str) -> Admission:
    rates, key = house.rates.of(app.card.name), ""
    if rates.limited:
        key = shared_key(request) or digest(token_of(request.headers.get("authorization", "")))
    return Admission(house, app, rates, key, Owner(app.card.id, user))


def nothing() -> None:
    """A request that may be a repetition needs no place of its own yet."""
