"""What comes back on the Messages wire, as the house speaks of it: bytes in, `Said` out. Knows no connection."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from parlour.ports.models import Counted, Ended, Said, Sealed, Text, Thinking, ToolCall, piece
from parlour.providers.failures import Refused, digest, incomplete, unreadable
from parlour.providers.sse import EventLines, mended

REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""In the words of the other wire, which are those of the port."""


class Piece(Struct, gc=False):
    """A block that begins, or what is added to one."""

    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    data: str = ""
    """Of a thought that nobody but the provider may read."""
    partial_json: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"")
    stop_reason: str | None = None


class Tally(Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None

    @property
    def prompt(self) -> int:
        return (self.input_tokens or 0) + (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)


class Whole(Struct, gc=False):
    """A message: at the start of a stream with its counts alone, else with all that was said."""

    content: list[Piece] = []
    usage: Tally | None = None
    stop_reason: str | None = None


class Heard(Struct, gc=False):
    type: str = ""
    delta: Piece | None = None
    content_block: Piece | None = None
    message: Whole | None = None
    usage: Tally | None = None


class Thought(Struct):
    """A thought that is being told."""

    text: str = ""
    signature: str = ""


class Asked(Struct):
    id: str
    name: str
    arguments: str = ""


strict = msgspec.json.Decoder(Heard).decode


def decode(payload: bytes) -> Heard:
    try:
        return strict(payload)
    except msgspec.DecodeError:
        return strict(mended(payload))


decode_whole = msgspec.json.Decoder(Whole).decode


class AnthropicReading:
    def __init__(self) -> None:
        self.done = False
        self._lines = EventLines()
        self._asked: Asked | None = None
        self._thought: Thought | None = None
        self._prompt = 0
        self._completion: int | None = None
        self._ended = False
        self._spoke = False

    def feed(self, data: bytes) -> Iterator[Said]:
        for payload in self._lines.feed(data):
            try:
                heard = decode(payload)
            except msgspec.DecodeError as error:
                raise unreadable(error) from None
            if heard.type == "content_block_delta" and heard.delta is not None and heard.delta.text:
                self._spoke = True
                yield piece(heard.delta.text)
            else:
                yield from self._other(heard, payload)

    def whole(self, body: bytes) -> Iterator[Said]:
        try:
            message = decode_whole(body)
        except msgspec.DecodeError as error:
            raise unreadable(error) from None
        if message.stop_reason is None and not message.content:
            raise Refused(digest(body))
        for block in message.content:
            yield from self._begin(block)
            yield from self._close()
        self._count(message.usage)
        yield from self._end(message.stop_reason)
        yield from self._last()

    def end(self) -> Iterator[Said]:
        if not self.done and (rest := self._lines.end()):
            yield from self.feed(b"data:" + rest[0] + b"\n")
        if not (self.done or self._ended):
            raise incomplete(spoke=self._spoke)
        yield from self._last()

    def _last(self) -> Iterator[Said]:
        yield from self._close()
        if not self._spoke:
            raise incomplete(spoke=False)
        if self._completion is not None:
            yield Counted(self._prompt, self._completion)

    def _other(self, heard: Heard, payload: bytes) -> Iterator[Said]:
        match heard.type:
            case "content_block_delta" if heard.delta is not None:
                yield from self._add(heard.delta)
            case "content_block_start" if heard.content_block is not None:
                yield from self._begin(heard.content_block)
            case "content_block_stop":
                yield from self._close()
            case "message_start" if heard.message is not None:
                self._count(heard.message.usage)
            case "message_delta":
                self._count(heard.usage)
                yield from self._end(heard.delta.stop_reason if heard.delta else None)
            case "message_stop":
                self.done = True
            case "error":
                raise Refused(digest(payload))
            case _:
                pass  # ping, and what may come to be

    def _begin(self, block: Piece) -> Iterator[Said]:
        if block.type == "tool_use":
            given = bytes(block.input).strip()
            self._asked = Asked(block.id, block.name, "" if given in {b"", b"{}", b"null"} else given.decode())
            return
        if block.type == "thinking":
            self._thought = Thought()
        elif block.type == "redacted_thinking":
            yield sealed({"type": block.type, "data": block.data})
        yield from self._add(block)

    def _add(self, piece: Piece) -> Iterator[Said]:
        if piece.thinking:
            self._spoke = True
            if self._thought is not None:
                self._thought.text += piece.thinking
            yield Thinking(piece.thinking)
        if piece.signature and self._thought is not None:
            self._thought.signature += piece.signature
        if piece.text:
            self._spoke = True
            yield Text(piece.text)
        if piece.partial_json and self._asked is not None:
            self._asked.arguments += piece.partial_json

    def _close(self) -> Iterator[Said]:
        if self._asked is not None:
            asked, self._asked = self._asked, None
            self._spoke = True
            yield ToolCall(asked.id, asked.name, asked.arguments.strip() or "{}")
        thought, self._thought = self._thought, None
        if thought is not None and thought.signature:
            yield sealed({"type": "thinking", "thinking": thought.text, "signature": thought.signature})

    def _count(self, usage: Tally | None) -> None:
        """The start counts the prompt and a first token or two; the end counts all that was said."""
        if usage is None:
            return
        self._prompt = usage.prompt or self._prompt
        if usage.output_tokens is not None:
            self._completion = usage.output_tokens

    def _end(self, reason: str | None) -> Iterator[Said]:
        if reason:
            self._spoke = self._ended = True
            yield from self._close()
            yield Ended(REASONS.get(reason, reason))


def sealed(block: dict[str, str]) -> Sealed:
    return Sealed(msgspec.json.encode(block).decode())
