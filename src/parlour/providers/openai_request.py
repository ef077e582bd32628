"""A call as the chat-completions wire wants it. Knows no connection, and nothing of what comes back."""

import re

import msgspec

from parlour.ports.models import Call, Image, Line, Tool
from parlour.providers.failures import Failure
from parlour.providers.openai_reading import OpenAIReading

OURS = frozenset({"model", "messages", "prompt", "stream", "stream_options", "n", "tools", "stop", "json_schema"})
"""What a call itself decides. `n`: one answer is all that is read."""
MOST_STOPS = 4
"""More are refused by the providers that set this wire."""
NEW_LIMIT = re.compile(r"(o\d|gpt-5)")
"""Models that take `max_completion_tokens` and refuse `max_tokens`."""


class OpenAIQuestion:
    """One call; `refused` holds the parameters that this model is known to refuse, and is added to."""

    def __init__(self, call: Call, base_url: str, refused: set[str]) -> None:
        self._call = call
        self._refused = refused
        self.provider = call.model.provider
        self.url = base_url + ("/completions" if call.model.mode == "completion" else "/chat/completions")

    def body(self) -> bytes:
        call = self._call
        body: dict[str, object] = {"model": call.model.name}
        if call.model.mode == "completion":
            body["prompt"] = "\n".join(line.text for line in call.lines)
        else:
            body["messages"] = [message(line) for line in call.lines]
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
        body |= parameters(call.model.parameters)
        if "max_tokens" in body and NEW_LIMIT.match(call.model.name):
            body["max_completion_tokens"] = body.pop("max_tokens")
        if call.model.stop:
            body["stop"] = call.model.stop[:MOST_STOPS]
        if call.tools and call.model.mode == "chat":
            body["tools"] = [tool(one) for one in call.tools]
        if "max_tokens" in self._refused and "max_tokens" in body:
            body["max_completion_tokens"] = body["max_tokens"]
        return msgspec.json.encode({name: value for name, value in body.items() if name not in self._refused})

    def reading(self) -> OpenAIReading:
        return OpenAIReading()

    def adapt(self, failure: Failure) -> bool:
        """Leave out an option that the provider names in its refusal, now and in later calls."""
        if failure.status not in {400, 422}:
            return False
        optional = ("stream_options", *self._call.model.parameters)
        named = [
            name
            for name in optional
            if name not in self._refused
            and (failure.parameter.partition(".")[0] == name or names(failure.message, name))
            and (name == "stream_options" or failure.kinds & {"unsupported_parameter", "unsupported_value"})
        ]
        self._refused.update(named)
        return bool(named)


def names(message: str, option: str) -> bool:
    return re.search(rf"\b{re.escape(option)}\b", message) is not None


def message(line: Line) -> dict[str, object]:
    if line.role == "tool":
        return {"role": "tool", "tool_call_id": line.tool_call_id, "content": line.text}
    if line.tool_calls:
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in line.tool_calls
        ]
        return {"role": line.role, "content": line.text or None, "tool_calls": calls}
    if not line.images:
        return {"role": line.role, "content": line.text}
    parts: list[dict[str, object]] = [{"type": "text", "text": line.text}] if line.text else []
    return {"role": line.role, "content": parts + [picture(image) for image in line.images]}


def picture(image: Image) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": image.url, "detail": image.detail}}


def tool(one: Tool) -> dict[str, object]:
    function = {"name": one.name, "description": one.description, "parameters": one.parameters}
    return {"type": "function", "function": function}


def parameters(given: dict[str, object]) -> dict[str, object]:
    """What the app's author set, less what the call decides, and less what is no scalar or object."""
    kept: dict[str, object] = {
        name: value
        for name, value in given.items()
        if name not in OURS and isinstance(value, str | int | float | dict) and name != "response_format"
    }
    shape = response_format(given)
    if shape:
        kept["response_format"] = shape
    return kept


def response_format(given: dict[str, object]) -> object:
    """Apps name the format with a word, and keep a schema beside it, often as JSON text."""
    word = given.get("response_format")
    if isinstance(word, dict):
        return msgspec.convert(word, dict[str, object])
    if word == "json_object":
        return {"type": word}
    schema = as_object(given.get("json_schema"))
    if word != "json_schema" or not schema:
        return None
    return {"type": word, "json_schema": schema if "schema" in schema else {"name": "answer", "schema": schema}}


def as_object(value: object) -> dict[str, object]:
    try:
        read: object = msgspec.json.decode(value) if isinstance(value, str) else value
        return msgspec.convert(read, dict[str, object])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}
