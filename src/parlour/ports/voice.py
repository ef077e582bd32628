"""Texts read aloud, and speech written down. Does not know who wants it, nor where it goes."""

from collections.abc import AsyncGenerator
from typing import Protocol


class Voice(Protocol):
    def check(self) -> None:
        """Return if something could be read aloud now.

        Raises:
            ProviderNotInitialized: there is no voice, or no credentials for it.
        """
        ...

    def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """The text as MP3, piece by piece. `voice` is the app's name for one; empty for the usual.

        Raises (at the first step or later):
            ProviderNotInitialized, ProviderQuotaExceeded, ModelNotSupported, CompletionRequestFailed: as models do.
        """
        ...

    async def transcribe(self, audio: bytes, name: str, mime_type: str) -> str:
        """What is said in it.

        Raises:
            NoSpeechToText: nobody here understands speech.
            ProviderNotInitialized, ProviderQuotaExceeded, ModelNotSupported, CompletionRequestFailed: as models do.
        """
        ...
