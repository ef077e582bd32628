"""A graph made ready to run: each node's config read, each container's graph by itself. Knows no run.

What does not run is a `Fault`: `check` reports it, and a run that gets there fails with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from parlour.domain.graph import Edge, Graph, Node
from parlour.flow.node import Fault, Kind, Part
from parlour.flow.nodes import NODES
from parlour.flow.speech import Script

ROOTS = ("start", "trigger-webhook", "trigger-schedule", "trigger-plugin")
MOST_RETRIES = 10
LONGEST_PAUSE = 5.0


class Strategy(Struct, frozen=True):
    """What is done about a failure (dsl.md 4.2)."""

    retries: int = 0
    pause: float = 0.0
    """Seconds between two attempts."""
    on_failure: str = ""
    """`fail-branch`, `default-value`, or nothing."""
    defaults: dict[str, object] = {}


class Step(Struct, frozen=True):
    """A node that can run, or the fault for which it cannot."""

    node: Node
    kind: Kind | None
    config: Any
    strategy: Strategy
    fault: Fault | None = None

    @property
    def branches(self) -> bool:
        return self.strategy.on_failure == "fail-branch" or (self.kind is not None and self.kind.branches)


class Plan(Struct, frozen=True, eq=False):
    """One level of a graph."""

    steps: Mapping[str, Step]
    edges: tuple[Edge, ...]
    root: str
    script: Script
    inner: Mapping[str, "Plan"]
    """The graph within each container, by the container's id."""


@lru_cache(maxsize=512)
def plan(graph: Graph) -> Plan:
    """The same for the same graph, made once."""
    return _level(graph, "")


def faults(graph: Graph) -> tuple[Fault, ...]:
    """All that does not run as it is written."""
    return tuple(_faults(plan(graph)))


def _faults(level: Plan) -> Iterator[Fault]:
    for step in level.steps.values():
        if step.fault is not None:
            yield step.fault
        elif step.kind is not None and step.kind.check is not None:
            yield from step.kind.check(step.config, step.node)
    for inner in level.inner.values():
        yield from _faults(inner)


def _level(graph: Graph, parent: str) -> Plan:
    steps = {node.id: step(node) for node in graph.nodes if node.parent == parent}
    edges = tuple(edge for edge in graph.edges if edge.source in steps and edge.target in steps)
    inner = {id_: _level(graph, id_) for id_, one in steps.items() if one.kind is not None and one.kind.container}
    return Plan(steps, edges, _root(graph, parent, steps, edges), _script(graph, steps, edges), inner)


def step(node: Node) -> Step:
    kind, config, fault = NODES.get(node.type), None, None
    strategy = Strategy()
    try:
        strategy = _strategy(node.data)
        if kind is None:
            fault = Fault("refused", node.id, f"node type {node.type}", "is not served")
        else:
            config = msgspec.convert(node.data, kind.config, strict=False)
    except msgspec.ValidationError as error:
        fault = Fault("refused", node.id, f"{node.type} {node.title}", str(error))
    return Step(node, kind, config, strategy, fault)


class _Retry(Struct, frozen=True):
    retry_enabled: bool = False
    max_retries: int = 0
    retry_interval: float = 0


class _Default(Struct, frozen=True):
    key: str
    type: str = "string"
    value: object = None


class _Handling(Struct, frozen=True):
    error_strategy: str | None = None
    default_value: list[_Default] | None = None
    retry_config: _Retry | None = None


def _strategy(data: dict[str, object]) -> Strategy:
    """
    Raises:
        msgspec.ValidationError: a default does not have the type that it says.
    """
    said = msgspec.convert(data, _Handling, strict=False)
    retry = said.retry_config or _Retry()
    return Strategy(
        retries=min(retry.max_retries, MOST_RETRIES) if retry.retry_enabled else 0,
        pause=min(retry.retry_interval / 1000, LONGEST_PAUSE),
        on_failure=said.error_strategy or "",
        defaults={default.key: _default(default) for default in said.default_value or ()},
    )


def _default(said: _Default) -> object:
    """Text that stands for another type is read as JSON (dsl.md 4.2)."""
    if said.type == "string" or not isinstance(said.value, str):
        return said.value
    try:
        return float(said.value) if said.type == "number" else msgspec.json.decode(said.value)
    except ValueError as error:
        raise msgspec.ValidationError(f"default value of {said.key}: {said.value!r} is no {said.type}") from error


def _root(graph: Graph, parent: str, steps: Mapping[str, Step], edges: Iterable[Edge]) -> str:
    """Where a level begins; empty if nowhere (dsl.md 2.4, 6.14)."""
    if not parent:
        return next((id_ for id_, one in steps.items() if one.node.type in ROOTS), "")
    named = next((node.data.get("start_node_id") for node in graph.nodes if node.id == parent), None)
    if isinstance(named, str) and named in steps:
        return named
    targets = {edge.target for edge in edges}
    marked = [id_ for id_, one in steps.items() if one.node.data.get("isIterationStart") is True]
    return next(iter([*marked, *(id_ for id_ in steps if id_ not in targets)]), "")


def _script(graph: Graph, steps: Mapping[str, Step], edges: tuple[Edge, ...]) -> Script:
    parts: dict[str, tuple[Part, ...]] = {}
    writers: dict[str, frozenset[str]] = {}
    deciding: set[str] = set()
    for id_, one in steps.items():
        if one.kind is None or one.config is None:
            continue
        if one.kind.speaks is not None:
            parts[id_] = one.kind.speaks(one.config, id_)
        if one.kind.writes is not None:
            writers[id_] = one.kind.writes(one.config)
        if one.branches or one.kind.container or one.kind.speaks is not None:
            deciding.add(id_)
    return Script(parts, edges, frozenset(deciding), writers, dict(_belonging(graph, steps)))


def _belonging(graph: Graph, steps: Mapping[str, Step]) -> Iterator[tuple[str, str]]:
    """Each node at or below a level, and the node of the level that it is, or is in."""
    parents = {node.id: node.parent for node in graph.nodes}
    for id_ in parents:
        at: str | None = id_
        seen: set[str] = set()
        while at and at not in steps and at not in seen:
            seen.add(at)
            at = parents.get(at)
        if at and at in steps:
            yield id_, at
