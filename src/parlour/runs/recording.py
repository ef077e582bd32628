"""What the nodes of a run did, written down beside the runs: none of them waits for it. Knows no store and no wire.

How much is kept, the operator says: `meta` is which nodes ran, when, how they ended and what they took; `full` is what
went into them and came out as well.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from typing import cast

from msgspec import structs

from parlour.domain.events import AnyEvent, ContainerFinished, NodeFinished, NodeOutcome
from parlour.domain.values import json_form
from parlour.domain.workflow_run import Level
from parlour.ports.workflows import Executions

log = logging.getLogger(__name__)

ASKED = frozenset({"model_provider", "model_name", "usage", "finish_reason"})
"""What of the work of a node tells which model was asked, and what that took."""

PAUSE = 0.25
"""Seconds to gather runs before their nodes are written down, so that many cost one write."""


class Recorder:
    """Nodes of runs that have ended, kept soon after."""

    def __init__(self, executions: Executions, pause: float = PAUSE) -> None:
        self._executions = executions
        self._pause = pause
        self._waiting: list[tuple[str, tuple[NodeOutcome, ...]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()

    def note(self, run_id: str, events: Iterable[AnyEvent], level: Level) -> None:
        """Write down what of these events tells of nodes. Returns at once."""
        if level == "none" or not run_id:
            return
        outcomes = tuple(kept(outcome, level) for outcome in outcomes_of(events))
        if outcomes:
            self._waiting.append((run_id, outcomes))
        if self._waiting and self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="nodes of runs")

    async def settled(self) -> None:
        """Until all that was noted is written down; without a pause from now on."""
        self._hurried.set()
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._rest()
                some, self._waiting = self._waiting, []
                written = (self._executions.add(run_id, outcomes) for run_id, outcomes in some)
                for failed in await asyncio.gather(*written, return_exceptions=True):
                    if isinstance(failed, Exception):
                        log.error("nodes of a run could not be written down", exc_info=failed)
        finally:
            self._writing = None

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._pause):
                await self._hurried.wait()
        except TimeoutError:
            pass


def outcomes_of(events: Iterable[AnyEvent]) -> Iterator[NodeOutcome]:
    """The nodes in the order of their end; an iteration or a loop is one of them."""
    for event in events:
        if isinstance(event, NodeFinished):
            yield event.outcome
        elif isinstance(event, ContainerFinished):
            yield container(event)


def container(event: ContainerFinished) -> NodeOutcome:
    """An iteration or a loop, as a node like others."""
    return NodeOutcome(
        id=event.id,
        node_id=event.node_id,
        node_type=event.node_type,
        title=event.title,
        index=0,
        created_at=event.created_at,
        status=event.status,
        elapsed_time=event.elapsed_time,
        finished_at=event.finished_at,
        inputs=event.inputs,
        outputs=event.outputs,
        error=event.error,
        execution_metadata=event.execution_metadata,
        began=event.began,
    )


def kept(outcome: NodeOutcome, level: Level) -> NodeOutcome:
    """As much of it as is to be kept."""
    if level != "full":
        process = {name: value for name, value in (outcome.process_data or {}).items() if name in ASKED} or None
        costs = unsaid(outcome.execution_metadata)
        return structs.replace(
            outcome, inputs=None, process_data=process, outputs=None, execution_metadata=costs, files=()
        )
    return structs.replace(
        outcome,
        inputs=values(outcome.inputs),
        process_data=values(outcome.process_data),
        outputs=values(outcome.outputs),
    )


def unsaid(costs: dict[str, object] | None) -> dict[str, object] | None:
    """Without what the log of an agent holds of its words and its tools'."""
    if costs is None or not isinstance(lines := costs.get("agent_log"), list):
        return costs
    return {**costs, "agent_log": [{**line, "data": {}} for line in cast("list[dict[str, object]]", lines)]}


def values(given: dict[str, object] | None) -> dict[str, object] | None:
    return None if given is None else cast("dict[str, object]", json_form(given))
