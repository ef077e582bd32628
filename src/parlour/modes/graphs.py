"""What of a graph does not run, for those who load apps. Knows no file: where a node stands, others know."""

from collections.abc import Iterator

from parlour.domain.app import FlowApp
from parlour.domain.graph import Node
from parlour.flow import plan
from parlour.flow.checks import checks
from parlour.flow.node import Fault, Used
from parlour.flow.nodes import NODES
from parlour.flow.selectors import lost

__all__ = ["Fault", "Used", "faults", "told", "used"]


def told(app: FlowApp) -> Iterator[Node]:
    """The nodes that its author has put there, without those that a container brings along."""
    return (node for node in app.graph.nodes if not ((kind := NODES.get(node.type)) and kind.hidden))


def used(node: Node) -> tuple[Used, ...]:
    """The tools that a node uses; none, where it cannot run."""
    step = plan.step(node)
    return tuple(step.kind.uses(step.config)) if step.kind and step.kind.uses and step.config is not None else ()


def faults(app: FlowApp) -> tuple[Fault, ...]:
    """All that does not run, or not quite as it is written."""
    return (*plan.faults(app.graph), *checks(app), *lost(app))
