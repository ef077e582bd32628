"""Which of the two assigners it is tells `version`, or, where that is missing, its members (dsl.md 6.13, 10.3).

Does not know what either of them writes.
"""

from parlour.dsl.upgrade.nodes import Data, each_node


def assigner_version(document: Data) -> Data:
    return each_node(document, _versioned, "assigner")


def _versioned(data: Data) -> Data:
    if data.get("version"):
        return data
    if data.get("assigned_variable_selector"):
        return {**data, "version": "1"}
    return {**data, "version": "2"} if isinstance(data.get("items"), list) else data
