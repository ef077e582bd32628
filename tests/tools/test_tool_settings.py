"""Tools that the operator names in `[tools]`: read from the configuration, checked, and wired."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from parlour.domain.app import ToolUse
from parlour.http.reading import report
from parlour.providers.pages import Pages
from parlour.settings import BadSettings, Settings, ToolPlace, read, secrets_of
from parlour.tools.tool import Reach
from parlour.wiring import open_tools, served_tools
from tests.houses import agent_app
from tests.tools.test_custom_api import CALLER, PAGES, THREE
from tests.trial_tools import NOTHING, REACH

pytestmark = pytest.mark.anyio

FILE = """
[tools.pets]
kind = "openapi"
spec = "pets.yml"
headers = { Authorization = "env:PETS_KEY" }
seconds = 7
[tools."tavily/tavily_search"]
kind = "mcp"
url = "https://mcp.example/mcp?api_key=very-secret-1"
headers = { X-Key = "very-secret-2", Accept = "application/json" }
tool = "search"
[tools.files]
kind = "mcp"
command = ["run-me", "now"]
environment = { API_TOKEN = "very-secret-3", HOME = "/home/somebody" }
"""


def settings(folder: Path, text: str = FILE) -> Settings:
    (folder / "parlour.toml").write_text(text)
    (folder / "pets.yml").write_text(THREE)
    return read(folder / "parlour.toml", {"PETS_KEY": "Bearer very-secret-0"})


def test_the_document_is_found_beside_the_file_and_keys_come_from_the_environment(tmp_path: Path) -> None:
    tools = settings(tmp_path).tools
    assert tools["pets"].spec == str(tmp_path / "pets.yml")
    assert tools["pets"].headers == {"Authorization": "Bearer very-secret-0"}
    assert tools["tavily/tavily_search"].url.startswith("https://mcp.example/")


def test_what_nobody_is_to_be_told_is_known(tmp_path: Path) -> None:
    tools = settings(tmp_path).tools
    assert secrets_of(tools["pets"]) == ("Bearer very-secret-0", "very-secret-0")
    assert set(secrets_of(tools["tavily/tavily_search"])) == {"very-secret-1", "very-secret-2"}
    assert secrets_of(tools["files"]) == ("very-secret-3",)
    assert secrets_of(ToolPlace("mcp", url="https://u:a-password@h.example/")) == ("a-password",)


def test_a_check_says_who_serves_a_tool_and_the_cure_for_one_that_nobody_serves(tmp_path: Path) -> None:
    source = agent_app("pets/add_pet", "tavily/tavily_search", "tavily/other", "time/current_time")
    told = {one.what: one for one in report(source, "sample", served_tools(settings(tmp_path)))}
    assert told["tool pets/add_pet (OpenAPI, from the configuration)"].level == "supported"
    assert told["tool tavily/tavily_search (MCP server, from the configuration)"].level == "supported"
    assert told["tool time/current_time (built in)"].level == "supported"
    refused = told["tool tavily/other"]
    assert refused.level == "refused"
    assert "[tools] of parlour.toml" in refused.advice


async def test_the_tools_of_the_settings_are_wired(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        box = open_tools(settings(tmp_path), Reach(Pages(PAGES), NOTHING, NOTHING, NOTHING), stack)
        [offer] = await box.offers([ToolUse("pets", "add_pet", "api", label="Add it")])
        assert (offer.seconds, offer.labels["en_US"]) == (7, "Add it")
        outcome = await box.run(offer, {"name": "x"}, CALLER)
    assert '"Authorization":"***"' in outcome.text.replace(" ", "")
    assert "very-secret" not in str(outcome)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[tools.a]\nkind = "openapi"', "needs spec"),
        ('[tools.a]\nkind = "openapi"\nspec = "gone.yml"', "cannot be read"),
        ('[tools.a]\nkind = "mcp"', "needs url, or command"),
        ('[tools.a]\nkind = "mcp"\nurl = "https://a.example"\ncommand = ["x"]', "needs url, or command"),
        ('[tools.a]\nkind = "magic"', "tools"),
        ('[tools.a]\napp = "gone"', r"there is no such app here \(there are: mine, other\)"),
        ('[tools.a]\nkind = "mcp"\nurl = "x"\nsecret = "y"', "secret"),
        ('[tools.a]\nkind = "mcp"\nurl = "x"\nseconds = 0', "tools"),
    ],
)
async def test_an_entry_that_cannot_be_used_is_named(tmp_path: Path, text: str, says: str) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(BadSettings, match=says):
            open_tools(settings(tmp_path, text), REACH, stack, served=("other", "mine"))


def test_an_app_of_this_server_serves_a_tool_by_the_id_that_its_file_has_for_it(tmp_path: Path) -> None:
    serves = served_tools(settings(tmp_path, '[tools."0ad2-9728"]\napp = "scrape"'))
    use = ToolUse.of("Scraper", "0ad2-9728", "scrape", kind="workflow", label="")
    assert serves(use) == "app `scrape` of this server, from the configuration"
