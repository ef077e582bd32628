"""Which nodes may run next: pure decisions over a graph's edges. Knows no node's inside, no clock and no task.

The rule (dsl.md 4.1): a node is ready when each edge into it is taken or skipped, and one of them is taken; when all
are skipped it is skipped, and so are the edges out of it. Each node is decided once.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from parlour.domain.graph import Edge

State = Literal["taken", "skipped"]


class Decided(Struct):
    """What is decided so far; a run that is laid aside is taken up again from it."""

    states: dict[int, State] = {}
    """By the edge's place in the graph."""
    skipped: set[str] = set()
    begun: set[str] = set()
    """Nodes that were ready: none is twice, even where a circle leads back to it."""


class Frontier:
    """Tell it what finished; it tells what is ready, in the order of the edges."""

    def __init__(self, nodes: Iterable[str], edges: Sequence[Edge], decided: Decided | None = None) -> None:
        self.decided = decided or Decided()
        known = set(nodes)
        self._edges = [edge for edge in edges if edge.source in known and edge.target in known]
        self._out: dict[str, list[int]] = {node: [] for node in known}
        self._into: dict[str, list[int]] = {node: [] for node in known}
        for number, edge in enumerate(self._edges):
            self._out[edge.source].append(number)
            self._into[edge.target].append(number)

    @property
    def skipped(self) -> set[str]:
        """Nodes that will never run."""
        return self.decided.skipped

    def start(self, root: str) -> list[str]:
        """Begin at one root: the others, and what hangs from them alone, are skipped."""
        ready: list[str] = [root]
        self.decided.begun.add(root)
        for node, into in self._into.items():
            if not into and node != root:
                self._skip(node, ready)
        return ready

    def finish(self, node: str, handle: str | None = None) -> list[str]:
        """A node has ended, and is left by one way (`handle`), or by all. The nodes that are ready now."""
        ready: list[str] = []
        taken = [n for n in self._out[node] if handle is None or self._edges[n].handle == handle]
        for number in self._out[node]:
            self.decided.states[number] = "taken" if number in taken else "skipped"
        for number in self._out[node]:
            self._look_at(self._edges[number].target, ready)
        return ready

    def _look_at(self, node: str, ready: list[str]) -> None:
        states = self._states(node)
        if None in states or node in self.decided.begun or node in self.skipped:
            return
        if "taken" in states:
            self._begin(node, ready)
        else:
            self._skip(node, ready)

    def _states(self, node: str) -> list[State | None]:
        return [self.decided.states.get(number) for number in self._into[node]]

    def _begin(self, node: str, ready: list[str]) -> None:
        self.decided.begun.add(node)
        ready.append(node)

    def _skip(self, node: str, ready: list[str]) -> None:
        """Without recursion: a chain may be as long as the graph."""
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current in self.skipped:
                continue
            self.skipped.add(current)
            for number in self._out[current]:
                self.decided.states[number] = "skipped"
            for number in self._out[current]:
                target = self._edges[number].target
                states = self._states(target)
                if None in states or target in self.skipped or target in self.decided.begun:
                    continue
                if "taken" in states:
                    self._begin(target, ready)
                else:
                    waiting.append(target)
