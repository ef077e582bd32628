"""What the user may want to ask next, by a model. Does not know where a conversation is kept, nor who asks for it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import aclosing, suppress
from typing import cast

from msgspec import structs

from parlour.domain.app import Model
from parlour.domain.problems import Problem
from parlour.domain.turn import Exchange
from parlour.llm.window import Scale, as_text, fitting, past
from parlour.ports import Ports
from parlour.ports.models import Call, Line, Text

MOST = 3
"""Questions (dsl.md 5)."""
ROOM = 3000
"""Tokens of the conversation that the model is shown (contract 5.2)."""
LONGEST = 4000
"""Characters of an answer that are looked at: a few hundred are asked for."""
INSTRUCTION = (
    "You are shown the end of a conversation. Write the three questions that the human is most likely to ask next: "
    "each in the language of the human's last message, each of at most twenty words."
)
SHAPE = ' Reply with a JSON array of three strings alone, such as ["First?", "Second?", "Third?"].'
USUAL = {"temperature": 0, "max_tokens": 256}
"""dsl.md 5."""


async def suggest(named: Model, told: str, exchanges: Sequence[Exchange], ports: Ports) -> tuple[str, ...]:
    """Up to three questions; none where nothing was said yet, or the model fails or answers something else.

    `told`: in place of the usual instruction.
    """
    if not exchanges:
        return ()
    model = structs.replace(named, mode="chat", parameters=USUAL | named.parameters)
    shown = await fitting(past(exchanges), ROOM, Scale(model, ports.tokens))
    lines = (Line("system", (told or INSTRUCTION) + SHAPE), Line("user", as_text(shown, "Human", "Assistant")))
    try:
        async with aclosing(ports.models.stream(Call(model, lines, purpose="suggest"))) as stream:
            parts = [said.text async for said in stream if isinstance(said, Text)]
    except Problem:
        return ()
    return questions("".join(parts))


def questions(text: str) -> tuple[str, ...]:
    """The first array of texts in what a model said, whatever it put around it."""
    said = text[-LONGEST:].rpartition("</think>")[2]
    for array in arrays(said):
        found = tuple(item.strip() for item in array if isinstance(item, str) and item.strip())
        if found:
            return found[:MOST]
    return ()


def arrays(text: str) -> Iterator[list[object]]:
    """Every JSON array that begins somewhere in a text."""
    decoder, start = json.JSONDecoder(), text.find("[")
    while start >= 0:
        with suppress(ValueError, RecursionError):
            yield cast("list[object]", decoder.raw_decode(text, start)[0])
        start = text.find("[", start + 1)
