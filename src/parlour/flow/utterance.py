"""What a model says within a flow, as it comes: text in chunks, and thoughts with it or apart from it.

Knows neither the call nor who hears it. Source: dsl.md 6.4, contract 4.4.10.
"""

from collections.abc import Iterator
from typing import Protocol

from parlour.domain.events import ReasoningDelta
from parlour.flow.node import Chunk
from parlour.llm.exchange import Tags
from parlour.llm.thoughts import Piece, Thoughts, Tidy
from parlour.ports.models import Text, Thinking

Heard = Chunk | ReasoningDelta


class Utterance(Protocol):
    """Everything that one call says; complete after `end`."""

    @property
    def text(self) -> str: ...
    @property
    def reasoning(self) -> str: ...

    def put(self, said: Text | Thinking) -> Iterator[Heard]:
        """What is heard of a piece."""
        ...

    def end(self) -> Iterator[Heard]:
        """What is heard at the end: an empty chunk is the last (contract 4.4.4)."""
        ...


class Tagged:
    """Thoughts stay in the text, between tags."""

    reasoning = ""

    def __init__(self, node: str) -> None:
        self._selector = (node, "text")
        self._tags = Tags()
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def put(self, said: Text | Thinking) -> Iterator[Heard]:
        yield self._chunk(self._tags.put(said))

    def end(self) -> Iterator[Heard]:
        if closing := self._tags.end():
            yield self._chunk(closing)
        yield self._chunk("")

    def _chunk(self, text: str) -> Chunk:
        self._parts.append(text)
        return Chunk(self._selector, text)


class Separated:
    """Thoughts go their own way, whether the model tags them or its provider keeps them apart."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._selector = (node, "text")
        self._split = Thoughts()
        self._tidy = Tidy()
        self._parts: list[str] = []
        self._thoughts: list[str] = []
        self._thought: list[str] = []
        """The pieces of the one that is going on."""
        self._apart = False
        """Whether the provider is telling one apart."""

    @property
    def text(self) -> str:
        return "".join(self._parts)

    @property
    def reasoning(self) -> str:
        return "\n".join(self._thoughts)

    def put(self, said: Text | Thinking) -> Iterator[Heard]:
        if isinstance(said, Thinking):
            self._apart = True
            yield self._piece(said.text)
            return
        if self._apart:
            self._apart = False
            yield self._closed()
        yield from self._heard(self._split.feed(said.text))

    def end(self) -> Iterator[Heard]:
        if self._apart:
            yield self._closed()
        yield from self._heard(self._split.end())
        yield Chunk(self._selector, "")

    def _heard(self, pieces: list[Piece]) -> Iterator[Heard]:
        for thinking, text in pieces:
            if not thinking:
                if clean := self._tidy.feed(text):
                    self._parts.append(clean)
                    yield Chunk(self._selector, clean)
            else:
                yield self._piece(text) if text else self._closed()

    def _piece(self, text: str) -> ReasoningDelta:
        self._thought.append(text)
        return ReasoningDelta(text, self._node)

    def _closed(self) -> ReasoningDelta:
        if whole := "".join(self._thought).strip():
            self._thoughts.append(whole)
        self._thought.clear()
        return ReasoningDelta("", self._node, final=True)
