"""How much of a conversation a model is shown, and what its texts weigh. Knows no prompt and no provider.

Counting is avoided where it can be: a text never has more tokens than it has UTF-8 bytes, so what fits by its bytes
fits (dsl.md 8.3 for the rules).
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from parlour.domain.app import Model
from parlour.domain.turn import Exchange
from parlour.llm.documents import images, with_texts
from parlour.ports.models import Line, Tokens

MOST = 500
"""How many messages of a conversation are looked at; the one that is being answered is among them."""
UNKNOWN_ROOM = 2000
"""The budget where nobody knows how much the model can hold."""
PER_LINE = 4
"""What a provider puts around each line: role, beginning and end."""


class Scale(Struct):
    """Weighs texts for one model. Each text is counted once at most."""

    model: Model
    tokens: Tokens
    known: dict[str, int] = {}

    async def count(self, text: str) -> int:
        if text not in self.known:
            self.known[text] = await self.tokens.count(self.model, [text]) if text else 0
        return self.known[text]

    async def weigh(self, lines: Sequence[Line]) -> int:
        texts = [text for line in lines for text in written(line)]
        return sum([await self.count(text) for text in texts]) + PER_LINE * len(lines)


def written(line: Line) -> tuple[str, ...]:
    """All that is written in a line: what it says, and which tools it asks for."""
    if not line.tool_calls:
        return (line.text,)
    return (line.text, *(text for call in line.tool_calls for text in (call.name, call.arguments)))


def at_most(lines: Sequence[Line]) -> int:
    """More tokens than this the lines cannot have. Pictures weigh nothing here: only providers know their price."""
    return sum(len(text.encode("utf-8", "replace")) for line in lines for text in written(line)) + PER_LINE * len(lines)


def past(history: Sequence[Exchange], size: int = MOST, detail: Literal["high", "low"] = "high") -> tuple[Line, ...]:
    """Earlier turns as lines, oldest first, each with what a model is given of its files.

    `size` is how many messages are looked at, the one that is being answered among them (dsl.md 11.9).
    """
    turns = min(size, MOST) - 1
    latest = history[-turns:] if turns > 0 else ()
    return tuple(
        line
        for said in latest
        for line in (
            asked(said, detail),
            Line("assistant", said.answer),
        )
    )


def asked(said: Exchange, detail: Literal["high", "low"]) -> Line:
    """What was asked in an earlier turn, with what a model is given of its files."""
    return Line("user", with_texts(said.query, said.files), images(said.files, detail))


async def fitting(lines: Sequence[Line], budget: int, scale: Scale) -> tuple[Line, ...]:
    """The newest lines that fit together. Single lines go, from the oldest end; the last one always stays."""
    if at_most(lines) <= budget:
        return tuple(lines)
    kept = 0
    for line in reversed(lines):
        budget -= await scale.count(line.text) + PER_LINE
        if budget < 0:
            break
        kept += 1
    return tuple(lines[len(lines) - max(kept, 1) :])


async def fitting_turns(turns: Sequence[tuple[Line, ...]], budget: int, scale: Scale) -> tuple[Line, ...]:
    """The newest turns that fit together, each whole or not at all; none of them has to stay."""
    everything = tuple(line for lines in turns for line in lines)
    if at_most(everything) <= budget:
        return everything
    kept: tuple[Line, ...] = ()
    for lines in reversed(turns):
        budget -= await scale.weigh(lines)
        if budget < 0:
            break
        kept = (*lines, *kept)
    return kept


def in_words(line: Line) -> str:
    """What a line says, its pictures only named."""
    return "\n".join([*("[image]" for _ in line.images), line.text])


def as_text(lines: Sequence[Line], user: str, assistant: str) -> str:
    """Earlier turns as one text, for models that read no messages and see no pictures."""
    return "\n".join(f"{assistant if line.role == 'assistant' else user}: " + in_words(line) for line in lines)
