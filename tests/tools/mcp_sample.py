"""A real server of the Model Context Protocol, built with its official package. Run it to speak over pipes."""

import asyncio
import base64
import os
from typing import Any

from mcp.server import MCPServer
from mcp.types import ImageContent, TextContent

from tests.trial_tools import dot

server = MCPServer("sample")
seen: list[str] = []
"""What became of slow calls."""


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool(title="Paint it")
def paint(prompt: str) -> list[TextContent | ImageContent]:
    """Paints a picture."""
    data = base64.b64encode(dot()).decode()
    return [
        TextContent(type="text", text=f"{prompt} is painted"),
        ImageContent(type="image", data=data, mime_type="image/png"),
    ]


@server.tool()
def fail(what: str) -> str:
    """Fails."""
    raise ValueError(f"no {what} today")


@server.tool()
def tell(name: str) -> str:
    """Tells a variable of its environment."""
    return os.environ.get(name, "not there")


@server.tool()
async def wait() -> str:
    """Never answers."""
    seen.append("begun")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        seen.append("ended")
        raise
    return "late"


@server.tool()
def die() -> str:
    """Ends the server."""
    os._exit(3)


def app() -> Any:
    return server.streamable_http_app()


if __name__ == "__main__":
    server.run("stdio")
