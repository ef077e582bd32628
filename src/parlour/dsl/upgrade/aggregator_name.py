"""Until DSL 0.1.0 a variable-aggregator was called `variable-assigner`: no assigner of today (dsl.md 6.12, 10.3).

Does not know what either of them does.
"""

from parlour.dsl.upgrade.nodes import Data, each_node


def aggregator_name(document: Data) -> Data:
    return each_node(document, _renamed, "variable-assigner")


def _renamed(data: Data) -> Data:
    return {**data, "type": "variable-aggregator"} if isinstance(data.get("variables"), list) else data
