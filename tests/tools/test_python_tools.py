"""Tools of installed Python packages: somebody else's code, told by its signature, and held as any other tool."""

import asyncio
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from anyio import fail_after

from parlour.domain.app import ToolUse
from parlour.domain.problems import ToolFailed
from parlour.http.reading import report
from parlour.ports.tools import EVERY, Outcome, Tools
from parlour.settings import BadSettings, Settings, ToolPlace
from parlour.tools.python_entry import MOST_THREADS
from parlour.wiring import open_tools, served_tools
from tests.contract.test_agents import call, thoughts, uses
from tests.front_door import until
from tests.houses import Build, agent_app, rules
from tests.tools.python_sample import BEGUN, ENDED, GO_ON
from tests.tools.tool_samples import CALLER
from tests.trial_tools import REACH, dot

pytestmark = pytest.mark.anyio

SAMPLE = "tests.tools.python_sample"


def said(name: str, entry: str, **members: Any) -> Settings:
    return Settings(tools={name: ToolPlace(kind="python", entry=entry, **members)})


def toolbox(entry: str, name: str = "acme", **members: Any) -> Tools:
    return open_tools(said(name, entry, **members), REACH, AsyncExitStack())  # nothing of it is to be closed


async def use(function: str, **arguments: object) -> Outcome:
    box = toolbox(f"{SAMPLE}:{function}")
    [offer] = await box.offers([ToolUse("acme", function)])
    return await box.run(offer, arguments, CALLER)


async def test_a_model_is_told_what_the_signature_of_a_function_says() -> None:
    [offer] = await toolbox(f"{SAMPLE}:look_up").offers([ToolUse("acme", "look_up")])
    assert offer.tool.description == "Looks up what a customer was sent.\n\nThe newest first."
    parameters = offer.tool.parameters
    assert parameters["required"] == ["customer", "kind"]
    assert parameters["properties"] == {
        "customer": {"$ref": "#/$defs/Customer", "description": "who it is about"},
        "kind": {"enum": ["bill", "offer"]},
        "most": {"type": "integer", "default": 3},
    }
    assert [*cast("dict[str, object]", parameters["$defs"])] == ["Customer"]


async def test_what_a_function_gives_is_text_a_value_or_files() -> None:
    found = await use("look_up", customer={"name": "Ann"}, kind="bill", most=None)
    value = {"for": "Ann", "since": 2020, "kind": "bill", "most": 3}
    assert found == Outcome('{"for":"Ann","since":2020,"kind":"bill","most":3}', data=(value,))
    assert (await use("add", a="1", b=2)).text == "3.0"
    [file] = (await use("draw")).files
    assert file.data == dot()


async def test_a_declared_tool_is_taken_as_it_is_and_others_beside_it() -> None:
    box = toolbox(f"{SAMPLE}:TOOLS")
    offers = await box.offers([ToolUse("acme", EVERY)])
    assert [offer.tool.name for offer in offers] == ["throw", "add"]
    assert (await box.run(offers[0], {"sides": "9"}, CALLER)).text == "It shows 9."


async def test_the_only_tool_of_an_entry_has_the_name_that_the_file_has_for_it() -> None:
    """And what its operator gives for it is in nothing that it says."""
    box = toolbox(f"{SAMPLE}:whisper", "acme/say", base_url="https://a.example", api_key="very-secret")
    [offer] = await box.offers([ToolUse("acme", "say")])
    assert offer.tool.properties == {"word": {"type": "string"}}
    assert (await box.run(offer, {"word": "Psst"}, CALLER)).text == "Psst support https://a.example *** 11"


