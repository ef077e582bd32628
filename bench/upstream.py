"""A model API that costs next to nothing: OpenAI's streaming wire, with the length and pace that the request asks for;
and a voice.

`[[TOKENS,DELAY_MS]]` anywhere in the body (the last one counts, since a prompt repeats older ones) chooses how long.
Every token is written on its own turn of the loop, as a real model's are, so that nothing is batched by accident; paced
tokens keep an absolute schedule, so the ideal reply takes exactly (TOKENS - 1) * DELAY_MS. Knows nothing of who asks.
"""

import asyncio
import re
from collections.abc import Iterator
from functools import cache, partial
from random import Random
from string import ascii_lowercase
from typing import cast

import httptools
import msgspec
import uvloop

MARKER = re.compile(rb"\[\[(\d+),(\d+)\]\]")
STREAMED = re.compile(rb'"stream"\s*:\s*true')
VOCABULARY = 20_000
TEXT = 100_000
"""Tokens of the one long text from which replies are cut, one behind the other."""
SENTENCE = 12
"""Tokens."""
SOUND_EVERY = 0.01
"""Seconds between the pieces of a sound: a voice that is a little quicker than a listener."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chosen(body: bytes) -> tuple[int, int]:
    """How many tokens a request wants, and how many milliseconds between them."""
    found = MARKER.findall(body)
    return (int(found[-1][0]), int(found[-1][1])) if found else (50, 0)


def usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": tokens + 10}


def event(**members: object) -> bytes:
    chunk = {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1, "model": "mock", **members}
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def delta(said: dict[str, str], finish: str | None = None) -> bytes:
    return event(choices=[{"index": 0, "delta": said, "finish_reason": finish}])


def framed(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def words() -> Iterator[str]:
    """One for each token, as often as words are in a real text (Zipf's law): a few all the time, most hardly ever.

    Each begins with a space, as most real tokens do; the load generator tells tokens from the rest by it.
    """
    chance = Random(1)  # noqa: S311 -- the same text in every run
    known = [" " + "".join(chance.choices(ascii_lowercase, k=chance.randint(2, 8))) for _ in range(VOCABULARY)]
    said = chance.choices(known, [1 / (rank + 3) for rank in range(VOCABULARY)], k=TEXT)
    return (word if number % SENTENCE else f"{word}." for number, word in enumerate(said, 1))


class Speaker:
    """Says something else in each reply."""

    def __init__(self) -> None:
        self._opening = HEAD + framed(delta({"role": "assistant", "content": ""}))
        self._words = list(words())
        said = {word: framed(delta({"content": word})) for word in set(self._words)}
        self._framed = [said[word] for word in self._words]
        self._at = 0

    def stream(self, tokens: int) -> tuple[bytes, ...]:
        """The writes of a streamed reply: the head with the role, one for each token, the rest."""
        return (self._opening, *self._framed[self._next(tokens)], closing(tokens))

    def whole(self, tokens: int) -> bytes:
        """A reply to a request that does not stream."""
        return whole("".join(self._words[self._next(tokens)]), tokens)

    def _next(self, tokens: int) -> slice:
        start = self._at if self._at + tokens <= TEXT else 0
        self._at = start + tokens
        return slice(start, self._at)


@cache
def sound(letters: int) -> tuple[bytes, ...]:
    """The writes of a text that is read aloud: half a kilobyte for each letter, as MP3 has it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
    return (head, *[framed(bytes(4096))] * (1 + letters // 8), END)


@cache
def closing(tokens: int) -> bytes:
    last = delta({}, "stop") + event(choices=[], usage=usage(tokens)) + b"data: [DONE]\n\n"
    return framed(last) + END


def whole(text: str, tokens: int) -> bytes:
    message = {"role": "assistant", "content": text}
    body = msgspec.json.encode(
        {
            "id": "chatcmpl-mock",
            "object": "chat.completion",
            "created": 1,
            "model": "mock",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage(tokens),
        }
    )
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Upstream(asyncio.Protocol):
    """One connection. Its clients wait for a reply before they ask again, so there is no queue."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        self.loop = asyncio.get_running_loop()
        self.parser = httptools.HttpRequestParser(self)
        self.transport: asyncio.Transport | None = None
        self.gone = self.loop.create_future()
        self.url = b""
        self.body = bytearray()
        self.pieces: tuple[bytes, ...] = ()
        self.sent = 0
        self.began = 0.0
        self.delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the protocol's signature)
        self.transport = None
        self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        body = bytes(self.body)
        self.body.clear()
        tokens, delay = chosen(body)
        if self.url.endswith(b"/audio/speech"):
            self.pieces, self.sent = sound(len(msgspec.json.decode(body)["input"])), 0
            self.delay, self.began = SOUND_EVERY, self.loop.time()
            self.write_next()
        elif STREAMED.search(body):
            self.pieces, self.sent = self.speaker.stream(tokens), 0
            self.delay, self.began = delay / 1000, self.loop.time()
            self.write_next()
        else:
            self.loop.call_later(tokens * delay / 1000, self.write, self.speaker.whole(tokens))

    def write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def write_next(self) -> None:
        if self.transport is None:
            return
        self.transport.write(self.pieces[self.sent])
        self.sent += 1
        if self.sent == len(self.pieces):
            return
        if self.delay and 1 < self.sent < len(self.pieces) - 1:
            self.loop.call_at(self.began + (self.sent - 1) * self.delay, self.write_next)
        else:
            self.loop.call_soon(self.write_next)


async def serve() -> None:
    """Prints the port that the system chose, then answers until the process is ended."""
    server = await asyncio.get_running_loop().create_server(partial(Upstream, Speaker()), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
