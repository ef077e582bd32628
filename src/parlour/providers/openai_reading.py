"""What comes back on the chat-completions wire, as the house speaks of it: bytes in, `Said` out.

Knows no connection. This is the hot path of every streamed answer: a chunk is decoded into the few members that
matter, and the usual one (a piece of text) is told after a handful of tests.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from parlour.ports.models import Counted, Ended, Said, Text, Thinking, ToolCall, piece
from parlour.providers.failures import Refused, digest, error_object, incomplete, unreadable
from parlour.providers.sse import EventLines, mended


class FunctionDelta(Struct, gc=False):
    name: str | None = None
    arguments: str | dict[str, object] | None = None


class ToolDelta(Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: FunctionDelta | None = None


class Part(Struct, gc=False):
    """A piece of a content that comes as a list: some providers mark thoughts this way."""

    type: str = "text"
    text: str = ""
    thinking: "str | list[Part]" = ""


class Delta(Struct, gc=False):
    content: str | list[Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolDelta] | None = None


class Choice(Struct, gc=False):
    delta: Delta | None = None
    message: Delta | None = None
    """In place of `delta`, in an answer that is not streamed."""
    text: str | None = None
    """In place of both, in completion mode."""
    finish_reason: str | None = None


class Tally(Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Chunk(Struct, gc=False):
    choices: list[Choice] | None = None
    usage: Tally | None = None


class Asked(Struct):
    """A tool call whose arguments are still coming."""

    index: int | None
    id: str
    name: str = ""
    arguments: str = ""


strict = msgspec.json.Decoder(Chunk).decode


def decode(payload: bytes) -> Chunk:
    try:
        return strict(payload)
    except msgspec.DecodeError:
        return strict(mended(payload))


class OpenAIReading:
    def __init__(self) -> None:
        self.done = False
        self._lines = EventLines()
        self._asked: list[Asked] = []
        self._usage: Tally | None = None
        self._ended = False
        self._spoke = False

    def feed(self, data: bytes) -> Iterator[Said]:
        for payload in self._lines.feed(data):
            try:
                chunk = decode(payload)
            except msgspec.DecodeError as error:
                if self._is_end(payload, error):
                    return
                continue
            if not chunk.choices:
                self._without_choices(chunk, payload)
                continue
            choice = chunk.choices[0]
            delta = choice.delta
            if (
                delta is None
                or not isinstance(content := delta.content, str)
                or not content
                or choice.finish_reason
                or delta.reasoning_content
                or delta.reasoning
                or delta.tool_calls
            ):
                yield from self._unusual(choice, payload)
            else:
                self._spoke = True
                yield piece(content)
            if chunk.usage is not None:
                self._usage = chunk.usage

    def whole(self, body: bytes) -> Iterator[Said]:
        try:
            chunk = decode(body)
        except msgspec.DecodeError as error:
            raise unreadable(error) from None
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.choices:
            yield from self._unusual(chunk.choices[0], body)
        else:
            self._without_choices(chunk, body)
        yield from self._last()

    def end(self) -> Iterator[Said]:
        if not self.done and (rest := self._lines.end()):
            yield from self.feed(b"data:" + rest[0] + b"\n")
        if not (self.done or self._ended):  # some servers send the one without the other
            raise incomplete(spoke=self._spoke)
        yield from self._last()

    def _last(self) -> Iterator[Said]:
        yield from self._tools()
        if not self._ended and not self._spoke:
            raise incomplete(spoke=False)
        if self._usage is not None:
            yield Counted(self._usage.prompt_tokens or 0, self._usage.completion_tokens or 0)

    def _is_end(self, payload: bytes, error: msgspec.DecodeError) -> bool:
        """What is no JSON is `[DONE]`, or empty, or nothing that can be read."""
        word = payload.strip()
        if word and word != b"[DONE]":
            refuse_if_error(payload)
            raise unreadable(error)
        self.done = bool(word)
        return self.done

    def _without_choices(self, chunk: Chunk, payload: bytes) -> None:
        if chunk.usage is None:
            refuse_if_error(payload)
        else:
            self._usage = chunk.usage

    def _unusual(self, choice: Choice, payload: bytes) -> Iterator[Said]:
        """Any chunk that is more, or less, than a piece of text."""
        delta = choice.delta or choice.message
        if delta is not None:
            thought = delta.reasoning_content or delta.reasoning
            if thought:
                self._spoke = True
                yield Thinking(thought)
            for said in contents(delta.content):
                self._spoke = True
                yield said
            for asked in delta.tool_calls or ():
                self._collect(asked)
        elif choice.text:
            self._spoke = True
            yield Text(choice.text)
        reason = choice.finish_reason
        if reason == "error":
            refuse_if_error(payload)
        if reason and not self._ended:
            self._ended = True
            yield from self._tools()
            yield Ended("tool_calls" if reason == "function_call" else reason)

    def _collect(self, delta: ToolDelta) -> None:
        """Add to the call that the piece belongs to. Some providers number every call 0, or number none."""
        asked = next((one for one in reversed(self._asked) if delta.index in {one.index, None}), None)
        if asked is None or (delta.id and asked.id and delta.id != asked.id):
            asked = Asked(delta.index, delta.id or "")
            self._asked.append(asked)
        function = delta.function or FunctionDelta()
        asked.id = asked.id or delta.id or ""
        asked.name += function.name or ""
        given = function.arguments
        asked.arguments += given if isinstance(given, str) else msgspec.json.encode(given).decode() if given else ""

    def _tools(self) -> Iterator[Said]:
        for number, asked in enumerate(self._asked):
            self._spoke = True
            yield ToolCall(asked.id or f"call_{number}", asked.name, asked.arguments.strip() or "{}")
        self._asked = []


def contents(content: str | list[Part] | None) -> Iterator[Text | Thinking]:
    if isinstance(content, str):
        if content:
            yield Text(content)
        return
    for part in content or ():
        if part.text:
            yield Text(part.text)
        thought = part.thinking if isinstance(part.thinking, str) else "".join(inner.text for inner in part.thinking)
        if thought:
            yield Thinking(thought)


def refuse_if_error(payload: bytes) -> None:
    """Some providers say what went wrong inside a stream that began well.

    Raises:
        Refused: the payload tells of an error.
    """
    if error_object(payload) is not None:
        raise Refused(digest(payload))
