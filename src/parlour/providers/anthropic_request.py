"""A call as the Messages wire wants it. Knows no connection, and nothing of what comes back."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from parlour.ports.models import Call, Image, Line
from parlour.providers.shapes import told

SCALARS = ("temperature", "top_p", "top_k", "service_tier", "metadata")
"""The wire refuses every parameter that it does not know, so only those it knows are sent."""
USUAL_LIMIT = 4096
"""`max_tokens` must be given; every model of this wire takes this many."""
LEAST_BUDGET = 1024

Block = dict[str, object]


def body(call: Call) -> bytes:
    lines = call.lines if call.schema is None else told(call.lines, call.schema)
    system = "\n\n".join(line.text for line in lines if line.role == "system" and line.text)
    messages = spoken([line for line in lines if line.role != "system"])
    if not messages:  # at least one message must be there: an instruction alone is then the question
        system, messages = "", [{"role": "user", "content": [{"type": "text", "text": system or "."}]}]
    made: dict[str, object] = {"model": call.model.name, "messages": messages, "stream": True}
    if system:
        made["system"] = system
    if stops := [word for word in call.model.stop if word.strip()]:
        made["stop_sequences"] = stops
    if call.tools:
        made["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters} for tool in call.tools
        ]
    elif used := dict.fromkeys(asked.name for line in lines for asked in line.tool_calls):
        # the wire refuses earlier calls of tools that it is not told of; none of them may be asked for now
        made["tools"] = [{"name": name, "description": "", "input_schema": {"type": "object"}} for name in used]
        made["tool_choice"] = {"type": "none"}
    given = call.model.parameters
    if thoughtless(messages):
        given = {name: value for name, value in given.items() if name != "thinking"}
    return msgspec.json.encode(made | parameters(given))


def thoughtless(messages: Sequence[Mapping[str, object]]) -> bool:
    """Whether the results that the model is to go on with are of calls without their thoughts: of a turn that was
    stopped, whose thoughts are not kept. With `thinking` the wire refuses them."""
    if len(messages) < 2:
        return False
    asked, answered = (msgspec.convert(one["content"], list[Block]) for one in messages[-2:])
    results = any(block["type"] == "tool_result" for block in answered)
    return results and asked[0]["type"] not in {"thinking", "redacted_thinking"}


def spoken(lines: list[Line]) -> list[dict[str, object]]:
    """Turns of user and assistant, each of one's lines in a row made one; the results of tools are the user's."""
    turns = groupby(lines, key=lambda line: "assistant" if line.role == "assistant" else "user")
    merged = [(role, [block for line in group for block in blocks(line)]) for role, group in turns]
    return [{"role": role, "content": content} for role, content in merged if content]


def blocks(line: Line) -> list[Block]:
    if line.role == "tool":
        return [{"type": "tool_result", "tool_use_id": line.tool_call_id, "content": line.text}]
    made: list[Block] = [msgspec.json.decode(thought, type=Block) for thought in line.sealed]
    made += [picture(image) for image in line.images]
    if line.text.strip():  # blocks of text must not be empty
        made.append({"type": "text", "text": line.text})
    made += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments(call.arguments)}
        for call in line.tool_calls
    ]
    return made


def picture(image: Image) -> Block:
    if not image.url.startswith("data:"):
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    head, _, data = image.url.partition(",")
    kind = head.removeprefix("data:").partition(";")[0]
    return {"type": "image", "source": {"type": "base64", "media_type": kind or "image/png", "data": data}}


def arguments(text: str) -> object:
    """A call's arguments must be an object; what a model once wrote badly is sent as none."""
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}


def parameters(given: dict[str, object]) -> dict[str, object]:
    kept = {name: given[name] for name in SCALARS if given.get(name) is not None}
    if "temperature" in kept:
        kept.pop("top_p", None)  # newer models refuse the two together
        if isinstance(heat := kept["temperature"], int | float):
            kept["temperature"] = min(heat, 1)
    limit = given.get("max_tokens") or given.get("max_tokens_to_sample")
    kept["max_tokens"] = limit if isinstance(limit, int) else USUAL_LIMIT
    thinking = given.get("thinking")
    if isinstance(thinking, dict):
        return kept | {"thinking": msgspec.convert(thinking, dict[str, object])}
    if thinking is True:
        return kept | think(given.get("thinking_budget"), kept)
    return kept


def think(budget: object, kept: dict[str, object]) -> dict[str, object]:
    """Thinking has a budget within the limit, and takes no temperature."""
    for name in ("temperature", "top_p", "top_k"):
        kept.pop(name, None)
    tokens = max(budget, LEAST_BUDGET) if isinstance(budget, int) else LEAST_BUDGET
    limit = kept["max_tokens"]
    made: dict[str, object] = {"thinking": {"type": "enabled", "budget_tokens": tokens}}
    if isinstance(limit, int) and limit <= tokens:
        made["max_tokens"] = tokens + USUAL_LIMIT
    return made
