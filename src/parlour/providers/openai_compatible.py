"""The dialect of any provider that speaks the chat-completions wire. Knows no connection."""

from parlour.ports.models import Call
from parlour.providers.openai_request import OpenAIQuestion


class OpenAICompatible:
    """`base_url` ends before `/chat/completions`. Remembers which options its models refuse."""

    def __init__(self) -> None:
        self._refused: dict[str, set[str]] = {}

    def headers(self, api_key: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def question(self, call: Call, base_url: str) -> OpenAIQuestion:
        return OpenAIQuestion(call, base_url, self._refused.setdefault(call.model.name, set()))
