"""Real chatflows and workflows: each loads, and each node that nobody runs is told of by name, reason and line."""

from functools import cache
from pathlib import Path

import pytest

from parlour.domain.app import FlowApp, ToolUse
from parlour.dsl.findings import Finding, Refused
from parlour.dsl.load import Loaded, load
from parlour.http.reading import findings, report, understood
from parlour.modes.graphs import faults, told
from parlour.wiring import served_tools
from tests.dsl.dsl_samples import flow_files, mode_of, needs_corpus, nodes_of, not_served

FLOWS = flow_files()

every_flow = pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem[:12])


def exported(path: Path) -> bool:
    """Whether an editor has written it: a few were written by hand, and Dify would not take them either."""
    ids = [node["id"] for node in nodes_of(path)]
    return len(set(ids)) == len(ids) and all(node["data"].get("type") for node in nodes_of(path))


@cache
def loaded_of(path: Path) -> Loaded:
    return load(path.read_text(), name=path.stem)


def all_here(use: ToolUse) -> str:
    """As if every tool were served."""
    return f"{use.kind} tools are here"


@cache
def refusals(path: Path) -> list[Finding]:
    return [finding for finding in report(path.read_text(), path.stem, all_here) if finding.level == "refused"]


@needs_corpus
def test_there_are_as_many_flows_as_these_tests_are_about() -> None:
    assert len(FLOWS) >= 125
    assert sum(exported(path) for path in FLOWS) >= 120


@every_flow
def test_a_real_flow_is_read_if_it_may_run_in_part(path: Path) -> None:
    app = understood(path.read_text(), path.stem, partial=True)
    assert isinstance(app, FlowApp)
    assert app.mode == mode_of(path)


@every_flow
def test_a_real_flow_is_served_whole_exactly_if_all_of_its_nodes_are(path: Path) -> None:
    lacking = refusals(path)
    assert all(finding.partial for finding in lacking)
    if exported(path):
        assert bool(lacking) == bool(not_served(path)), lacking
    if not lacking:
        assert isinstance(understood(path.read_text(), path.stem, serves=all_here), FlowApp)
        return
    with pytest.raises(Refused) as caught:
        understood(path.read_text(), path.stem, serves=all_here)
    assert all(f"line {finding.line}: {finding.what}: {finding.advice}" in str(caught.value) for finding in lacking)


@every_flow
def test_of_a_real_flow_the_nodes_that_nobody_runs_are_refused_by_name_and_no_others(path: Path) -> None:
    if not exported(path):
        assert refusals(path) or not not_served(path)  # what was written by hand may be refused for its shape, too
        return
    loaded = loaded_of(path)
    assert isinstance(loaded.app, FlowApp)
    told = {fault.node_id: fault.advice for fault in faults(loaded.app) if fault.level == "refused"}
    lacking = dict(not_served(path))
    assert told.keys() == lacking.keys()
    lines = path.read_text().splitlines()
    for id_, type_ in lacking.items():
        assert "not served" in told[id_]
        assert f"type: {type_}" in lines[loaded.line(id_, "type") - 1]


@every_flow
def test_of_each_tool_of_a_real_flow_it_is_said_what_serves_it(path: Path) -> None:
    loaded, serves = loaded_of(path), served_tools()
    assert isinstance(loaded.app, FlowApp)
    found = [finding for finding in findings(loaded, serves) if finding.what.startswith("tool `")]
    if exported(path):
        assert len(found) == len([node for node in nodes_of(path) if node["data"]["type"] == "tool"])
    lines = path.read_text().splitlines()
    for finding in found:
        assert (finding.level, ": built in" in finding.what) in {("supported", True), ("refused", False)}
        assert finding.level == "supported" or finding.partial
        assert lines[finding.line - 1].strip().startswith("tool_name: ")


@every_flow
def test_of_each_tool_of_a_real_flows_agents_it_is_said_what_serves_it(path: Path) -> None:
    loaded, serves = loaded_of(path), served_tools()
    assert isinstance(loaded.app, FlowApp)
    found = [finding for finding in findings(loaded, serves) if finding.what.startswith("agent `")]
    found = [finding for finding in found if ": tool " in finding.what]
    lines = path.read_text().splitlines()
    for finding in found:
        assert (finding.level, "(built in" in finding.what) in {("supported", True), ("refused", False)}
        assert finding.level == "supported" or finding.partial
        assert lines[finding.line - 1].strip().startswith(("tool_name: ", "agent_strategy_name: "))
    parameters = [one["data"]["agent_parameters"] for one in nodes_of(path) if one["data"].get("type") == "agent"]
    chosen = [tool for one in parameters for tool in one.get("tools", {"value": []})["value"] if tool["enabled"]]
    assert len(found) == len(chosen) + sum("mcp_server" in one for one in parameters)


@every_flow
def test_the_report_of_a_real_flow_has_a_line_for_each_of_its_nodes(path: Path) -> None:
    loaded = loaded_of(path)
    assert isinstance(loaded.app, FlowApp)
    found = findings(loaded)
    lines = path.read_text().count("\n") + 1
    assert all(1 <= finding.line <= lines for finding in found)
    for node in told(loaded.app):
        name = f"{node.type} `{' '.join((node.title.strip() or node.id).split())}`"
        assert any(finding.what.startswith(name[:150]) for finding in found), name
