"""Until DSL 0.1.0 an iteration had no start node: it began at its first real node (dsl.md 6.14, 10.4).

Does not know how a container runs. A loop that does not say where it begins is read likewise.
"""

from parlour.dsl.upgrade.nodes import Data, each, entries
from parlour.dsl.yaml import Value

CONTAINERS = ("iteration", "loop")


def container_start(document: Data) -> Data:
    """Write down where each container begins, if it does not say so."""
    within: dict[Value, list[Data]] = {}
    for node in entries(document, "nodes"):
        data = _data(node)
        parent = data.get("iteration_id") or data.get("loop_id") or node.get("parentId")
        if isinstance(parent, str | int):
            within.setdefault(parent, []).append(node)
    targets = [edge.get("target") for edge in entries(document, "edges")]
    led_to = {target for target in targets if isinstance(target, str | int)}

    def begun(node: Value) -> Value:
        data = _data(node)
        if not isinstance(node, dict) or data.get("type") not in CONTAINERS:
            return node
        id_ = node.get("id")
        inner = within.get(id_, []) if isinstance(id_, str | int) else []
        if not inner or data.get("start_node_id") in [child.get("id") for child in inner]:
            return node
        first = min(inner, key=lambda child: _rank(child, led_to))
        return {**node, "data": {**data, "start_node_id": first.get("id")}}

    return each(document, "nodes", begun)


def _data(node: Value) -> Data:
    data = node.get("data") if isinstance(node, dict) else None
    return data if isinstance(data, dict) else {}


def _rank(child: Data, led_to: set[str | int]) -> int:
    """A start node, else the one that an old file has marked, else one that no edge leads to."""
    data, id_ = _data(child), child.get("id")
    if data.get("type") in [f"{container}-start" for container in CONTAINERS]:
        return 0
    if data.get("isIterationStart") is True:
        return 1
    return 3 if isinstance(id_, str | int) and id_ in led_to else 2
