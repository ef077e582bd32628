"""Services that decide which texts are let through: a `/moderations` endpoint, and extensions over HTTP.

Does not know which app asks, nor what is said in the place of a text.
"""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout
from msgspec import Struct

from parlour.domain.app import Moderation as Rule
from parlour.domain.problems import ModerationFailed, ProviderNotInitialized
from parlour.ports.moderation import Point, Ruling
from parlour.providers.failures import digest, without_keys
from parlour.providers.table import DEFAULT

OPENAI = "openai"
MODEL = "omni-moderation-latest"
MOST = 1024 * 1024
"""Bytes of an answer."""
PATIENCE = ClientTimeout(total=15)
"""A person waits for the text meanwhile."""


class Service(Struct, frozen=True):
    """Where one is."""

    url: str
    api_key: str = ""
    model: str = MODEL
    """What the model is called there, if it has one."""


class Judged(Struct, frozen=True):
    flagged: bool


class Judgement(Struct, frozen=True):
    results: tuple[Judged, ...]


class ModerationServices:
    """`models`: providers with a `/moderations` endpoint, by name. `extensions`: by the name that apps have."""

    def __init__(
        self, session: ClientSession, models: Mapping[str, Service], extensions: Mapping[str, Service]
    ) -> None:
        self._session = session
        self._model = models.get(OPENAI) or models.get(DEFAULT)
        self._extensions = extensions

    def check(self, rule: Rule) -> None:
        if rule.kind == "openai_moderation":
            self._judge()
        elif rule.kind == "api":
            self._extension(rule.extension)

    async def harmful(self, text: str) -> bool:
        service = self._judge()
        url = f"{service.url.rstrip('/')}/moderations"
        body = await self._post(url, service.api_key, {"model": service.model, "input": text})
        try:
            return any(judged.flagged for judged in msgspec.json.decode(body, type=Judgement).results)
        except msgspec.MsgspecError as error:
            raise unreadable(error) from error

    async def ruling(self, extension: str, point: Point, params: dict[str, object]) -> Ruling:
        service = self._extension(extension)
        body = await self._post(service.url, service.api_key, {"point": point, "params": params})
        try:
            return msgspec.json.decode(body, type=Ruling)
        except msgspec.MsgspecError as error:
            raise unreadable(error) from error

    def _judge(self) -> Service:
        if self._model is None:
            raise ProviderNotInitialized(
                "This app is moderated by a model, and none is there. Add [providers.openai] with kind = "
                '"openai_compatible", base_url and api_key to parlour.toml.'
            )
        return self._model

    def _extension(self, name: str) -> Service:
        service = self._extensions.get(name) or self._extensions.get(DEFAULT)
        if service is None:
            raise ProviderNotInitialized(
                f"This app is moderated by the extension '{name}', and it is not there. Add [extensions.\"{name}\"] "
                "with its url and api_key to parlour.toml, or [extensions.default] for all of them."
            )
        return service

    async def _post(self, url: str, api_key: str, body: object) -> bytes:
        headers = {"Content-Type": "application/json"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        try:
            async with self._session.post(
                url, data=msgspec.json.encode(body), headers=headers, allow_redirects=False, timeout=PATIENCE
            ) as response:
                read = bytearray()
                async for piece in response.content.iter_any():
                    read += piece
                    if len(read) > MOST:
                        raise ModerationFailed(f"The moderation service answers with more than {MOST} bytes.")
        except TimeoutError as error:
            raise ModerationFailed("The moderation service does not answer in time.") from error
        except (ClientError, OSError, ValueError) as error:
            raise ModerationFailed("The moderation service cannot be reached.") from error
        if response.status != HTTPStatus.OK:
            refusal = digest(bytes(read), response.status)
            raise ModerationFailed(f"The moderation service refuses: {without_keys(refusal.message, api_key)}")
        return bytes(read)


def unreadable(error: msgspec.MsgspecError) -> ModerationFailed:
    return ModerationFailed(f"The moderation service answers what cannot be read ({error}).")
