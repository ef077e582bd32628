"""An if-else had one case, its conditions beside it; and a case may be named by `id` alone (dsl.md 6.7, 10.2).

Does not know how conditions are tested.
"""

from parlour.dsl.upgrade.nodes import Data, each_node, each_of
from parlour.dsl.yaml import Value


def cases(document: Data) -> Data:
    return each_node(document, _cases, "if-else")


def _cases(data: Data) -> Data:
    if not data.get("cases") and isinstance(data.get("conditions"), list):
        only: Value = {
            "case_id": "true",
            "logical_operator": data.get("logical_operator") or "and",
            "conditions": data["conditions"],
        }
        return {**data, "cases": [only]}
    return each_of(data, "cases", _named)


def _named(case: Data) -> Data:
    return case if case.get("case_id") or not case.get("id") else {**case, "case_id": case["id"]}
