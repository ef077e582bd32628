"""What a model had said when it failed: taken back if it was heard, forgotten if it was kept (dsl.md 4.2, 4.4)."""

from typing import Any

import pytest

from parlour.domain.events import Retracted, TextDelta
from parlour.domain.graph import Graph, Node
from parlour.domain.record import Record
from tests.flow.flow_samples import Played, graph, node, play, ports_for
from tests.flow.model_samples import MODEL
from tests.houses import rules

pytestmark = pytest.mark.anyio

FAILS = {"once": True, "say": ["P", "ar"], "error": {"message": "broken", "after": 2}}
SAYS = {"say": ["Hel", "lo"]}
RETRY: dict[str, Any] = {"retry_enabled": True, "max_retries": 1, "retry_interval": 0}
DEFAULT: dict[str, Any] = {
    "error_strategy": "default-value",
    "default_value": [{"key": "text", "type": "string", "value": "None."}],
}


def llm(id_: str = "llm", parent: str = "", **data: Any) -> Node:
    asked: dict[str, Any] = {"model": MODEL, "prompt_template": [{"role": "user", "text": "go"}], "retry_config": RETRY}
    return node(id_, "llm", parent, **{**asked, **data})


async def played(flow: Graph, *script: dict[str, Any]) -> tuple[Played, str]:
    """How it went, and what a client has heard in the end."""
    async with ports_for(rules(*script)) as ports:
        run = await play(flow, ports=ports)
    record = Record()
    for item in run.said:
        if isinstance(item, TextDelta | Retracted):
            record.add(item)
    return run, record.answer


def taken_back(run: Played) -> list[int]:
    return [item.characters for item in run.said if isinstance(item, Retracted)]


async def test_what_was_heard_of_a_failed_attempt_is_taken_back_and_nothing_else() -> None:
    nodes = [node("start", "start"), llm(), node("a", "answer", answer="So: {{#llm.text#}}.")]
    run, heard = await played(graph(nodes, "start llm", "llm a"), FAILS, SAYS)

    assert taken_back(run) == [3]
    assert heard == run.result.answer == "So: Hello."


async def test_what_was_kept_for_later_of_a_failed_attempt_is_forgotten() -> None:
    both = node("a", "answer", answer="{{#other.text#}}, {{#llm.text#}}")
    nodes = [node("start", "start"), llm("other"), llm(), both]
    run, heard = await played(graph(nodes, "start llm", "llm other", "other a"), FAILS, SAYS)

    assert taken_back(run) == []
    assert heard == run.result.answer == "Hello, Hello"


async def test_a_default_is_said_in_the_place_of_what_was_heard() -> None:
    nodes = [node("start", "start"), llm(**DEFAULT, retry_config=None), node("a", "answer", answer="{{#llm.text#}}")]
    run, heard = await played(graph(nodes, "start llm", "llm a"), FAILS)

    assert taken_back(run) == [3]
    assert heard == run.result.answer == "None."


async def test_within_a_loop_only_the_round_that_failed_is_taken_back() -> None:
    nodes = [
        node("start", "start"),
        node("loop", "loop", loop_count=2),
        node("in", "loop-start", "loop"),
        llm("llm", "loop"),
        node("say", "answer", "loop", answer="[{{#llm.text#}}]"),
    ]
    run, heard = await played(graph(nodes, "start loop", "in llm", "llm say"), {**SAYS, "once": True}, FAILS, SAYS)

    assert taken_back(run) == [3]
    assert heard == run.result.answer == "[Hello][Hello]"


async def test_an_answer_around_a_loop_takes_back_what_it_said_of_a_node_within() -> None:
    nodes = [
        node("start", "start"),
        node("loop", "loop", loop_count=1),
        node("in", "loop-start", "loop"),
        llm("llm", "loop"),
        node("beside", "template-transform", template="x"),
        node("say", "answer", answer="{{#llm.text#}}"),
    ]
    run, heard = await played(graph(nodes, "start loop", "in llm", "start beside", "beside say"), FAILS, SAYS)

    assert taken_back(run) == [3]
    assert heard == "Hello"
