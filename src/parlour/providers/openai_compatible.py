"""Any provider that speaks the chat-completions wire. Does not know apps, nor which of its models an app meant."""

from collections.abc import AsyncGenerator

from aiohttp import ClientSession

from parlour.domain.app import Model
from parlour.domain.problems import ProviderNotInitialized
from parlour.ports.models import Call, Said
from parlour.providers.contexts import known_context
from parlour.providers.openai_request import OpenAIQuestion
from parlour.providers.upstream import Patience, Upstream


class OpenAICompatible:
    """`base_url` ends before `/chat/completions`. `api_key` is None for servers that want none; "" is one missing."""

    def __init__(
        self,
        session: ClientSession,
        base_url: str,
        api_key: str | None,
        *,
        context: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._upstream = Upstream(session, headers, api_key, patience or Patience())
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._context = context
        self._refused: dict[str, set[str]] = {}

    def check(self, model: Model) -> None:
        if self._api_key is not None and not self._api_key.strip():
            raise no_key(model.provider)

    def context(self, model: Model) -> int | None:
        return self._context or known_context(model.name)

    def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        refused = self._refused.setdefault(call.model.name, set())
        return self._upstream.ask(OpenAIQuestion(call, self._base_url, refused))


def no_key(provider: str) -> ProviderNotInitialized:
    return ProviderNotInitialized(
        f"The api_key of provider '{provider}' is empty. Set it in parlour.toml under [providers.{provider}], or set "
        "the environment variable that it is read from."
    )
