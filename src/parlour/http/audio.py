"""The routes of sound: an answer read aloud, a recording written down (contract 5.8). Knows no voice and no store."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from parlour.domain.message import Owner
from parlour.domain.problems import InvalidParam, NotFound, Problem, SpeechToTextDisabled
from parlour.http.house import House
from parlour.http.rim import app_of, body_of, json, left, pieces_of
from parlour.http.visitors import user_of
from parlour.modes.features.sentences import whole
from parlour.wire import audio, uploads

AT_ONCE = 8
"""Recordings on their way here: each may have thirty megabytes, and is held whole."""


def routes(house: House) -> list[Route]:
    places = asyncio.Semaphore(AT_ONCE)
    return [
        Route("/v1/text-to-audio", partial(speak, house), methods=["POST"]),
        Route("/v1/audio-to-text", partial(listen, house, places), methods=["POST"]),
    ]


async def speak(house: House, request: Request) -> Response:
    """A text, or the answer of a message of this user, as MP3; sent as it is made."""
    app = await app_of(house, request)
    speech = app.features.speech
    wanted = audio.parse(await body_of(house, request))
    if not speech.enabled:
        raise InvalidParam("TTS is not enabled. Turn on text_to_speech in the app's file.")
    owner = Owner(app.card.id, wanted.user)
    text = whole(await answer_of(house, owner, wanted.message_id) if wanted.message_id else wanted.text)
    if not text:
        raise InvalidParam("There is nothing in it that could be read aloud.", params="text")
    house.guests.note(owner)
    pieces = house.voice.speak(text, wanted.voice or speech.voice)
    return await Sound.of(pieces)


async def answer_of(house: House, owner: Owner, message_id: str) -> str:
    """
    Raises:
        NotFound: the message is not there, or another's.
    """
    message = await house.history.message(owner, message_id)
    if message is None:
        raise NotFound("Message Not Exists.")
    return message.answer


async def listen(house: House, places: asyncio.Semaphore, request: Request) -> Response:
    """What is said in a recording."""
    app = await app_of(house, request)
    if not app.features.speech_to_text:
        raise SpeechToTextDisabled
    form = uploads.Form(request.headers.get("content-type", ""), audio.RECORDING)
    async with places:
        recording = bytearray()
        async with aclosing(pieces_of(house, request)) as sent:
            async for piece in sent:
                for found in form.feed(piece):
                    recording += found
        said = form.sent()
        house.guests.note(Owner(app.card.id, user_of(request, said.user)))
        return json(audio.transcript(await house.voice.transcribe(bytes(recording), said.name, said.mime_type)))


class Sound(Response):
    """Bytes of MP3, a piece at a time. What fails before the first is told as a failure; later it cuts the reply."""

    def __init__(self, first: bytes, pieces: AsyncGenerator[bytes, None]) -> None:
        self.first = first
        self.pieces = pieces

    @classmethod
    async def of(cls, pieces: AsyncGenerator[bytes, None]) -> "Sound":
        """
        Raises:
            Problem: there is no sound.
        """
        try:
            first = await anext(pieces, b"")
        except Problem:
            await pieces.aclose()
            raise
        return cls(first, pieces)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        leaving = asyncio.create_task(left(receive))
        try:
            async with aclosing(self.pieces) as pieces:
                headers = [(b"content-type", b"audio/mpeg"), (b"cache-control", b"no-cache")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": self.first, "more_body": True})
                async for piece in pieces:
                    if leaving.done():
                        return  # nobody listens: nothing more is made
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()
