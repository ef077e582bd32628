"""The stage that reads an answer aloud while it is made (contract 4.4.1, 4.5 c). Knows no voice's inside.

Text goes on at once; sound follows, in order, as soon as it is there. A voice that fails ends the sound and nothing
else, and the end of the run ends both.
"""

import asyncio
import logging
from base64 import b64encode
from collections import deque
from contextlib import aclosing

from parlour.domain.app import Speech
from parlour.domain.events import (
    AgentTextDelta,
    AgentThought,
    AnswerFinished,
    AnswerReplaced,
    AnyEvent,
    AudioDelta,
    AudioFinished,
    Intercepted,
    Retracted,
    Suspended,
    TextDelta,
)
from parlour.domain.problems import Problem
from parlour.modes.features.sentences import Sentences
from parlour.modes.features.stage import Events
from parlour.ports import Ports
from parlour.ports.voice import Voice

log = logging.getLogger(__name__)
SILENCE = b64encode(bytes.fromhex("fff314c4") + bytes(20)).decode()
"""One silent frame of MP3 (contract 0.20)."""


async def spoken(events: Events, speech: Speech, ports: Ports) -> Events:
    """The same events, with the sound of their text among and behind them."""
    reader = Reader(ports.voice, speech.voice)
    said = Beside(events, reader)
    try:
        while (event := await said.next()) is not None:
            if not isinstance(event, AudioDelta):
                reader.hear(event)
            if isinstance(event, Suspended):  # who takes the run up may do so from then on
                while (sound := await reader.rest()) is not None:
                    yield sound
            yield event
        while (sound := await reader.rest()) is not None:
            yield sound
        yield AudioFinished(SILENCE)
    except asyncio.CancelledError:
        if (last := await said.cut()) is not None:
            yield last
        raise
    finally:
        await said.close()
        await reader.close()


class Beside:
    """Events as they come, and the sounds that are ready before them."""

    def __init__(self, events: Events, reader: "Reader") -> None:
        self._events = events
        self._reader = reader
        self._step: asyncio.Task[AnyEvent | None] | None = None

    async def next(self) -> AnyEvent | None:
        """None when there are no more events. Where nothing is read aloud, no task is made for one."""
        while not self._reader.sounds:
            if self._step is None:
                if not self._reader.busy:
                    return await self._follow()
                self._step = asyncio.create_task(self._follow())
            if self._step.done():
                step, self._step = self._step, None
                return step.result()
            await self._reader.beside(self._step)
        return self._reader.sounds.popleft()

    async def cut(self) -> AnyEvent | None:
        """Cancel what is waited for; what is said all the same."""
        step, self._step = self._step, None
        if step is None:
            return None
        step.cancel()
        return await step

    async def close(self) -> None:
        if self._step is not None:
            self._step.cancel()
            await asyncio.wait([self._step])
        await self._events.aclose()

    async def _follow(self) -> AnyEvent | None:
        return await anext(self._events, None)


class Reader:
    """Reads aloud what it hears, one stretch after another; what comes meanwhile is the next stretch."""

    def __init__(self, voice: Voice, name: str) -> None:
        self._voice = voice
        self._name = name
        self._sentences = Sentences()
        self._waiting: list[str] = []
        self._failed = False
        self._speaking: asyncio.Task[None] | None = None
        self._woken: asyncio.Future[None] | None = None
        self.sounds: deque[AudioDelta] = deque()
        """Ready to be told."""

    @property
    def busy(self) -> bool:
        return self._speaking is not None

    def hear(self, event: AnyEvent) -> None:
        match event:
            case TextDelta() | AgentTextDelta():
                self._say(self._sentences.feed(event.text))
            case AgentThought():
                self._say(self._sentences.feed("\n"))
            case Retracted():
                self._sentences.take_back(event.characters)
            case AnswerReplaced():
                self._waiting, self._sentences = [], Sentences()
                self._say(self._sentences.feed(event.text))
            case AnswerFinished() | Intercepted():
                self._say(self._sentences.end())
            case _:
                pass

    async def beside(self, other: asyncio.Task[AnyEvent | None]) -> None:
        """Return when that is done, or there is a sound, or will be none."""
        await asyncio.wait([other, self._wake()], return_when=asyncio.FIRST_COMPLETED)

    async def rest(self) -> AudioDelta | None:
        """The next sound of all that was heard; None when there is no more."""
        self._say(self._sentences.end())
        while self.busy and not self.sounds:
            await self._wake()
        return self.sounds.popleft() if self.sounds else None

    async def close(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.wait([self._speaking])

    def _wake(self) -> asyncio.Future[None]:
        self._woken = asyncio.get_running_loop().create_future()
        return self._woken

    def _say(self, text: str) -> None:
        if text and not self._failed:
            self._waiting.append(text)
            self._speaking = self._speaking or asyncio.create_task(self._speak())

    async def _speak(self) -> None:
        try:
            while self._waiting:
                text, self._waiting = " ".join(self._waiting), []
                async with aclosing(self._voice.speak(text, self._name)) as pieces:
                    async for piece in pieces:
                        self.sounds.append(AudioDelta(b64encode(piece).decode()))
                        self._call()
        except Problem as problem:
            log.warning("an answer is read aloud no further: %s", problem)
            self._failed = True
        finally:
            self._speaking = None
            self._call()

    def _call(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)
