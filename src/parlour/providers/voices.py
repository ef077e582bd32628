"""The port `Voice`, put together: who reads aloud, and who listens. Does not know how either does it."""

from collections.abc import AsyncGenerator
from typing import Protocol

from parlour.domain.problems import NoSpeechToText, ProviderNotInitialized

NO_VOICE = (
    "There is no voice here. Install the built-in one: pip install 'parlour[voice]'; or name another in parlour.toml, "
    'such as voice.speech = "openai/tts-1".'
)
NO_EARS = (
    "Nobody here understands speech. Install the built-in listener: pip install 'parlour[voice]'; or name another in "
    'parlour.toml, such as voice.transcription = "openai/whisper-1".'
)


class Mouth(Protocol):
    """The half of the port `Voice` that speaks."""

    def check(self) -> None: ...
    def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]: ...


class Ears(Protocol):
    """The other half."""

    async def transcribe(self, audio: bytes, name: str, mime_type: str) -> str: ...


class Voices:
    """None stands for one that is not there."""

    def __init__(self, mouth: Mouth | None, ears: Ears | None) -> None:
        self._mouth = mouth
        self._ears = ears

    def check(self) -> None:
        if self._mouth is None:
            raise ProviderNotInitialized(NO_VOICE)
        self._mouth.check()

    def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """
        Raises:
            ProviderNotInitialized: at once, where there is no voice.
        """
        if self._mouth is None:
            raise ProviderNotInitialized(NO_VOICE)
        return self._mouth.speak(text, voice)

    async def transcribe(self, audio: bytes, name: str, mime_type: str) -> str:
        if self._ears is None:
            raise NoSpeechToText(NO_EARS)
        return await self._ears.transcribe(audio, name, mime_type)
