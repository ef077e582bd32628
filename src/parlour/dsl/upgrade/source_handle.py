"""An edge that does not say by which way it leaves takes the usual one, which had another name (dsl.md 2.3, 10.13).

Does not know which ways a node has.
"""

from parlour.dsl.upgrade.nodes import Data, each
from parlour.dsl.yaml import Value


def source_handle(document: Data) -> Data:
    return each(document, "edges", _handled)


def _handled(edge: Value) -> Value:
    if isinstance(edge, dict) and edge.get("sourceHandle") in (None, "", "success-branch"):
        return {**edge, "sourceHandle": "source"}
    return edge
