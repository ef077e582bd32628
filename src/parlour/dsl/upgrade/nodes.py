"""The data of nodes, changed one by one. Does not know what is changed, nor why."""

from collections.abc import Callable

from parlour.dsl.yaml import Value

Data = dict[str, Value]


def each_node(document: Data, change: Callable[[Data], Data]) -> Data:
    """The document with the data of every node changed: nodes stay in their order, which tells their lines."""
    workflow = document.get("workflow")
    graph = workflow.get("graph") if isinstance(workflow, dict) else None
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    if not isinstance(workflow, dict) or not isinstance(graph, dict) or not isinstance(nodes, list):
        return document
    changed = [_changed(node, change) for node in nodes]
    return {**document, "workflow": {**workflow, "graph": {**graph, "nodes": changed}}}


def _changed(node: Value, change: Callable[[Data], Data]) -> Value:
    data = node.get("data") if isinstance(node, dict) else None
    return {**node, "data": change(data)} if isinstance(node, dict) and isinstance(data, dict) else node
