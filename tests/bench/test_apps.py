"""The apps that are measured are served whole, and run as many nodes as their names say."""

import pytest
import yaml

from bench.apps import App, written
from parlour.http.reading import report
from tests.houses import Build, build, rules, store

__all__ = ["build", "store"]

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("app", "nodes"), [("chat", 0), ("spoken", 0), ("chatflow", 3), ("ten nodes", 10)])
async def test_an_app_that_is_measured_does_what_it_is_measured_for(build: Build, app: App, nodes: int) -> None:
    source = yaml.safe_dump(written(app))
    assert {finding.level for finding in report(source, "bench")} == {"supported"}
    place = await build(apps={"bench": source}, models=rules({"say": ["a", "b"]}))
    events = (await place.door.streamed("Say something.")).events
    assert sum(event["event"] == "node_finished" for event in events) == nodes
    assert "".join(event["answer"] for event in events if event["event"] == "message").startswith("ab")
