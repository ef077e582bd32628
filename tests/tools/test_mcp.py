"""Tools of a real server of the Model Context Protocol, over http and over the pipes of a command."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from anyio import fail_after

from parlour.domain.app import ToolUse
from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Caller
from parlour.tools.mcp_server import McpPlace, McpServer
from parlour.tools.shelf import Place
from parlour.tools.toolbox import Toolbox
from tests.contract.test_agents import call, kinds, thoughts, uses
from tests.front_door import until
from tests.houses import Build, agent_app, rules
from tests.tools import mcp_sample
from tests.trial_tools import REACH, dot

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CALLER = Caller("support", "ann")
COMMAND = (sys.executable, "-m", "tests.tools.mcp_sample")
TOKEN = "token-4711"


@asynccontextmanager
async def listening() -> AsyncGenerator[str]:
    """The sample server at an address of its own."""
    server = uvicorn.Server(uvicorn.Config(mcp_sample.app(), port=0, log_level="critical", lifespan="on"))
    task = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    try:
        await until(started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def opened(transport: str) -> AsyncGenerator[McpServer]:
    if transport == "pipes":
        server = McpServer("sample", McpPlace(command=COMMAND, environment={"SAMPLE_TOKEN": TOKEN}))
        try:
            yield server
        finally:
            await server.aclose()
        return
    async with listening() as address:
        server = McpServer("sample", McpPlace(url=address, headers={"Authorization": f"Bearer {TOKEN}"}))
        try:
            yield server
        finally:
            await server.aclose()


both = pytest.mark.parametrize("transport", ["http", "pipes"])


@both
async def test_a_servers_tools_are_told_and_used(transport: str) -> None:
    async with opened(transport) as server:
        with fail_after(30):
            tools = await server.tools()
            assert tools.keys() == {"add", "paint", "fail", "tell", "wait", "die"}
            assert (tools["add"].description, tools["paint"].label) == ("Adds two numbers.", "Paint it")
            assert tools["add"].parameters["required"] == ["a", "b"]
            added = await server.use("add", {"a": 1, "b": 2}, CALLER)
            assert (added.text, added.data) == ("3", ({"result": 3},))
            painted = await server.use("paint", {"prompt": "owl"}, CALLER)
            [file] = painted.files
            assert (painted.text, file.mime_type, file.data) == ("owl is painted", "image/png", dot())
            for tool, arguments in (("fail", {"what": "luck"}), ("gone", {}), ("add", {"a": "x"})):
                with pytest.raises(ToolFailed, match=f"{tool}"):
                    await server.use(tool, dict[str, object](arguments), CALLER)
            assert (await server.use("add", {"a": 2, "b": 2}, CALLER)).text == "4", "a refusal breaks nothing"


async def test_a_call_that_is_cancelled_is_ended_at_the_server_and_the_connection_holds() -> None:
    mcp_sample.seen.clear()

    async def seen(*words: str) -> bool:
        return mcp_sample.seen == list(words)

    async with opened("http") as server:
        with fail_after(30):
            await server.tools()
            waiting = asyncio.create_task(server.use("wait", {}, CALLER))
            await until(lambda: seen("begun"))
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await until(lambda: seen("begun", "ended"))
            assert (await server.use("add", {"a": 1, "b": 1}, CALLER)).text == "2"


async def test_a_server_that_dies_is_a_failure_and_is_started_again_for_the_next_call() -> None:
    async with opened("pipes") as server:
        with fail_after(30):
            with pytest.raises(ToolFailed, match="sample"):
                await server.use("die", {}, CALLER)
            assert (await server.use("add", {"a": 1, "b": 1}, CALLER)).text == "2"


@pytest.mark.parametrize("place", [McpPlace(command=("/nowhere",)), McpPlace(url="http://127.0.0.1:9/mcp")])
async def test_a_server_that_is_not_there_is_told_by_name(place: McpPlace) -> None:
    server = McpServer("sample", place)
    with fail_after(30), pytest.raises(ToolFailed, match="sample cannot be reached"):
        await server.tools()
    await server.aclose()


async def test_a_command_sees_its_own_variables_and_none_of_the_keys_of_this_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-house")
    async with opened("pipes") as server:
        with fail_after(30):
            assert (await server.use("tell", {"name": "OPENAI_API_KEY"}, CALLER)).text == "not there"
            assert (await server.use("tell", {"name": "SAMPLE_TOKEN"}, CALLER)).text == TOKEN
            kept = Place(server, "MCP server", secrets=(TOKEN,))
            told = await kept.use("tell", {"name": "SAMPLE_TOKEN"}, CALLER)
            assert told.text == "***"
            assert TOKEN not in str(told)


async def test_an_agent_uses_the_tools_of_a_server_by_the_names_that_its_file_has_for_them(build: Build) -> None:
    async with opened("http") as server:
        places = {"calculator": Place(server, "MCP server"), "art/draw": Place(server, "MCP server", tool="paint")}
        box = Toolbox({}, REACH, places)
        assert box.serves(ToolUse("calculator", "add")) == "MCP server"
        place = await build(
            apps={"first": agent_app("calculator/add", "art/draw")},
            models=rules(uses(call("add", a=1, b=2), call("draw", prompt="owl")), {"say": ["Done."]}),
            tools=box,
        )
        reply = await place.door.streamed("hi")
        assert kinds(reply).count("message_file") == 1
        first, _ = thoughts(reply.events)
        assert first[-1]["tool"] == "add;draw"
        assert '"add": "3"' in first[-1]["observation"]


async def test_an_agent_whose_server_is_gone_says_so(build: Build) -> None:
    server = McpServer("sample", McpPlace(command=("/nowhere",)))
    box = Toolbox({}, REACH, {"calculator": Place(server, "MCP server")})
    place = await build(apps={"first": agent_app("calculator/add")}, tools=box)
    reply = await place.door.streamed("hi")
    assert kinds(reply) == ["error"]
    assert "sample cannot be reached" in reply.events[0]["message"]
    await server.aclose()
