"""The datasets of an easy app, and how they are searched (dsl.md 7). Does not know which datasets are here."""

from typing import cast

from parlour.domain.app import Lookup, Model
from parlour.domain.dataset import Condition, Filter, ModelName, RetrievalSettings, Weights
from parlour.dsl.part import Part
from parlour.dsl.yaml import Value

USUAL = 4
"""Passages."""


def lookup(config: Part) -> Lookup | None:
    """What the app looks up; None where it has no dataset."""
    configs = config.part("dataset_configs")
    names = [
        *_enabled(configs.part("datasets"), "datasets"),
        *_enabled(config.part("agent_mode"), "tools"),  # where the oldest files have them
    ]
    if not names:
        return None
    filtering = configs.text("metadata_filtering_mode") or "disabled"
    return Lookup(
        datasets=tuple(dict.fromkeys(names)),
        multiple=configs.text("retrieval_model") == "multiple",
        settings=_settings(configs),
        filtering="manual" if filtering == "manual" else "automatic" if filtering == "automatic" else "disabled",
        filterer=_model(configs.part("metadata_model_config")),
        query_variable=config.text("dataset_query_variable"),
    )


def _enabled(part: Part, key: str) -> list[str]:
    found: list[str] = []
    for entry in part.parts(key):
        if "dataset" in entry.value and (dataset := entry.part("dataset")).flag("enabled"):
            name = dataset.text("id")
            entry.supported(f"dataset {name}", "dataset")
            found.append(name)
    return [name for name in found if name]


def _settings(configs: Part) -> RetrievalSettings:
    reranker, weights = configs.part("reranking_model"), configs.part("weights")
    vector, keyword = weights.part("vector_setting"), weights.part("keyword_setting")
    usual, threshold = Weights(), configs.number("score_threshold", 0.0)
    return RetrievalSettings(
        top_k=configs.whole("top_k", USUAL),
        threshold=threshold if configs.flag("score_threshold_enabled") else None,
        reranking=configs.flag("reranking_enable", default=configs.flag("reranking_enabled", default=True)),
        mode="weighted_score" if configs.text("reranking_mode") == "weighted_score" else "reranking_model",
        reranker=ModelName(
            reranker.text("reranking_provider_name") or reranker.text("provider"),
            reranker.text("reranking_model_name") or reranker.text("model"),
        ),
        weights=Weights(vector.number("vector_weight", usual.vector), keyword.number("keyword_weight", usual.keyword)),
        filter=_filter(configs.part("metadata_filtering_conditions")),
    )


def _filter(said: Part) -> Filter:
    conditions = tuple(
        Condition(one.text("name"), one.text("comparison_operator"), _value(one.value.get("value")))
        for one in said.parts("conditions")
    )
    return Filter(conditions, every=said.text("logical_operator") != "or")


def _value(written: Value) -> str | float | tuple[str, ...] | None:
    if isinstance(written, list):
        return tuple(str(item) for item in cast("list[object]", written))
    if isinstance(written, int | float) and not isinstance(written, bool):
        return float(written)
    return written if isinstance(written, str) else None


def _model(part: Part) -> Model | None:
    provider, name = part.text("provider"), part.text("name")
    if not provider or not name:
        return None
    return Model(provider, name, parameters=dict(part.part("completion_params").value))
