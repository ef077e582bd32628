"""From what an operator says of tools that are elsewhere to the place where they are. Knows no file of settings."""

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from parlour.ports.web import Web
from parlour.tools.custom_api import CustomApi
from parlour.tools.mcp_server import McpPlace, McpServer
from parlour.tools.shelf import Place, Shelf


class Said(Protocol):
    """An entry, as it is written; the settings say what each member means."""

    @property
    def kind(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def command(self) -> tuple[str, ...]: ...
    @property
    def environment(self) -> dict[str, str]: ...
    @property
    def tool(self) -> str: ...
    @property
    def seconds(self) -> float: ...


def words(said: Said) -> str:
    """What serves such tools."""
    return f"{'MCP server' if said.kind == 'mcp' else 'OpenAPI'}, from the configuration"


def place(name: str, said: Said, secrets: tuple[str, ...], web: Web) -> Place:
    """Raises: ValueError: it lacks what its kind needs; the message says what."""
    return Place(_shelf(name, said, web), words(said), said.tool, said.seconds, secrets)


def _shelf(name: str, said: Said, web: Web) -> Shelf:
    if said.kind == "openapi":
        if not said.spec:
            raise ValueError("needs spec: the OpenAPI document, as a file or an address")
        try:
            remote = said.spec.startswith(("https://", "http://"))
            spec = said.spec if remote else Path(said.spec).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{said.spec}: cannot be read ({error})") from error
        return CustomApi(web, spec, base=said.url, headers=said.headers, seconds=said.seconds)
    if bool(said.url) == bool(said.command):
        raise ValueError("needs url, or command: one of them")
    if find_spec("mcp") is None:
        raise ValueError("kind mcp needs an extra: pip install 'parlour[mcp]'")
    return McpServer(name, McpPlace(said.url, said.headers, said.command, said.environment))
