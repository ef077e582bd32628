"""Graphs for properties, with the way by which each node is left, and a hunt for bugs that were planted."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from parlour.domain.graph import Edge

HANDLES = ("source", "true", "false")
ORDERS: st.SearchStrategy[Random] = st.randoms(use_true_random=False)
"""Which of several nodes ends next."""


class Branching(Struct, frozen=True):
    """Has no circle, and begins at its first node. What runs is told by the rule alone (dsl.md 4.1), backwards."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    handles: Mapping[str, str | None]
    """By which way each node is left; None is every way."""

    def taken(self, edge: Edge) -> bool:
        handle = self.handles[edge.source]
        return self.runs(edge.source) and handle in {None, edge.handle}

    def runs(self, name: str) -> bool:
        """It is the first one, or an edge into it is taken."""
        return name == self.nodes[0] or any(self.taken(edge) for edge in self.edges if edge.target == name)

    def before(self, name: str) -> set[str]:
        """All nodes from which a way leads to it."""
        found: set[str] = set()
        for edge in self.edges:
            if edge.target == name:
                found |= {edge.source} | self.before(edge.source)
        return found


@st.composite
def branchings(draw: st.DrawFn, most: int = 8) -> Branching:
    nodes = tuple(f"n{number}" for number in range(draw(st.integers(1, most))))
    pairs = [(a, b) for at, b in enumerate(nodes) for a in nodes[:at]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=14)) if pairs else []
    edges = [Edge(a, b, draw(st.sampled_from(HANDLES))) for a, b in chosen]
    return Branching(nodes, tuple(edges), {name: draw(st.sampled_from((None, *HANDLES))) for name in nodes})


@st.composite
def connected(draw: st.DrawFn, most: int = 8) -> Branching:
    """With a way to each node, if all are taken; each is left by some way, and all ways meet in the last one."""
    nodes = tuple(f"n{number}" for number in range(draw(st.integers(3, most))))
    edges: list[Edge] = []
    for at, name in enumerate(nodes[1:], 1):
        near = st.sampled_from(nodes[max(0, at - 3) : at])
        sources = draw(st.sets(near, min_size=1, max_size=2))
        edges += [Edge(source, name, draw(st.sampled_from(HANDLES[1:]))) for source in sorted(sources)]
    edges += [Edge(name, "last") for name in nodes if name not in {edge.source for edge in edges}]
    handles: dict[str, str | None] = {"last": None}
    for name in nodes:
        own = {edge.handle for edge in edges if edge.source == name} - {"source"}
        handles[name] = draw(st.sampled_from((None, *sorted(own))))
    return Branching((*nodes, "last"), tuple(edges), handles)


def caught(holds: Callable[..., None], *made: st.SearchStrategy[Any], examples: int = 500) -> bool:
    """Whether a case is found for which a property does not hold: with a bug planted, it must be."""

    @settings(
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=examples,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
    )
    @given(st.tuples(*made))
    def tried(case: tuple[Any, ...]) -> None:
        holds(*case)

    try:
        tried()
    except (AssertionError, RuntimeError):  # that an engine breaks is found, too
        return True
    return False
