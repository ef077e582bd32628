"""A served workflow as a tool of another app, as the configuration names it."""

from pathlib import Path

import pytest

from tests.contract.flow_samples import saying
from tests.dsl.graph_samples import chain, graph_file, node
from tests.process.conftest import serving

pytestmark = pytest.mark.slow

USE = node("use", "tool", provider_id="0d9a", provider_name="Bell", provider_type="workflow", tool_name="ring")
SETTINGS = '[tools."0d9a"]\napp = "inner"\n[[apps]]\npath = "inner.yml"'


def test_a_workflow_that_is_served_here_is_a_tool_by_the_id_that_a_file_has_for_it(tmp_path: Path) -> None:
    nodes = [node("start", "start"), USE, node("say", "answer", answer="{{#use.text#}}")]
    (tmp_path / "test.yml").write_text(graph_file("advanced-chat", nodes, chain("start", "use", "say")))
    (tmp_path / "inner.yml").write_text(saying("Ding."))
    with serving(tmp_path, None, SETTINGS) as served:
        status, reply = served.call("POST", "/v1/chat-messages", {"query": "hi", "user": "u"})
    assert (status, reply["answer"]) == (200, '{"text": "Ding."}')
