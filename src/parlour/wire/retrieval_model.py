"""How a dataset is searched, as requests say it and replies show it. Does not know how it is done."""

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from parlour.domain.dataset import Comparison, Condition, Filter, Method, ModelName, RetrievalSettings, Weights

Part = Annotated[float, Meta(ge=0, le=1)]
MOST = 1000

SPELT = {"!=": "≠", ">=": "≥", "<=": "≤"}
"""Comparisons that clients write in two ways."""
Spelt = Literal[Comparison, "!=", ">=", "<="]
WeightType = Literal["semantic_first", "keyword_first", "customized"]
WEIGHT_TYPES: dict[str, WeightType] = {word: word for word in get_args(WeightType)}


class RerankingModel(Struct, frozen=True):
    """A model that puts what was found in order; empty for none."""

    reranking_provider_name: str = ""
    reranking_model_name: str = ""


class VectorSetting(Struct, frozen=True):
    """How much the meaning counts."""

    vector_weight: Part = 0.7
    embedding_provider_name: str = ""
    embedding_model_name: str = ""


class KeywordSetting(Struct, frozen=True):
    """How much the words count."""

    keyword_weight: Part = 0.3


class WeightsBody(Struct, frozen=True):
    """What counts how much in a hybrid search."""

    weight_type: WeightType = "customized"
    vector_setting: VectorSetting = VectorSetting()
    keyword_setting: KeywordSetting = KeywordSetting()


class ConditionBody(Struct, frozen=True):
    """What the metadata of a document must be."""

    name: str
    comparison_operator: Spelt
    value: str | float | tuple[str, ...] | None = None


class Conditions(Struct, frozen=True):
    """Which documents are searched."""

    logical_operator: Literal["and", "or"] = "and"
    conditions: tuple[ConditionBody, ...] = ()


class RetrievalModel(Struct, frozen=True):
    """How to search."""

    search_method: Method = "semantic_search"
    reranking_enable: bool = False
    reranking_model: RerankingModel | None = None
    reranking_mode: Literal["reranking_model", "weighted_score"] | None = None
    top_k: Annotated[int, Meta(ge=1, le=MOST)] = 4
    score_threshold_enabled: bool = False
    score_threshold: Part | None = None
    weights: WeightsBody | None = None
    metadata_filtering_conditions: Conditions | None = None


class RetrievalModelDict(Struct, frozen=True):
    """How a dataset is searched."""

    search_method: str
    reranking_enable: bool
    reranking_mode: str | None
    reranking_model: RerankingModel
    weights: WeightsBody | None
    top_k: int
    score_threshold_enabled: bool
    score_threshold: float | None


def settings_of(said: RetrievalModel) -> RetrievalSettings:
    model = said.reranking_model or RerankingModel()
    return RetrievalSettings(
        method=said.search_method,
        top_k=said.top_k,
        threshold=(said.score_threshold or 0.0) if said.score_threshold_enabled else None,
        reranking=said.reranking_enable,
        mode=said.reranking_mode or "",
        reranker=ModelName(model.reranking_provider_name, model.reranking_model_name),
        weights=_weights(said.weights) if said.weights else None,
        filter=_filter(said.metadata_filtering_conditions or Conditions()),
    )


def shown(settings: RetrievalSettings) -> RetrievalModelDict:
    reranker = settings.reranker
    return RetrievalModelDict(
        search_method=settings.method,
        reranking_enable=settings.reranking,
        reranking_mode=settings.mode or None,
        reranking_model=RerankingModel(reranker.provider, reranker.name),
        weights=_shown_weights(settings.weights) if settings.weights else None,
        top_k=settings.top_k,
        score_threshold_enabled=settings.threshold is not None,
        score_threshold=settings.threshold,
    )


def _weights(said: WeightsBody) -> Weights:
    vector = said.vector_setting
    model = ModelName(vector.embedding_provider_name, vector.embedding_model_name)
    return Weights(vector.vector_weight, said.keyword_setting.keyword_weight, said.weight_type, model)


def _shown_weights(weights: Weights) -> WeightsBody:
    model = weights.embedding
    return WeightsBody(
        weight_type=WEIGHT_TYPES.get(weights.kind, "customized"),
        vector_setting=VectorSetting(weights.vector, model.provider, model.name),
        keyword_setting=KeywordSetting(weights.keyword),
    )


def _filter(said: Conditions) -> Filter:
    conditions = (
        Condition(one.name, SPELT.get(one.comparison_operator, one.comparison_operator), one.value)
        for one in said.conditions
    )
    return Filter(tuple(conditions), every=said.logical_operator == "and")
