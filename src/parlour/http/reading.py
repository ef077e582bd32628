"""A source, read: the app, or why it is not served, with what its nodes cannot do among the reasons.

Knows no route and no file. `check`, `serve`, `apps publish` and the catalogue read apps here, and so alike.
"""

from collections.abc import Iterator
from typing import cast

from msgspec import structs

from parlour.domain.app import App, ChatflowApp, FlowApp, WorkflowApp
from parlour.domain.graph import Node
from parlour.dsl.findings import Finding, Refused, finding
from parlour.dsl.load import Loaded, load
from parlour.modes.graphs import Fault, faults, told


def understood(source: str, name: str, *, partial: bool = False) -> App:
    """The app of this content. Partial: even if some of its graph cannot run; a run that gets there fails.

    Raises:
        Refused: the content is not understood, or holds what is not served.
    """
    loaded = load(source, name=name)
    found = findings(loaded)
    if not partial and any(one.level == "refused" for one in found):
        raise Refused(found)
    return loaded.app


def report(source: str, name: str) -> tuple[Finding, ...]:
    """Every part of a file, supported, approximated or refused, by line. Never raises."""
    try:
        return findings(load(source, name=name))
    except Refused as refused:
        return refused.findings


def findings(loaded: Loaded) -> tuple[Finding, ...]:
    """What there is to say of the file and, of a graph, of each of its nodes."""
    app = loaded.app
    if not isinstance(app, ChatflowApp | WorkflowApp):
        return loaded.findings
    return tuple(sorted((*loaded.findings, *_of_nodes(app, loaded)), key=lambda one: one.line))


def _of_nodes(app: FlowApp, loaded: Loaded) -> Iterator[Finding]:
    nodes = {node.id: node for node in app.graph.nodes}
    found = faults(app)
    faulty = {fault.node_id for fault in found}
    for node in told(app):
        if node.id not in faulty:
            yield finding("supported", title(node), loaded.line(node.id))
    for fault in found:
        yield _finding(fault, nodes.get(fault.node_id), loaded)


def _finding(fault: Fault, node: Node | None, loaded: Loaded) -> Finding:
    what = ": ".join(part for part in (title(node) if node else "", fault.what) if part)
    said = finding(fault.level, what, loaded.line(fault.node_id, *fault.keys), fault.advice)
    return structs.replace(said, partial=fault.level == "refused")


def title(node: Node) -> str:
    """A node as its author knows it, with the model or the tool that it uses."""
    model = node.data.get("model")
    used = cast("dict[str, object]", model) if isinstance(model, dict) else node.data
    names = [used.get(key) for key in (("provider", "name") if used is model else ("provider_name", "tool_name"))]
    uses = f" ({'/'.join(map(str, names))})" if all(names) else ""
    return f"{node.type} `{node.title.strip() or node.id}`{uses}"