@pytest.mark.parametrize(
    ("function", "arguments", "why"),
    [
        ("fail", {"how": "fly"}, "ValueError: cannot fly"),
        ("fail", {"how": "exit"}, "SystemExit: 3"),
        ("look_up", {"customer": 1, "kind": "bill"}, "its arguments do not fit: .*customer"),
        ("look_up", {"kind": "bill"}, "its arguments do not fit: .*customer"),
        ("positions", {}, r"positions takes \*several"),
        ("gone", {}, "AttributeError: .*gone"),
        ("Customer.name", {}, "is no function, and no Builtin"),
    ],
)
async def test_whatever_goes_wrong_is_a_failure_of_the_tool(
    function: str, arguments: dict[str, object], why: str
) -> None:
    with pytest.raises(ToolFailed, match=why):
        await use(function, **arguments)


async def test_an_agent_goes_on_after_a_function_that_fails_and_one_that_takes_too_long(build: Build) -> None:
    entries = {
        "acme/fail": ToolPlace("python", entry=f"{SAMPLE}:fail"),
        "acme/wait": ToolPlace("python", entry=f"{SAMPLE}:wait", seconds=0.05),
    }
    place = await build(
        apps={"first": agent_app("acme/fail", "acme/wait")},
        models=rules(uses(call("fail", how="fly"), call("wait")), {"say": ["Neither."]}),
        tools=open_tools(Settings(tools=entries), REACH, AsyncExitStack()),
    )
    ENDED.clear()
    first, _ = thoughts((await place.door.streamed("Try")).events)
    assert "ValueError: cannot fly" in first[-1]["observation"]
    assert "longer than 0.05 seconds" in first[-1]["observation"]
    assert ENDED == ["wait"]


async def test_a_stop_cancels_a_coroutine_and_leaves_a_plain_function_behind() -> None:
    for function in ("wait", "block"):
        BEGUN.clear()
        ENDED.clear()
        GO_ON.clear()
        using = asyncio.create_task(use(function))
        await until(partial(holds, BEGUN, function))
        using.cancel()
        with fail_after(5), pytest.raises(asyncio.CancelledError):
            await using
        assert (["wait"] if function == "wait" else []) == ENDED
        GO_ON.set()

    await until(partial(holds, ENDED, "block"))


async def holds(told: list[str], name: str) -> bool:
    return told == [name]


async def test_no_more_threads_are_begun_than_can_be_left_behind() -> None:
    box = toolbox(f"{SAMPLE}:block")
    [offer] = await box.offers([ToolUse("acme", "block")])
    GO_ON.clear()
    many = [asyncio.create_task(box.run(offer, {}, CALLER)) for _ in range(MOST_THREADS)]
    with pytest.raises(ToolFailed, match="still run"):
        await asyncio.gather(*many, box.run(offer, {}, CALLER))
    GO_ON.set()
    await asyncio.gather(*many)
    await box.run(offer, {}, CALLER)


def test_a_check_says_which_function_serves_a_tool_and_loads_nothing() -> None:
    source = agent_app("acme/look_up")
    told = [one.what for one in report(source, "sample", served_tools(said("acme", "colorsys:hls_to_rgb")))]
    assert "tool acme/look_up (Python `colorsys:hls_to_rgb`, from the configuration)" in told
    sys.modules.pop("colorsys", None)
    toolbox("colorsys:hls_to_rgb")
    assert "colorsys" not in sys.modules


async def test_an_entry_point_of_an_installed_package_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "acme_tools-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tools\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[parlour.tools]\nadding = {SAMPLE}:add\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    box = toolbox("adding", "acme/sum")
    [offer] = await box.offers([ToolUse("acme", "sum")])
    assert (await box.run(offer, {"a": 1, "b": 2}, CALLER)).text == "3.0"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("", "no installed package has an entry point"),
        ("adding", "no installed package has an entry point 'adding' in the group parlour.tools"),
        ("no_such_package:add", "is no place of an installed package"),
        ("colorsys:", "is no place of an installed package"),
    ],
)
def test_an_entry_that_is_nowhere_is_named_at_the_start(entry: str, why: str) -> None:
    with pytest.raises(BadSettings, match=why):
        toolbox(entry)
