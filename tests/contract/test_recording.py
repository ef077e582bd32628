"""Nodes of runs: kept beside the runs, as much as the operator says, and let go with them."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from parlour.domain.events import NodeFinished, NodeOutcome
from parlour.domain.workflow_run import Level
from parlour.runs.recording import ASKED, Recorder
from parlour.runs.start import Limits
from tests.conformance.test_workflow_runs import an_outcome
from tests.contract.flow_samples import each, run, workflow_file
from tests.contract.requirements import requirement
from tests.contract.test_workflows import FAILS
from tests.houses import Build, Place, key_of, rules

pytestmark = pytest.mark.anyio


async def nodes_of(place: Place, run_id: str) -> tuple[NodeOutcome, ...]:
    """What is kept in the end."""
    await place.house.runs.close(0)
    return await place.storage.executions.of_run(run_id)


async def served(build: Build, level: Level, **plan: Any) -> tuple[Place, str]:
    """A house in which a workflow has run once."""
    place = await build(apps={"first": workflow_file()}, limits=Limits(record=level), **plan)
    done = await run(place.door, inputs={"word": "noon"})
    return place, done.json()["workflow_run_id"]


@requirement("record:level")
async def test_what_went_in_and_came_out_is_kept_where_the_operator_says_so(build: Build) -> None:
    place, run_id = await served(build, "full", models=rules({"say": ["It is {query}."]}))
    start, ask, end = await nodes_of(place, run_id)
    assert [node.node_id for node in (start, ask, end)] == ["start", "ask", "end"]
    assert ask.inputs == {"#start.word#": "noon"}
    assert ask.outputs is not None
    assert ask.outputs["text"] == "It is noon."
    assert ask.process_data is not None
    assert end.outputs == {"text": "It is noon."}


@requirement("record:level")
async def test_by_default_it_is_kept_how_each_node_went_and_nothing_of_what_was_said(build: Build) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    place, run_id = await served(build, Limits().record, models=rules({"say": ["secret"], "usage": usage}))
    kept = await nodes_of(place, run_id)
    assert [(node.node_type, node.status) for node in kept] == [
        ("start", "succeeded"),
        ("llm", "succeeded"),
        ("end", "succeeded"),
    ]
    assert (kept[1].execution_metadata or {})["total_tokens"] == 12
    assert not any(node.inputs or node.outputs or node.files for node in kept)
    assert {name for node in kept for name in node.process_data or ()} == ASKED
    assert "secret" not in str(kept)


@requirement("record:level")
async def test_nothing_is_kept_of_an_app_that_is_not_to_be_recorded(build: Build) -> None:
    limits = Limits(record="full", record_of={"first": "none"})
    place = await build(apps={"first": workflow_file()}, limits=limits)
    run_id = (await run(place.door, inputs={"word": "x"})).json()["workflow_run_id"]
    assert await nodes_of(place, run_id) == ()


@requirement("record:level")
async def test_the_node_that_failed_and_the_rounds_of_an_iteration_are_kept(build: Build) -> None:
    place = await build(apps={"first": workflow_file(), "each": each()}, models=rules(FAILS))
    run_id = (await run(place.door, inputs={"word": "x"})).json()["workflow_run_id"]
    async with place.door.chat(key=key_of("each")) as stream:
        begun, *_ = await stream.rest()
    failed = (await nodes_of(place, run_id))[-1]
    assert (failed.node_id, failed.status, failed.error) == ("ask", "failed", "[openai] broken")
    kept = await place.storage.executions.of_run(begun["workflow_run_id"])
    assert [(node.node_id, node.iteration_id) for node in kept] == [
        ("start", None),
        ("loud", "each"),
        ("loud", "each"),
        ("each", None),
        ("say", None),
    ]


@requirement("record:level")
async def test_they_go_with_their_conversation(build: Build) -> None:
    place = await build(apps={"first": each()})
    begun, *_ = (await place.door.streamed()).events
    run_id, conversation = begun["workflow_run_id"], begun["conversation_id"]
    assert await nodes_of(place, run_id)
    gone = await place.door.request("DELETE", f"/v1/conversations/{conversation}", json_body={"user": "ann"})
    assert gone.status == 204
    assert await place.storage.executions.of_run(run_id) == ()
    assert (await place.door.get(f"/v1/workflows/run/{run_id}")).status == 404


class Broken:
    """A store that cannot write the nodes of one run."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    async def add(self, run_id: str, outcomes: Sequence[NodeOutcome]) -> None:
        if run_id == "bad":
            raise OSError("the disk is full")
        self.kept[run_id] = len(outcomes)

    async def of_run(self, run_id: str) -> tuple[NodeOutcome, ...]:
        raise NotImplementedError


async def test_a_run_whose_nodes_cannot_be_written_down_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    store = Broken()
    recorder = Recorder(store)
    for run_id in ("one", "bad", "two"):
        recorder.note(run_id, [NodeFinished(an_outcome())], "meta")
    recorder.note("", [NodeFinished(an_outcome())], "meta")
    recorder.note("none", [NodeFinished(an_outcome())], "none")
    recorder.note("empty", [], "full")
    assert store.kept == {}, "nobody waits for it"
    with caplog.at_level(logging.ERROR):
        await recorder.settled()
    assert store.kept == {"one": 1, "two": 1}
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [OSError]
