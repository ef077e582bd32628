"""Tokens, money and time of a model's work. Does not know who counted them or how they are printed."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

ZERO = Decimal(0)


class Price(Struct, frozen=True):
    """What a model costs: `unit_price × unit` is the price of one token."""

    prompt: Decimal = ZERO
    completion: Decimal = ZERO
    unit: Decimal = Decimal("0.000001")
    currency: str = "USD"


FREE = Price()


class Paid(Struct, frozen=True):
    """Sums of money for prompts and for completions."""

    prompt: Decimal
    completion: Decimal


class Usage(Struct, frozen=True):
    """What one message, or one call of a model, took. Times in seconds."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    price: Price = FREE
    latency: float = 0.0
    time_to_first_token: float | None = None
    time_to_generate: float | None = None
    paid: Paid | None = None
    """What it cost, where that is a sum at several prices."""

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def prompt_price(self) -> Decimal:
        return self.paid.prompt if self.paid else self.prompt_tokens * self.price.prompt * self.price.unit

    @property
    def completion_price(self) -> Decimal:
        return self.paid.completion if self.paid else self.completion_tokens * self.price.completion * self.price.unit

    @property
    def total_price(self) -> Decimal:
        return self.prompt_price + self.completion_price

    def members(self) -> dict[str, object]:
        """As values of JSON, by the names that clients know (contract 3.1)."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "prompt_unit_price": format(self.price.prompt, "f"),
            "prompt_price_unit": format(self.price.unit, "f"),
            "prompt_price": plain(self.prompt_price),
            "completion_tokens": self.completion_tokens,
            "completion_unit_price": format(self.price.completion, "f"),
            "completion_price_unit": format(self.price.unit, "f"),
            "completion_price": plain(self.completion_price),
            "total_tokens": self.total_tokens,
            "total_price": plain(self.total_price),
            "currency": self.price.currency,
            "latency": self.latency,
            "time_to_first_token": self.time_to_first_token,
            "time_to_generate": self.time_to_generate,
        }


NOTHING = Usage()


def plain(amount: Decimal) -> str:
    """A sum of money in plain digits, without the zeros that a multiplication leaves."""
    text = format(amount, "f")
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if short in {"", "-0"} else short


def total(spent: Sequence[Usage]) -> Usage:
    """The sum of several calls; its unit prices are those of the last one.

    Latencies add up; the time to the first token is that of the first call that said anything.
    """
    if len(spent) == 1:
        return spent[0]
    paid = None
    if len({usage.price for usage in spent}) > 1 or any(usage.paid for usage in spent):
        paid = Paid(sum((one.prompt_price for one in spent), ZERO), sum((one.completion_price for one in spent), ZERO))
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in spent),
        completion_tokens=sum(usage.completion_tokens for usage in spent),
        price=spent[-1].price if spent else FREE,
        latency=sum(usage.latency for usage in spent),
        time_to_first_token=next(
            (one.time_to_first_token for one in spent if one.time_to_first_token is not None), None
        ),
        paid=paid,
    )
