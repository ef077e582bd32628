"""What models cost, from the tables of genai-prices. Does not know which provider really answers: it is told.

The library takes about 48 MB once imported, so it never is in the server: `python -m parlour.providers.prices PROVIDER
MODEL` looks one price up in a process of its own, and what it prints is kept.
"""

import asyncio
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from parlour.domain.app import Model
from parlour.domain.usage import FREE, Price

LIMIT = 15.0
NAMES = {
    "azure_openai": "azure",
    "bedrock": "aws",
    "gemini": "google",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "togetherai": "together",
    "vertex_ai": "google",
    "x": "x-ai",
}
"""What the library calls a provider, where apps call it otherwise."""

log = logging.getLogger(__name__)


class Found(Struct, frozen=True):
    """What the child prints: money for a million tokens."""

    prompt: Decimal = Decimal(0)
    completion: Decimal = Decimal(0)


class GenaiPrices:
    """The port `Prices`. `called` gives the model that is really asked for an app's model; None costs nothing."""

    def __init__(
        self, called: Callable[[Model], Model | None] = lambda model: model, python: str = sys.executable
    ) -> None:
        self._called = called
        self._python = python
        self._known: dict[tuple[str, str], Price] = {}
        self._looking = asyncio.Lock()
        self._warned = False

    async def price(self, model: Model) -> Price:
        real = self._called(model)
        if real is None:
            return FREE
        key = (real.provider, real.name)
        known = self._known.get(key)
        if known is not None:
            return known
        async with self._looking:
            if key not in self._known:
                self._known[key] = await self._look_up(*key)
            return self._known[key]

    async def _look_up(self, provider: str, name: str) -> Price:
        # -P: a file of the library's name in the working folder is not the library.
        command = (self._python, "-P", "-m", "parlour.providers.prices", provider, name)
        try:
            found = await printed(command)
        except (OSError, TimeoutError, msgspec.DecodeError) as error:
            if not self._warned:
                self._warned = True
                log.warning("prices are not known until the next start: %s", str(error) or type(error).__name__)
            return FREE
        return Price(found.prompt, found.completion) if found.prompt or found.completion else FREE


async def printed(command: tuple[str, ...]) -> Found:
    """What the child says.

    Raises:
        OSError, TimeoutError, msgspec.DecodeError: it did not say anything that can be used.
    """
    child = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    try:
        async with asyncio.timeout(LIMIT):
            output, _ = await child.communicate()
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return msgspec.json.decode(output, type=Found)


def look_up(provider: str, name: str) -> Found:
    """One price; the first tier of those that depend on the length of the prompt. Runs in the child only."""
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(
            Usage(input_tokens=1, output_tokens=1),
            model_ref=name,
            provider_id=NAMES.get(provider, provider),
        )
    except LookupError:
        return Found()
    price = found.model_price
    return Found(base(price.input_mtok), base(price.output_mtok))


def base(price: Any) -> Decimal:
    """A price is a number, or a first one with others for longer prompts, or not there."""
    first = getattr(price, "base", price)
    return Decimal(0) if first is None else Decimal(first)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(look_up(sys.argv[1], sys.argv[2])))
