"""The tool that CONTRIBUTING.md writes down works as it stands there: one file, and one line of the table."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from parlour.domain.app import ToolUse
from parlour.domain.problems import ToolFailed
from parlour.tools import TABLE
from parlour.tools.tool import Reach
from parlour.tools.toolbox import Toolbox
from tests.contract.test_agents import call, thoughts, uses
from tests.houses import Build, agent_app, rules
from tests.tools.tool_samples import CALLER, NOW

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"


def written(folder: Path) -> ModuleType:
    """The file of the page, as a module."""
    [code] = re.findall(r"## A tool.*?```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    path = folder / "dice.py"
    path.write_text(code)
    spec = spec_from_file_location("dice", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def toolbox(folder: Path) -> Toolbox:
    nothing: Any = None
    return Toolbox({**TABLE, "dice": written(folder).TOOLS}, Reach(nothing, nothing, nothing, lambda: NOW))


async def test_the_tool_of_the_page_is_offered_and_used(tmp_path: Path) -> None:
    box = toolbox(tmp_path)
    [offer] = await box.offers([ToolUse("dice", "throw")])
    assert offer.tool.parameters["properties"] == {
        "sides": {"type": "number", "description": "how many sides it has; 6 if absent"}
    }
    assert (await box.run(offer, {}, CALLER)).text == f"It shows {int(NOW * 1000) % 6 + 1}."
    with pytest.raises(ToolFailed, match="at least two sides, and not 1"):
        await box.run(offer, {"sides": 1}, CALLER)


async def test_an_agent_uses_the_tool_of_the_page(build: Build, tmp_path: Path) -> None:
    place = await build(
        apps={"first": agent_app("dice/throw")},
        models=rules(uses(call("throw", sides=2)), {"say": ["There."]}),
        tools=toolbox(tmp_path),
    )
    first, _ = thoughts((await place.door.streamed("Throw one")).events)
    assert first[-1]["observation"] == f'{{"throw": "It shows {int(NOW * 1000) % 2 + 1}."}}'
