"""The dialect of the Messages wire. Knows no connection."""

from parlour.ports.models import Call
from parlour.providers.anthropic_reading import AnthropicReading
from parlour.providers.anthropic_request import body
from parlour.providers.failures import Failure

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

    def headers(self, api_key: str | None) -> dict[str, str]:
        return {"anthropic-version": VERSION} | ({"x-api-key": api_key} if api_key else {})

    def question(self, call: Call, base_url: str) -> AnthropicQuestion:
        return AnthropicQuestion(call, f"{base_url.removesuffix('/v1')}/v1/messages")
