"""Providers were words (`openai`) and became paths (`langgenius/openai/openai`): the last part is the name.

Source: dsl.md 1.4. Does not know which providers there are.
"""

from parlour.dsl.upgrade.nodes import Data, each_node
from parlour.dsl.yaml import Value

MODELS = (
    "model",
    "metadata_model_config",
    "single_retrieval_config",
    "multiple_retrieval_config",
    "reranking_model",
    "suggested_questions_after_answer",
)
"""What holds a model within a node or among features, or holds what does."""


def provider_path(document: Data) -> Data:
    config = document.get("model_config")
    if isinstance(config, dict):
        document = {**document, "model_config": _named(config)}
    flow = document.get("workflow")
    if isinstance(flow, dict) and isinstance(features := flow.get("features"), dict):
        document = {**document, "workflow": {**flow, "features": _named(features)}}
    return each_node(document, _of_node)


def _of_node(data: Data) -> Data:
    """An agent has its model among its parameters: `{type: constant, value: {provider, …}}`."""
    parameters = data.get("agent_parameters")
    model = parameters.get("model") if isinstance(parameters, dict) else None
    if isinstance(parameters, dict) and isinstance(model, dict) and "value" in model:
        model = {**model, "value": _short(model["value"])}
        data = {**data, "agent_parameters": {**parameters, "model": model}}
    return _named(data)


def _named(around: Data) -> Data:
    return around | {key: _short(around[key]) for key in MODELS if key in around}


def _short(model: Value) -> Value:
    if not isinstance(model, dict):
        return model
    provider = model.get("provider")
    model = _named(model)
    return {**model, "provider": provider.rstrip("/").rpartition("/")[2]} if isinstance(provider, str) else model
