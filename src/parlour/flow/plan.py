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
from parlour.flow.unfit import misshapen, unknown

ROOTS = ("start", "trigger-webhook", "trigger-schedule", "trigger-plugin")
MOST_RETRIES = 10
LONGEST_PAUSE = 5.0
DEEPEST = 50
"""Levels that are looked at: no run goes as deep (`Limits.depth`)."""


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
    return _level(_Tree(graph), "", 0)


def faults(graph: Graph) -> Iterator[Fault]:
    """All of the nodes that does not run as it is written."""
    for node in graph.nodes:
        one = step(node)
        if one.fault is not None:
            yield one.fault
        elif one.kind is not None and one.kind.check is not None:
            yield from one.kind.check(one.config, node)


class _Tree:
    """The nodes and edges of a graph by the level that they are on, looked through once."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = {node.id: node for node in graph.nodes}
        self.on: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            self.on.setdefault(node.parent, []).append(node)
        self.edges: dict[str, list[Edge]] = {}
        for edge in graph.edges:
            source, target = self.nodes.get(edge.source), self.nodes.get(edge.target)
            if source is not None and target is not None and source.parent == target.parent:
                self.edges.setdefault(source.parent, []).append(edge)


def _level(tree: _Tree, parent: str, depth: int) -> Plan:
    steps = {node.id: step(node) for node in tree.on.get(parent, ())}
    edges = tuple(tree.edges.get(parent, ()))
    within = [id_ for id_, one in steps.items() if one.kind is not None and one.kind.container]
    inner = {id_: _level(tree, id_, depth + 1) for id_ in within} if depth < DEEPEST else {}
    return Plan(steps, edges, _root(tree, parent, steps, edges), _script(tree, steps, edges), inner)


def step(node: Node) -> Step:
    kind, config, fault = NODES.get(node.type), None, None
    strategy = Strategy()
    try:
        strategy = _strategy(node.data)
        if kind is None:
            fault = unknown(node, NODES)
        else:
            config = msgspec.convert(node.data, kind.config, strict=False)
    except msgspec.ValidationError as error:
        fault = misshapen(node, error)
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


def _root(tree: _Tree, parent: str, steps: Mapping[str, Step], edges: Iterable[Edge]) -> str:
    """Where a level begins; empty if nowhere (dsl.md 2.4, 6.14)."""
    if not parent:
        return next((id_ for id_, one in steps.items() if one.node.type in ROOTS), "")
    named = tree.nodes[parent].data.get("start_node_id")
    if isinstance(named, str) and named in steps:
        return named
    targets = {edge.target for edge in edges}
    marked = [id_ for id_, one in steps.items() if one.node.data.get("isIterationStart") is True]
    return next(iter([*marked, *(id_ for id_ in steps if id_ not in targets)]), "")


def _script(tree: _Tree, steps: Mapping[str, Step], edges: tuple[Edge, ...]) -> Script:
    parts: dict[str, tuple[Part, ...]] = {}
    writers: dict[str, frozenset[tuple[str, ...]]] = {}
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
    return Script(parts, edges, frozenset(deciding), writers, dict(_belonging(tree, steps)))


def _belonging(tree: _Tree, steps: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each node at or below a level, and the node of the level that it is, or is in."""
    for top in steps:
        waiting, seen = [top], set[str]()
        while waiting:
            id_ = waiting.pop()
            if id_ not in seen:
                seen.add(id_)
                yield id_, top
                waiting += [node.id for node in tree.on.get(id_, ())]
