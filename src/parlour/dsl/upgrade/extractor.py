"""Words of older and of hand-made parameter-extractors (dsl.md 6.16, 10.10). Does not know how they extract."""

from parlour.dsl.upgrade.nodes import Data, each_node, each_of


def extractor(document: Data) -> Data:
    return each_node(document, _newer, "parameter-extractor")


def _newer(data: Data) -> Data:
    data = each_of(data, "parameters", _typed)
    if not data.get("reasoning_mode"):
        data = {**data, "reasoning_mode": "function_call"}
    if not data.get("query") and data.get("query_variable_selector"):
        data = {**data, "query": data["query_variable_selector"]}
    return data


def _typed(parameter: Data) -> Data:
    """A `select` stays one: it is the word of today for a text with its options."""
    return {**parameter, "type": "boolean"} if parameter.get("type") == "bool" else parameter
