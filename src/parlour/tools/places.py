"""From what an operator says of tools that are elsewhere to the place where they are. Knows no file of settings."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from parlour.ports.apps import Apps
from parlour.ports.tools import PATIENCE
from parlour.tools.builtin_shelf import BuiltinShelf
from parlour.tools.custom_api import CustomApi
from parlour.tools.mcp_server import McpPlace, McpServer
from parlour.tools.python_entry import PythonShelf, found
from parlour.tools.shelf import Place, Shelf
from parlour.tools.tool import Access, Builtin, Reach
from parlour.tools.workflow import WorkflowShelf

KINDS = {"mcp": "MCP server", "openapi": "OpenAPI", "builtin": "built in"}


class Said(Protocol):
    """An entry, as it is written; the settings say what each member means."""

    @property
    def kind(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def api_key(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def app(self) -> str: ...
    @property
    def entry(self) -> str: ...
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
    def seconds(self) -> float | None: ...


def words(said: Said) -> str:
    """What serves such tools."""
    if said.app:
        return f"app `{said.app}` of this server, from the configuration"
    if said.kind == "python":
        return f"Python `{said.entry}`, from the configuration"
    return f"{KINDS[said.kind]}, from the configuration"


def place(
    name: str, said: Said, secrets: tuple[str, ...], reach: Reach, table: Mapping[str, Sequence[Builtin]], apps: Apps
) -> Place:
    """Raises: ValueError: it lacks what its kind needs; the message says what."""
    if said.app:
        return Place(WorkflowShelf(apps, said.app), words(said), said.app, said.seconds)
    return Place(_shelf(name, said, reach, table), words(said), said.tool, said.seconds, secrets)


def _shelf(name: str, said: Said, reach: Reach, table: Mapping[str, Sequence[Builtin]]) -> Shelf:
    access = Access(said.base_url, said.api_key, said.model, said.headers)
    provider, _, tool = name.partition("/")
    if said.kind == "builtin":
        built_in = [one for one in table.get(provider, ()) if tool in {"", one.name}]
        if not built_in:
            raise ValueError("is no built-in tool: say its kind (openapi, mcp or python), or another name")
        return BuiltinShelf(built_in, reach, access)
    if said.kind == "python":
        return PythonShelf(found(said.entry), reach, access, said.tool or tool)
    if said.kind == "openapi":
        if not said.spec:
            raise ValueError("needs spec: the OpenAPI document, as a file or an address")
        try:
            remote = said.spec.startswith(("https://", "http://"))
            spec = said.spec if remote else Path(said.spec).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{said.spec}: cannot be read ({error})") from error
        return CustomApi(reach.web, spec, base=said.url, headers=said.headers, seconds=said.seconds or PATIENCE)
    if bool(said.url) == bool(said.command):
        raise ValueError("needs url, or command: one of them")
    if find_spec("mcp") is None:
        raise ValueError("kind mcp needs an extra: pip install 'parlour[mcp]'")
    return McpServer(name, McpPlace(said.url, said.headers, said.command, said.environment))
