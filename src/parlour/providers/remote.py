"""A provider at an address: the port `Models`, whatever dialect is spoken there.

Does not know apps, nor which of its models an app meant.
"""

from collections.abc import AsyncGenerator
from typing import Protocol

from aiohttp import ClientSession

from parlour.domain.app import Model
from parlour.ports.models import Call, Said
from parlour.providers.contexts import known_context
from parlour.providers.failures import need_key
from parlour.providers.upstream import Patience, Question, Upstream


class Dialect(Protocol):
    """How a shape of API is spoken."""

    def headers(self, api_key: str | None) -> dict[str, str]: ...

    def question(self, call: Call, base_url: str) -> Question: ...


class Remote:
    """`api_key` is None for servers that want none; "" is one missing."""

    def __init__(
        self,
        dialect: Dialect,
        session: ClientSession,
        base_url: str,
        api_key: str | None,
        *,
        context: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._upstream = Upstream(session, dialect.headers(api_key), api_key, patience or Patience())
        self._dialect = dialect
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._context = context

    def check(self, model: Model) -> None:
        need_key(model.provider, self._api_key)

    def context(self, model: Model) -> int | None:
        return self._context or known_context(model.name)

    def uses_tools(self, model: Model) -> bool:
        return model.mode == "chat"

    def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        return self._upstream.ask(self._dialect.question(call, self._base_url))
