"""POST /text-to-audio and /audio-to-text: what is asked, and the answer (contract 5.8). Does not know any voice."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from parlour.domain.problems import (
    AudioTooLarge,
    FilenameNotExists,
    InvalidParam,
    NoAudioUploaded,
    UnsupportedAudioType,
)
from parlour.wire import body as read
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.uploads import MEGABYTE, Part, Taking

TYPES = frozenset(
    f"audio/{name}"
    for name in ("mp3", "m4a", "wav", "amr", "mpga", "mpeg", "mp4", "webm", "ogg", "x-m4a", "x-wav", "wave")
)
"""The original refuses what most clients call an MP3, audio/mpeg (contract 8.32), and what browsers record."""
LONGEST = 20_000
"""Characters of a text that is read aloud at a time. Ours."""


class TextToAudioRequest(Struct):
    """What is to be read aloud: a text, or the answer of a message."""

    message_id: Annotated[str | None, Meta(description="A message of this user; goes before `text`.")] = None
    text: Annotated[str | None, Meta(description="Required without a `message_id`.")] = None
    voice: Annotated[str | None, Meta(description="In place of the app's own.")] = None
    user: Annotated[str | int, Meta(description="Your own name for your user.")] = read.DEFAULT_USER
    streaming: Annotated[bool | None, Meta(description="Without meaning: sound is sent as it is made.")] = None


class AudioToTextRequest(Struct):
    """One recording, as multipart/form-data."""

    file: Annotated[
        str, Meta(description="One part with a Content-Type, up to 30 MB.", extra_json_schema={"format": "binary"})
    ]
    user: Annotated[str, Meta(description="Your own name for your user.")] = read.DEFAULT_USER


class Transcript(Struct):
    """What was said."""

    text: str


class Wanted(Struct, frozen=True):
    """A valid request to read aloud: a message's id, or a text."""

    user: str
    message_id: str
    text: str
    voice: str


OPERATIONS = (
    Operation(
        method="post",
        path="/v1/text-to-audio",
        id="textToAudio",
        summary="Read a text or an answer aloud",
        tag="Audio",
        request=TextToAudioRequest,
        raw=True,
    ),
    Operation(
        method="post",
        path="/v1/audio-to-text",
        id="audioToText",
        summary="Write down what is said in a recording",
        tag="Audio",
        request=AudioToTextRequest,
        form=True,
        response=Transcript,
    ),
)


def parse(members: Mapping[str, object]) -> Wanted:
    """
    Raises:
        InvalidParam: there is nothing to read, or too much of it.
    """
    message_id, text = read.text(members, "message_id"), read.text(members, "text")
    found = read.identifier(message_id) if message_id else ""
    if found is None:
        raise InvalidParam("message_id: must be a UUID.", params="message_id")
    if not found and not text.strip():
        raise InvalidParam("text: is required without a message_id.", params="text")
    if len(text) > LONGEST:
        raise InvalidParam(f"text: may have at most {LONGEST} characters.", params="text")
    return Wanted(read.optional_user(members), found, text, read.text(members, "voice"))


def check(part: Part) -> None:
    """
    Raises:
        Problem: this part is no recording that is taken.
    """
    if part.name != "file":
        raise NoAudioUploaded
    if not part.filename:
        raise FilenameNotExists
    if part.mime_type not in TYPES:
        raise UnsupportedAudioType


RECORDING = Taking(NoAudioUploaded, check, lambda _: 30 * MEGABYTE, AudioTooLarge)


def transcript(text: str) -> bytes:
    return encode(Transcript(text))
