"""What is wrong with a graph as a whole: where it begins, circles, what is within what (dsl.md 2.4).

Knows no kind of node from the inside: some words of the file, and the edges.
"""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from parlour.domain.app import FlowApp, WorkflowApp
from parlour.domain.graph import Graph, Node
from parlour.flow.node import Fault, Limits
from parlour.flow.plan import ROOTS

CONTAINERS = ("iteration", "loop")
BOTTOMLESS = 1_000_000_000
"""How deep it is within what is within itself."""
SHOWN = 5
"""Nodes of a circle that are named."""


def checks(app: FlowApp) -> Iterator[Fault]:
    """All of it, without what plans and selectors tell."""
    yield from _beginnings(app.graph)
    yield from _circles(app.graph)
    yield from _insides(app.graph)
    yield from _endings(app)


def _beginnings(graph: Graph) -> Iterator[Fault]:
    first, *others = [node for node in graph.nodes if node.type in ROOTS and not node.parent] or [None]
    if first is None and graph.nodes:
        yield Fault("refused", "", "the graph", "has no start node, and nothing of it can run: add one")
    for node in others:
        if node is not None and first is not None:
            advice = f"runs begin at `{first.title or first.id}`: this one, and what hangs from it alone, never runs"
            yield Fault("approximated", node.id, "", advice)


def _circles(graph: Graph) -> Iterator[Fault]:
    """A node of a circle waits for itself. One circle is told at a time."""
    sorter = TopologicalSorter[str]()
    for edge in graph.edges:
        sorter.add(edge.target, edge.source)
    try:
        sorter.prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        way = " → ".join(circle) if len(circle) <= SHOWN else f"{' → '.join(circle[:SHOWN])} → …"
        yield Fault("refused", circle[0], "", f"is part of a circle ({way}), and would wait for itself: cut it")


def _insides(graph: Graph) -> Iterator[Fault]:
    nodes = {node.id: node for node in graph.nodes}
    depths: dict[str, int] = {}
    deepest = Limits().depth
    for node in graph.nodes:
        if not node.parent:
            continue
        around = nodes.get(node.parent)
        if around is None:
            yield Fault("refused", node.id, "", f"is said to be within `{node.parent}`, and there is no such node")
        elif around.type not in CONTAINERS:
            yield Fault(
                "refused", node.id, "", f"is within `{around.title or around.id}`, which is no iteration or loop"
            )
        elif node.type == "human-input":
            yield Fault("refused", node.id, "", "nobody can be asked within an iteration or a loop: ask before it")
        elif _depth(node, nodes, depths) > deepest and node.type in CONTAINERS:
            yield Fault("refused", node.id, "", f"is within more than {deepest - 1} others, or within itself")


def _depth(node: Node, nodes: dict[str, Node], depths: dict[str, int]) -> int:
    """How many levels there are down to what is within this node. Each node is looked at once."""
    way: list[str] = []
    at: Node | None = node
    while at is not None and at.id not in depths:
        depths[at.id] = BOTTOMLESS
        way.append(at.id)
        at = nodes.get(at.parent)
    depth = 0 if at is None else depths[at.id]
    for id_ in reversed(way):
        depth += 1
        depths[id_] = depth
    return depth


def _endings(app: FlowApp) -> Iterator[Fault]:
    odd, instead = ("answer", "end") if isinstance(app, WorkflowApp) else ("end", "answer")
    kind = "a workflow" if isinstance(app, WorkflowApp) else "a chatflow"
    for node in app.graph.nodes:
        if node.type == odd:
            yield Fault("approximated", node.id, "", f"what {kind} gives comes of its {instead} nodes, not of this one")
