"""The nodes of a chatflow or workflow and the ways between them (dsl.md 2.2, 2.3).

Does not know which kinds of nodes are served, nor what stands in their data. What is wrong with one node or one edge
leaves it out and refuses the file, unless the operator takes the app without it.
"""

from collections.abc import Iterator

from parlour.domain.graph import Edge, Graph, Node
from parlour.dsl.part import Part

STRUCTURAL = {"", "group"}
"""Types of what stands on the canvas only: notes, and frames around nodes."""
CANVAS = "custom"
"""How the words for the look of a node begin (`custom`, `custom-note`, …)."""

Parts = dict[str, Part]
"""Each node as it is written, by its id."""


def graph(written: Part) -> tuple[Graph, Parts]:
    """Everything under `workflow.graph` that runs."""
    nodes: dict[str, Node] = {}
    parts: Parts = {}
    for part in written.parts("nodes"):
        node = _node(part)
        if node is None:
            continue
        if node.id in nodes:
            part.lacking(f"node `{node.id}`", "has the id of an earlier node, and is left out: give it its own", "id")
            continue
        nodes[node.id] = node
        parts[node.id] = part
    if not nodes:
        written.lacking("graph", "has no nodes: a flow has at least a start node", "nodes")
    return Graph(tuple(nodes.values()), tuple(_edges(written, nodes))), parts


def _node(part: Part) -> Node | None:
    """One node; None for a note, and, with a finding, for what cannot be told from others."""
    data, canvas = part.part("data"), part.text("type")
    kind = data.text("type")
    if canvas == f"{CANVAS}-note" or (kind in STRUCTURAL and "type" in data.value) or canvas == "group":
        return None
    id_ = part.text("id")
    if not id_:
        part.lacking(f"a node `{data.text('title') or kind}`", "has no `id`, and is left out")
        return None
    if not kind and canvas and not canvas.startswith(CANVAS):
        kind = canvas
        part.approximated(f"node `{id_}`", f"has its type beside its `data` and not in it: is read as {kind}", "type")
    if not kind:
        part.lacking(f"node `{id_}`", "has no `data.type`, and is left out")
        return None
    return Node(id_, kind, data.text("title"), {**data.value}, _parent(part, data))


def _parent(part: Part, data: Part) -> str:
    """The iteration or loop around a node, as its data says; the canvas may know more, where there are two."""
    named = [name for key in ("iteration_id", "loop_id") if (name := data.text(key))]
    canvas = part.text("parentId")
    return canvas if not named or canvas in named else named[0]


def _edges(written: Part, nodes: dict[str, Node]) -> Iterator[Edge]:
    for part in written.parts("edges"):
        source, target = part.text("source"), part.text("target")
        if not source or not target:
            part.approximated("an edge", "has no `source` or no `target`, and is ignored")
            continue
        name = f"edge from `{source}` to `{target}`"
        if lost := next((end for end in (source, target) if end not in nodes), ""):
            part.lacking(name, f"there is no node `{lost}`: delete the edge, or the node that it is to be")
        elif nodes[source].parent != nodes[target].parent:
            part.lacking(name, "crosses the border of an iteration or loop, and is never taken: delete it")
        else:
            yield Edge(source, target, part.text("sourceHandle"))
