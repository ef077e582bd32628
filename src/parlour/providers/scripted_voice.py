"""A voice that says nothing: its MP3 carries the text as a title, and lasts for a moment of silence.

For tests, demos, and authors of clients: what was to be heard can be read, and what it says it also understands. Does
not know any provider.
"""

from collections.abc import AsyncGenerator

SILENCE = bytes.fromhex("fff314c4") + bytes(20)
"""A frame of MPEG-2 layer III: 8 kbit/s, 24 kHz, mono, 24 ms of nothing."""
TITLE = b"TIT2"
UTF8 = b"\x03"


class ScriptedVoice:
    def check(self) -> None:
        """Nothing can be missing."""

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        del voice
        yield titled(text) + SILENCE

    async def transcribe(self, audio: bytes, name: str, mime_type: str) -> str:
        del name, mime_type
        return " ".join(titles(audio))


def titled(text: str) -> bytes:
    """An ID3 tag with one frame."""
    frame = UTF8 + text.encode()
    body = TITLE + syncsafe(len(frame)) + bytes(2) + frame
    return b"ID3\x04\x00\x00" + syncsafe(len(body)) + body


def titles(audio: bytes) -> list[str]:
    """The texts of every such tag."""
    found: list[str] = []
    at = audio.find(TITLE)
    while at >= 0:
        size = int.from_bytes(bytes(4), "big")
        for byte in audio[at + 4 : at + 8]:
            size = size << 7 | byte
        found.append(audio[at + 11 : at + 10 + size].decode("utf-8", "replace"))
        at = audio.find(TITLE, at + 10 + size)
    return found


def syncsafe(number: int) -> bytes:
    """Seven bits a byte, as tags count."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
