"""The Messages wire. Does not know apps, nor which of its models an app meant."""

from collections.abc import AsyncGenerator

from aiohttp import ClientSession

from parlour.domain.app import Model
from parlour.ports.models import Call, Said
from parlour.providers.anthropic_reading import AnthropicReading
from parlour.providers.anthropic_request import body
from parlour.providers.contexts import known_context
from parlour.providers.failures import Failure
from parlour.providers.openai_compatible import no_key
from parlour.providers.upstream import Patience, Upstream

VERSION = "2023-06-01"


class AnthropicQuestion:
    """One call."""

    def __init__(self, call: Call, url: str) -> None:
        self._call = call
        self.url = url
        self.provider = call.model.provider

    def body(self) -> bytes:
        return body(self._call)

    def reading(self) -> AnthropicReading:
        return AnthropicReading()

    def adapt(self, failure: Failure) -> bool:
        """Never: only parameters that this wire knows are sent."""
        del failure
        return False


class Anthropic:
    """`base_url` with or without its final `/v1`."""

    def __init__(
        self,
        session: ClientSession,
        base_url: str,
        api_key: str | None,
        *,
        context: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        headers = {"anthropic-version": VERSION} | ({"x-api-key": api_key} if api_key else {})
        self._upstream = Upstream(session, headers, api_key, patience or Patience())
        self._url = f"{base_url.rstrip('/').removesuffix('/v1')}/v1/messages"
        self._api_key = api_key
        self._context = context

    def check(self, model: Model) -> None:
        if self._api_key is not None and not self._api_key.strip():
            raise no_key(model.provider)

    def context(self, model: Model) -> int | None:
        return self._context or known_context(model.name)

    def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        return self._upstream.ask(AnthropicQuestion(call, self._url))
