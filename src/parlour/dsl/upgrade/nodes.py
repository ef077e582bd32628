"""The data of nodes, changed one by one. Does not know what is changed, nor why."""

from collections.abc import Callable

from parlour.dsl.yaml import Value

Data = dict[str, Value]


def each_node(document: Data, change: Callable[[Data], Data], *types: str) -> Data:
    """The document with the data of every node (of these types) changed. Their order stays: it tells their lines."""

    def changed(node: Value) -> Value:
        data = node.get("data") if isinstance(node, dict) else None
        if not isinstance(node, dict) or not isinstance(data, dict) or (types and data.get("type") not in types):
            return node
        return {**node, "data": change(data)}

    return each(document, "nodes", changed)


def each(document: Data, key: str, change: Callable[[Value], Value]) -> Data:
    """The document with every entry of `workflow.graph.nodes` (or `edges`) changed."""
    workflow = document.get("workflow")
    graph = workflow.get("graph") if isinstance(workflow, dict) else None
    entries = graph.get(key) if isinstance(graph, dict) else None
    if not isinstance(workflow, dict) or not isinstance(graph, dict) or not isinstance(entries, list):
        return document
    changed = [change(entry) for entry in entries]
    return {**document, "workflow": {**workflow, "graph": {**graph, key: changed}}}


def entries(document: Data, key: str) -> list[Data]:
    """The mappings among the entries of `workflow.graph.nodes` (or `edges`)."""
    found: list[Data] = []

    def noted(entry: Value) -> Value:
        if isinstance(entry, dict):
            found.append(entry)
        return entry

    each(document, key, noted)
    return found


def each_of(data: Data, key: str, change: Callable[[Data], Data]) -> Data:
    """The data with every mapping of the list under a key changed."""
    entries = data.get(key)
    if not isinstance(entries, list):
        return data
    return {**data, key: [change(entry) if isinstance(entry, dict) else entry for entry in entries]}
