"""A call as the chat-completions wire wants it. Knows no connection, and nothing of what comes back."""

import re

import msgspec

from parlour.ports.models import Call, Image, Line, Tool
from parlour.providers.failures import Failure
from parlour.providers.openai_reading import OpenAIReading
from parlour.providers.shapes import closed, strict, told

OURS = frozenset({"model", "messages", "prompt", "stream", "stream_options", "n", "tools", "stop", "json_schema"})
"""What a call itself decides. `n`: one answer is all that is read."""
MOST_STOPS = 4
"""More are refused by the providers that set this wire."""
NEW_LIMIT = re.compile(r"(o\d|gpt-5)")
"""Models that take `max_completion_tokens` and refuse `max_tokens`."""
HELD = re.compile(r"(gpt-4o(?!-2024-05)|gpt-4\.1|gpt-5|o[134](?!-(?:mini-2024|preview)))")
"""Models that can be held to a schema. The others of this wire differ: they are told of it."""
UNKNOWN = re.compile(
    r"unrecognized|unknown|unexpected|unsupported|not supported|not permitted|not allowed", re.IGNORECASE
)
REFUSES = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})
SCHEMA = "json_schema"


class OpenAIQuestion:
    """One call; `refused` holds the parameters that this model is known to refuse, and is added to."""

    def __init__(self, call: Call, base_url: str, refused: set[str]) -> None:
        self._call = call
        self._refused = refused
        self.provider = call.model.provider
        self.url = base_url + ("/completions" if call.model.mode == "completion" else "/chat/completions")

    def body(self) -> bytes:
        call, lines = self._call, self._call.lines
        if call.schema is not None and not self._held:
            lines = told(lines, call.schema)
        body: dict[str, object] = {"model": call.model.name}
        if call.model.mode == "completion":
            body["prompt"] = "\n".join(line.text for line in lines)
        else:
            body["messages"] = [message(line) for line in lines]
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
        body |= parameters(call.model.parameters)
        if "max_tokens" in body and NEW_LIMIT.match(call.model.name):
            body["max_completion_tokens"] = body.pop("max_tokens")
        if call.schema is not None and self._held:
            body["response_format"] = {"type": SCHEMA, SCHEMA: held_to(call.schema)}
        if call.model.stop:
            body["stop"] = call.model.stop[:MOST_STOPS]
        if call.tools and call.model.mode == "chat":
            body["tools"] = [tool(one) for one in call.tools]
        if "max_tokens" in self._refused and "max_tokens" in body:
            body["max_completion_tokens"] = body["max_tokens"]
        return msgspec.json.encode({name: value for name, value in body.items() if name not in self._refused})

    @property
    def _held(self) -> bool:
        """Whether the provider sees to the schema of the answer."""
        model = self._call.model
        return model.mode == "chat" and SCHEMA not in self._refused and HELD.match(model.name) is not None

    def reading(self) -> OpenAIReading:
        return OpenAIReading()

    def adapt(self, failure: Failure) -> bool:
        """Leave out an option that the provider names in its refusal, now and in later calls."""
        if failure.status not in {400, 422}:
            return False
        if (
            self._call.schema is not None
            and self._held
            and names(failure.message + failure.parameter, "response_format")
        ):
            self._refused.add(SCHEMA)
            return True
        unknown = bool(failure.kinds & REFUSES) or UNKNOWN.search(failure.message) is not None
        optional = ("stream_options", *self._call.model.parameters)
        named = [
            name
            for name in optional
            if name not in self._refused
            and (failure.parameter.partition(".")[0] == name or names(failure.message, name))
            and (name == "stream_options" or unknown)
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
    parts = [picture(image) for image in line.images]
    return {"role": line.role, "content": [*parts, {"type": "text", "text": line.text}] if line.text else parts}


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


def held_to(schema: dict[str, object]) -> dict[str, object]:
    if not closed(schema):
        return {"name": "answer", "schema": schema}
    return {"name": "answer", "schema": strict(schema), "strict": True}


def as_object(value: object) -> dict[str, object]:
    try:
        read: object = msgspec.json.decode(value) if isinstance(value, str) else value
        return msgspec.convert(read, dict[str, object])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}
