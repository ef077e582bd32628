"""The voice of any provider that speaks the wire of `/audio/speech` and `/audio/transcriptions`.

Does not know apps, nor which of several voices is asked.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, FormData
from msgspec import Struct

from parlour.domain.problems import CompletionRequestFailed, Problem
from parlour.providers.failures import digest, need_key, problem

USUAL = "alloy"
"""A voice that each such provider has."""
PATIENCE = ClientTimeout(total=120, connect=10, sock_read=30)
MOST = 1024 * 1024
"""Bytes of a transcription, or of a refusal."""


class Transcription(Struct, frozen=True):
    text: str


class OpenAIVoice:
    """`api_key` is None for servers that want none; "" is one missing."""

    def __init__(self, session: ClientSession, name: str, base_url: str, api_key: str | None, model: str) -> None:
        self._session = session
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._model = model

    def check(self) -> None:
        need_key(self._name, self._api_key)

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        self.check()
        wanted = {"model": self._model, "input": text, "voice": voice or USUAL, "response_format": "mp3"}
        headers = {"Content-Type": "application/json"}
        async with self._asked("audio/speech", msgspec.json.encode(wanted), headers) as response:
            while piece := await read(response):
                yield piece

    async def transcribe(self, audio: bytes, name: str, mime_type: str) -> str:
        self.check()
        form = FormData()
        form.add_field("file", audio, filename=name, content_type=mime_type)
        form.add_field("model", self._model)
        form.add_field("response_format", "json")
        async with self._asked("audio/transcriptions", form, {}) as response:
            body = await whole(response)
        try:
            return msgspec.json.decode(body, type=Transcription).text.strip()
        except msgspec.MsgspecError as error:
            raise CompletionRequestFailed(f"[{self._name}] The transcription cannot be read ({error}).") from error

    @asynccontextmanager
    async def _asked(
        self, path: str, data: bytes | FormData, headers: dict[str, str]
    ) -> AsyncGenerator[ClientResponse]:
        """The answer to a question; leaving the block ends it at once.

        Raises:
            Problem: it is refused, or breaks off.
        """
        if self._api_key:
            headers = {**headers, "Authorization": f"Bearer {self._api_key}"}
        url = f"{self._base_url}/{path}"
        try:
            asked = await self._session.post(url, data=data, headers=headers, allow_redirects=False, timeout=PATIENCE)
            async with asked as response:
                if response.status != HTTPStatus.OK:
                    raise self._refusal(response.status, await whole(response))
                yield response
        except TimeoutError as error:
            raise CompletionRequestFailed(f"[{self._name}] The voice does not answer in time.") from error
        except (ClientError, OSError, ValueError) as error:
            raise CompletionRequestFailed(f"[{self._name}] The voice cannot be reached.") from error

    def _refusal(self, status: int, body: bytes) -> Problem:
        return problem(digest(body, status), self._name, self._api_key)


async def read(response: ClientResponse) -> bytes:
    return await response.content.readany()


async def whole(response: ClientResponse) -> bytes:
    found = bytearray()
    while len(found) <= MOST and (piece := await read(response)):
        found += piece
    return bytes(found)
