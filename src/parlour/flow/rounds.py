"""What an iteration and a loop tell of themselves, in the place of a node's events (contract 4.3, 4.4.6).

Does not know when a round begins or why it is the last one.
"""

from collections.abc import Mapping
from typing import Literal

from parlour.domain.events import ContainerFinished, ContainerNext, ContainerStarted, ModelFinished
from parlour.domain.problems import Problem
from parlour.flow.node import Heard, NodeFailed, Result, Round, Scope
from parlour.flow.veil import veiled

NAMELESS = frozenset({"NoStart", "TooManySteps", "TooDeep", "HumanInputInContainer"})
"""Failures of the graph within, of which no node of it is told."""


class Tale:
    """One execution of a container."""

    def __init__(self, scope: Scope, kind: Literal["iteration", "loop"], inputs: dict[str, object]) -> None:
        self._scope = scope
        self._kind: Literal["iteration", "loop"] = kind
        self._began = scope.ports.now()
        self._tokens = 0
        self._began_round: dict[int, float] = {}
        self._took: dict[int, float] = {}
        """By round, in seconds."""
        scope.inputs = veiled(inputs, scope.course.hidden)

    def begins(self, index: int) -> Round:
        """The graph within is about to run for this round."""
        self._began_round[index] = self._scope.ports.now()
        return Round(self._kind, self._scope.node.id, index, self._scope.round)

    def ends(self, index: int) -> None:
        self._took[index] = self._scope.ports.now() - self._began_round.pop(index)

    def started(self, length: int) -> ContainerStarted:
        node = self._scope.node
        return ContainerStarted(
            kind=self._kind,
            id=node.id,
            node_id=node.id,
            node_type=node.type,
            title=node.title,
            created_at=int(self._began),
            length=length,
            inputs=self._scope.inputs or {},
        )

    def next(self, index: int, before: Mapping[str, object] | None = None) -> ContainerNext:
        """A round begins; `before` is what stood at the end of the last one."""
        node = self._scope.node
        return ContainerNext(
            kind=self._kind,
            id=node.id,
            node_id=node.id,
            node_type=node.type,
            title=node.title,
            index=index,
            created_at=int(self._scope.ports.now()),
            pre_loop_output=dict(before or {}),
        )

    def hear(self, heard: Heard) -> None:
        """What comes of the graph within: its models' tokens are the container's."""
        if isinstance(heard, ModelFinished):
            self._tokens += heard.usage.total_tokens

    def metadata(self) -> dict[str, object]:
        durations = {str(index): self._took[index] for index in sorted(self._took)}
        return {"total_tokens": self._tokens, f"{self._kind}_duration_map": durations}

    def succeeded(self, result: Result) -> ContainerFinished:
        return self._finished(result.outputs, None, result.metadata)

    def failed(self, problem: Problem) -> ContainerFinished:
        return self._finished(None, problem.message, self.metadata())

    def _finished(
        self, outputs: dict[str, object] | None, error: str | None, metadata: dict[str, object]
    ) -> ContainerFinished:
        node, now = self._scope.node, self._scope.ports.now()
        return ContainerFinished(
            kind=self._kind,
            id=node.id,
            node_id=node.id,
            node_type=node.type,
            title=node.title,
            created_at=int(self._began),
            status="succeeded" if error is None else "failed",
            elapsed_time=now - self._began,
            total_tokens=self._tokens,
            finished_at=int(now),
            steps=len(self._took),
            inputs=self._scope.inputs or {},
            outputs=outputs,
            error=error,
            execution_metadata=metadata,
            began=self._began,
        )


def named(problem: Problem, scope: Scope) -> Problem:
    """The failure of a graph within, with the container's name where no node has given its own."""
    if isinstance(problem, NodeFailed) and problem.kind in NAMELESS:
        return scope.failed(problem.message, problem.kind)
    return problem
