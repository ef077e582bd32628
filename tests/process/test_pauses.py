"""Runs of flows and `kill -9`: what waits for somebody still does, what was in the middle goes on or is told failed."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.flow_samples import llm, start
from tests.contract.pausing import approval
from tests.dsl.graph_samples import chain, graph_file, node
from tests.process.conftest import KEY, Served, serving, until

pytestmark = pytest.mark.slow

ECHO = {"rules": [{"purpose": "title", "say": ["A title"]}, {"say": ["<{query}>"]}]}
HANGS = {"rules": [{"purpose": "title", "say": ["A title"]}, {"say": ["Par"], "hang": True}]}
DURABLE = "durable = true"


def killed(served: Served) -> None:
    served.child.kill()
    served.child.wait(20)


def message(served: Served, conversation: str) -> dict[str, Any]:
    _, page = served.call("GET", f"/v1/messages?user=u&conversation_id={conversation}")
    (found,) = page["data"]
    return found


def status(served: Served, run_id: str) -> str:
    return served.call("GET", f"/v1/workflows/run/{run_id}")[1]["status"]


def submit(served: Served, token: str) -> tuple[int, Any]:
    sent = {"inputs": {"note": "please"}, "action": "yes", "user": "u"}
    return served.call("POST", f"/v1/form/human_input/{token}", sent)


def followed(served: Served, run_id: str) -> list[str]:
    return [event["event"] for event in served.read(f"/v1/workflow/{run_id}/events?user=u")]


def test_a_run_that_waits_when_the_server_is_killed_goes_on_after_the_restart(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(approval())
    with serving(tmp_path, ECHO) as served:
        events = list(served.events("it"))
        assert events[-1]["event"] == "workflow_paused"
        killed(served)
    form, run_id = events[-2]["data"], events[0]["workflow_run_id"]
    with serving(tmp_path, ECHO) as served:
        assert status(served, run_id) == "paused"
        assert message(served, events[0]["conversation_id"])["status"] == "paused"
        shown = served.call("GET", f"/v1/form/human_input/{form['form_token']}")[1]
        assert shown["form_content"] == form["form_content"]
        assert submit(served, form["form_token"]) == (200, {})
        assert followed(served, run_id)[-2:] == ["message_end", "workflow_finished"]
        assert message(served, events[0]["conversation_id"])["answer"] == "One moment. Sent: <please>"
        assert submit(served, form["form_token"])[0] == 412


def test_a_form_whose_time_ran_out_while_the_server_was_down_takes_its_run_on(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(approval(timeout=0.0005, timeout_unit="hour"))
    with serving(tmp_path, ECHO) as served:
        events = list(served.events("it"))
        killed(served)
    with serving(tmp_path, ECHO) as served:
        until(lambda: status(served, events[0]["workflow_run_id"]) == "succeeded")
        assert message(served, events[0]["conversation_id"])["answer"] == "One moment. Nobody answered."


def five_nodes() -> str:
    """The fifth is a model's; something was said before it."""
    texts = [node(f"t{number}", "template-transform", template=f"{number}", variables=[]) for number in (1, 2)]
    nodes = [
        start(),
        *texts,
        node("first", "answer", answer="{{#t1.output#}}, {{#t2.output#}}, "),
        llm("llm", "{{#sys.query#}}"),
        node("last", "answer", answer="{{#llm.text#}}."),
    ]
    return graph_file("advanced-chat", nodes, chain("start", "t1", "t2", "first", "llm", "last"))


def cut_in_the_fifth_node(served: Served) -> dict[str, Any]:
    """The run's first event."""
    begun: dict[str, Any] = {}
    for event in served.events("three"):
        begun = begun or event
        if event.get("answer") == "Par":
            killed(served)
            return begun
    pytest.fail("the model said nothing")


def test_a_run_that_is_cut_off_in_its_fifth_node_is_told_failed(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(five_nodes())
    with serving(tmp_path, HANGS) as served:
        begun = cut_in_the_fifth_node(served)
    with serving(tmp_path, ECHO) as served:
        assert status(served, begun["workflow_run_id"]) == "failed"
        found = message(served, begun["conversation_id"])
        assert (found["status"], found["error"]) == ("error", "The server was stopped while this was being answered.")
        assert followed(served, begun["workflow_run_id"]) == ["workflow_finished"]


def test_a_durable_run_that_is_cut_off_in_its_fifth_node_goes_on_from_the_last_that_has_ended(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(five_nodes())
    with serving(tmp_path, HANGS, entry=DURABLE) as served:
        begun = cut_in_the_fifth_node(served)
    with serving(tmp_path, ECHO, entry=DURABLE) as served:
        until(lambda: status(served, begun["workflow_run_id"]) == "succeeded")
        found = message(served, begun["conversation_id"])
        assert (found["status"], found["answer"]) == ("normal", "1, 2, <three>.")
        events = list(served.read(f"/v1/workflow/{begun['workflow_run_id']}/events?user=u"))
        ran = [event["data"]["node_id"] for event in events if event["event"] == "node_started"]
        assert ran == ["llm", "last"], "none that had ended ran again"


def test_a_run_of_an_app_that_is_durable_no_more_is_told_failed(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(five_nodes())
    with serving(tmp_path, HANGS, entry=DURABLE) as served:
        begun = cut_in_the_fifth_node(served)
    with serving(tmp_path, ECHO) as served:
        until(lambda: status(served, begun["workflow_run_id"]) == "failed")
        found = message(served, begun["conversation_id"])
        assert (found["status"], found["answer"]) == ("error", "1, 2, ")
        assert served.key == KEY
