"""One exchange with a model: the call, what it says, and what it took. Knows no provider and no app.

`converse` tells thoughts, text and wanted tools apart as the provider does. `exchange` tells text alone: thoughts that
a provider keeps apart are put back into it between `<think>` tags, as apps without a workflow show them
(contract 4.4.10).
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from parlour.domain.events import ModelCalled, ModelFinished, TextDelta
from parlour.domain.pieces import shared
from parlour.domain.problems import Problem
from parlour.domain.usage import Usage
from parlour.ports import Ports
from parlour.ports.models import Call, Counted, Ended, Sealed, Text, Thinking, ToolCall

delta = shared(TextDelta)

Heard = ModelCalled | Text | Thinking | Sealed | ToolCall | ModelFinished


async def converse(call: Call, ports: Ports) -> AsyncGenerator[Heard, None]:
    """Ask, and tell. The last word is `ModelFinished`, also where the model fails.

    Raises:
        Problem: as the port `Models.stream`.
    """
    asked_at = ports.now()
    first_at = 0.0
    counted: Counted | None = None
    reason = "stop"
    parts: list[str] = []
    called = ModelCalled(call.model, tuple(line.text for line in call.lines), asked_at)
    yield called
    try:
        async with aclosing(ports.models.stream(call)) as stream:
            async for said in stream:
                match said:
                    case Text() | Thinking():
                        parts.append(said.text)
                    case ToolCall():
                        parts.append(said.arguments)
                    case Counted():
                        counted = said
                        continue
                    case Ended():
                        reason = said.reason
                        continue
                    case Sealed():
                        pass
                first_at = first_at or ports.now()
                yield said
    except Problem:
        # clients see no tokens of a call that fails
        yield ModelFinished(await reckon(call, Counted(0, 0), parts, (asked_at, first_at), ports), "error", called)
        raise
    yield ModelFinished(await reckon(call, counted, parts, (asked_at, first_at), ports), reason, called)


class Tags:
    """Thoughts and text as one text."""

    def __init__(self) -> None:
        self._thinking = False

    def put(self, said: Text | Thinking) -> str:
        """The piece as it stands in that text."""
        thought, self._thinking = self._thinking, isinstance(said, Thinking)
        if thought == self._thinking:
            return said.text
        return f"<think>\n{said.text}" if self._thinking else f"\n</think>{said.text}"

    def end(self) -> str:
        """What stands behind the last piece."""
        return "\n</think>" if self._thinking else ""


async def exchange(call: Call, ports: Ports) -> AsyncGenerator[ModelCalled | TextDelta | ModelFinished, None]:
    """Ask, and tell as one text. The last event is `ModelFinished`.

    Raises:
        Problem: as the port `Models.stream`.
    """
    tags = Tags()
    async with aclosing(converse(call, ports)) as heard:
        async for said in heard:
            match said:
                case Text() | Thinking():
                    yield delta(tags.put(said))
                case ModelFinished():
                    if closing := tags.end():
                        yield TextDelta(closing)
                    yield said
                case ModelCalled():
                    yield said
                case ToolCall() | Sealed():
                    pass


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
        latency=max(now - asked_at, 0.0),  # a clock may be set back
        time_to_first_token=max(first_at - asked_at, 0.0) if first_at else None,
        time_to_generate=max(now - first_at, 0.0) if first_at else None,
    )
