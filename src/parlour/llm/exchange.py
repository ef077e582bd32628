"""One exchange with a model: the call, its text as events, and what it took.

Knows no provider and no app: a `Call` goes in. Where a provider keeps a model's thoughts apart, they are put back into
the text between `<think>` tags, as apps without a workflow show them (contract 4.4.10).
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from parlour.domain.events import ModelCalled, ModelFinished, TextDelta
from parlour.domain.usage import Usage
from parlour.ports import Ports
from parlour.ports.models import Call, Counted, Ended, Text, Thinking, ToolCall


async def exchange(call: Call, ports: Ports) -> AsyncGenerator[ModelCalled | TextDelta | ModelFinished, None]:
    """Ask, and tell. The last event is `ModelFinished`.

    Raises:
        Problem: as the port `Models.stream`.
    """
    asked_at = ports.now()
    first_at = 0.0
    thinking = False
    counted: Counted | None = None
    reason = "stop"
    parts: list[str] = []
    yield ModelCalled(call.model, tuple(line.text for line in call.lines), asked_at)
    async with aclosing(ports.models.stream(call)) as stream:
        async for said in stream:
            match said:
                case Text():
                    text = f"\n</think>{said.text}" if thinking else said.text
                    thinking = False
                case Thinking():
                    text = said.text if thinking else f"<think>\n{said.text}"
                    thinking = True
                case Counted():
                    counted = said
                    continue
                case Ended():
                    reason = said.reason
                    continue
                case ToolCall():
                    continue
            first_at = first_at or ports.now()
            parts.append(text)
            yield TextDelta(text)
    if thinking:
        parts.append("\n</think>")
        yield TextDelta("\n</think>")
    yield ModelFinished(await reckon(call, counted, parts, (asked_at, first_at), ports), reason)


async def reckon(
    call: Call, counted: Counted | None, parts: list[str], times: tuple[float, float], ports: Ports
) -> Usage:
    """What the call took: as its provider counted, or as we count where it did not."""
    if counted is None:
        texts = [line.text for line in call.lines]
        counted = Counted(await ports.tokens.count(call.model, texts), await ports.tokens.count(call.model, parts))
    asked_at, first_at = times
    now = ports.now()
    return Usage(
        prompt_tokens=counted.prompt_tokens,
        completion_tokens=counted.completion_tokens,
        price=await ports.prices.price(call.model),
        latency=now - asked_at,
        time_to_first_token=first_at - asked_at if first_at else None,
        time_to_generate=now - first_at if first_at else None,
    )
