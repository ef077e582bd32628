"""Providers were words (`openai`) and became paths (`langgenius/openai/openai`): the last part is the name.

Source: dsl.md 1.4. Does not know which providers there are.
"""

from parlour.dsl.yaml import Value


def provider_path(document: dict[str, Value]) -> dict[str, Value]:
    config = document.get("model_config")
    model = config.get("model") if isinstance(config, dict) else None
    provider = model.get("provider") if isinstance(model, dict) else None
    if not isinstance(config, dict) or not isinstance(model, dict) or not isinstance(provider, str):
        return document
    name = provider.rstrip("/").rpartition("/")[2]
    changed: dict[str, Value] = {**config, "model": {**model, "provider": name}}
    return {**document, "model_config": changed}
