"""What a node with a model leaves out, or leaves null, it does without (dsl.md 6.4, 10.8, 10.9).

Does not know what a prompt is. A prompt's own shape (a list, or one text) tells whether it is of a chat.
"""

from parlour.dsl.upgrade.nodes import Data, each_node, each_of
from parlour.dsl.yaml import Value

OLD_SWITCH, SWITCH = "structured_output_switch_on", "structured_output_enabled"


def model_nodes(document: Data) -> Data:
    document = each_node(document, _llm, "llm")
    return each_node(document, _seeing, "llm", "question-classifier", "parameter-extractor")


def _llm(data: Data) -> Data:
    missing: Data = {"context": {"enabled": False}, "prompt_config": {}, "prompt_template": []}
    data = data | {key: value for key, value in missing.items() if data.get(key) is None}
    data = each_of(data, "prompt_template", _worded)
    if data.get(SWITCH) is None and OLD_SWITCH in data:
        data = {**data, SWITCH: data[OLD_SWITCH]}
    return data


def _worded(message: Data) -> Data:
    return {**message, "text": ""} if message.get("text") is None else message


def _seeing(data: Data) -> Data:
    vision: Value = data.get("vision")
    if vision is None:
        return {**data, "vision": {"enabled": False}}
    if isinstance(vision, dict) and "configs" in vision and vision["configs"] is None:
        return {**data, "vision": {key: value for key, value in vision.items() if key != "configs"}}
    return data
