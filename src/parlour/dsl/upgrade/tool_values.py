"""What a tool is given says how it is to be read: `{type: mixed, value: …}`; older files leave it out (dsl.md 10.12).

Does not know any tool. A text may hold references; anything else is what it is.
"""

from parlour.dsl.upgrade.nodes import Data, each_node
from parlour.dsl.yaml import Value


def tool_values(document: Data) -> Data:
    return each_node(document, _typed, "tool")


def _typed(data: Data) -> Data:
    """Settings were values as they are, whatever stands in their texts."""
    for key, of_text in (("tool_parameters", "mixed"), ("tool_configurations", "constant")):
        values = data.get(key)
        if isinstance(values, dict):
            data = {**data, key: {name: _value(value, of_text) for name, value in values.items()}}
    return data


def _value(value: Value, of_text: str) -> Value:
    if not isinstance(value, dict) or not ({"type", "value"} & value.keys()):
        return value if value is None else {"type": of_text if isinstance(value, str) else "constant", "value": value}
    if value.get("type"):
        return value
    written = value.get("value")
    kind = "variable" if isinstance(written, list) else of_text if isinstance(written, str) else "constant"
    return {**value, "type": kind}
