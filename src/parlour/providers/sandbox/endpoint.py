"""Code in a sandbox service that is there already: `POST /v1/sandbox/run`.

Such a service runs a program and gives back what it printed, so a program is made that prints what `main` returns
between two marks. Does not know how the service holds what it runs; time and memory are its own to limit.
"""

import base64
import secrets
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from msgspec import Struct

from parlour.domain.problems import CodeFailed
from parlour.ports.sandbox import Language
from parlour.providers.sandbox.limits import Limits, packed, result_of, too_long

PYTHON = """

import base64 as __base64, json as __json
print("{mark}" + __json.dumps(main(**__json.loads(__base64.b64decode("{inputs}")))) + "{mark}")
"""
JAVASCRIPT = """

;(async (stringify, inputs) => {{
    const told = await main(inputs)
    console.log("{mark}" + stringify(told === undefined ? null : told) + "{mark}")
}})(JSON.stringify, JSON.parse(Buffer.from("{inputs}", "base64").toString("utf-8")))
"""
ENDS: dict[Language, tuple[str, str]] = {"python3": ("python3", PYTHON), "javascript": ("nodejs", JAVASCRIPT)}
SLACK = 10
"""Seconds that the service may take beside the code's own."""
AROUND = 1024 * 1024
"""Bytes of an answer beside the result: what the code has printed."""
LONGEST = 2000
SERVICE = "The sandbox of code.endpoint"


class Endpoint:
    def __init__(self, limits: Limits, session: ClientSession, address: str, api_key: str) -> None:
        self._limits = limits
        self._session = session
        self.address = f"{address.rstrip('/').removesuffix('/v1/sandbox/run')}/v1/sandbox/run"
        self._headers = {"X-Api-Key": api_key}

    async def run(self, language: Language, code: str, inputs: dict[str, object]) -> object:
        name, end = ENDS[language]
        mark = f"<<{secrets.token_hex(8)}>>"
        carried = base64.b64encode(packed(inputs)).decode()
        order = {"language": name, "code": code + end.format(mark=mark, inputs=carried), "enable_network": True}
        told = await self._ask(order)  # what network there is, the service decides
        parts = (told.stdout or "").split(mark)
        if len(parts) == 3:
            return result_of(parts[1], self._limits)
        raise CodeFailed((told.error or "").strip()[-LONGEST:] or "The code ended without a result.")

    async def _ask(self, order: Mapping[str, object]) -> "Told":
        limits = self._limits
        try:
            async with self._session.post(
                self.address,
                json=dict(order),
                headers=self._headers,
                allow_redirects=False,
                timeout=ClientTimeout(total=limits.seconds + SLACK),
            ) as response:
                return understood(response, await body(response, limits.output + AROUND))
        except TimeoutError as error:
            raise too_long(limits) from error
        except (ClientError, OSError) as error:
            raise CodeFailed(f"{SERVICE} cannot be reached. Is it running, and is the address right?") from error


class Told(Struct, frozen=True):
    stdout: str | None = ""
    error: str | None = ""


class Answer(Struct, frozen=True):
    code: int
    message: str = ""
    data: Told | None = None


async def body(response: ClientResponse, most: int) -> bytes:
    """
    Raises:
        CodeFailed: it is longer than that.
    """
    read = bytearray()
    async for piece in response.content.iter_any():
        read += piece
        if len(read) > most:
            raise CodeFailed(f"{SERVICE} answers with more than {most} bytes. Let the code return and print less.")
    return bytes(read)


def understood(response: ClientResponse, read: bytes) -> Told:
    """
    Raises:
        CodeFailed: the service has not run the code.
    """
    if response.status == HTTPStatus.UNAUTHORIZED:
        raise CodeFailed(f"{SERVICE} refuses the key. Set code.api_key to the key that it was started with.")
    if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise CodeFailed(f"{SERVICE} has too much to do at the moment.")
    try:
        answer = msgspec.json.decode(read, type=Answer)
    except msgspec.MsgspecError as error:
        raise CodeFailed(f"{SERVICE} answers with {response.status}, and not as such services do.") from error
    if answer.code or answer.data is None:
        raise CodeFailed(f"{SERVICE} has not run the code: {answer.message[:LONGEST]} ({answer.code}).")
    return answer.data
