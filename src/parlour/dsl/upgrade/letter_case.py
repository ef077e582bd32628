"""Types of outputs are written in any letter case (`Array[String]`; dsl.md 10.11). Does not know what they do."""

from parlour.dsl.upgrade.nodes import Data, each_node, each_of

KEYS = ("value_type", "output_type")


def letter_case(document: Data) -> Data:
    document = each_node(document, lambda data: each_of(data, "outputs", _lower), "end")
    return each_node(document, _aggregator, "variable-aggregator")


def _aggregator(data: Data) -> Data:
    data = _lower(data)
    settings = data.get("advanced_settings")
    return {**data, "advanced_settings": each_of(settings, "groups", _lower)} if isinstance(settings, dict) else data


def _lower(data: Data) -> Data:
    return data | {key: value.lower() for key in KEYS if isinstance(value := data.get(key), str)}
