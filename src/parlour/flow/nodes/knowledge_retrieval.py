"""Datasets are asked what they know (dsl.md 6.5). Knows no dataset from the inside, and no store."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import cast

from msgspec import Struct

from parlour.domain.app import Lookup, Model
from parlour.domain.dataset import Condition, Filter, ModelName, RetrievalSettings, Weights
from parlour.domain.events import ModelCalled, ModelFinished
from parlour.domain.graph import Node
from parlour.domain.passages import Hit
from parlour.domain.problems import Problem
from parlour.domain.usage import total
from parlour.flow import template
from parlour.flow.asking import ModelChoice, Reply, heard, metadata, model_of
from parlour.flow.node import Fault, Result, Say, Scope
from parlour.flow.pool import MISSING, Pool
from parlour.llm.citing import told
from parlour.llm.lookup import look_up
from parlour.ports.models import Call

KIND = "KnowledgeRetrievalError"


class Reranker(Struct, frozen=True):
    provider: str | None = None
    model: str | None = None


class VectorSetting(Struct, frozen=True):
    vector_weight: float | None = None
    embedding_provider_name: str | None = None
    embedding_model_name: str | None = None


class KeywordSetting(Struct, frozen=True):
    keyword_weight: float | None = None


class WeightsOf(Struct, frozen=True):
    vector_setting: VectorSetting | None = None
    keyword_setting: KeywordSetting | None = None


class Multiple(Struct, frozen=True):
    top_k: int | None = None
    score_threshold: float | None = None
    reranking_enable: bool | None = True
    reranking_mode: str | None = None
    reranking_model: Reranker | None = None
    weights: WeightsOf | None = None


class Single(Struct, frozen=True):
    model: ModelChoice | None = None


class ConditionOf(Struct, frozen=True):
    name: str
    comparison_operator: str
    value: object = None


class Conditions(Struct, frozen=True):
    logical_operator: str | None = "and"
    conditions: tuple[ConditionOf, ...] | None = None


class Config(Struct, frozen=True):
    query_variable_selector: tuple[str, ...] | None = None
    query_attachment_selector: tuple[str, ...] | None = None
    dataset_ids: tuple[str, ...] | None = None
    retrieval_mode: str | None = "multiple"
    multiple_retrieval_config: Multiple | None = None
    single_retrieval_config: Single | None = None
    metadata_filtering_mode: str | None = "disabled"
    metadata_model_config: ModelChoice | None = None
    metadata_filtering_conditions: Conditions | None = None


def check(config: Config, node: Node) -> Iterable[Fault]:
    if not config.dataset_ids:
        yield Fault("approximated", node.id, "", "names no dataset: it finds nothing", ("dataset_ids",))
    if config.query_attachment_selector:
        advice = "pictures are not looked up, the text alone is"
        yield Fault("approximated", node.id, "query_attachment_selector", advice, ("query_attachment_selector",))


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    if not config.query_variable_selector:
        scope.inputs = {}
        yield Result({} if not config.query_attachment_selector else {"result": []})
        return
    query = scope.value(config.query_variable_selector)
    if query is MISSING or not isinstance(query, str):
        scope.inputs = {"query": None if query is MISSING else query}
        raise scope.failed("Query variable is not string type.", KIND)
    scope.inputs = {"query": query}
    spoken: list[ModelCalled | ModelFinished] = []

    async def ask(call: Call) -> str:
        reply = Reply()
        async with aclosing(heard(call, reply, scope)) as events:
            async for event in events:
                spoken.append(event)  # noqa: PERF401 -- one by one: it may fail in the middle
        return reply.text

    hits, failed = (), None
    try:
        hits = await look_up(lookup(config, scope), query, None, scope.ports.knowledge, ask)
    except Problem as problem:
        failed = problem
    for event in spoken:
        yield event
    if failed is not None:
        raise scope.failed(failed.message, KIND) from failed
    spent = [event.usage for event in spoken if isinstance(event, ModelFinished)]
    outputs: dict[str, object] = {"result": [found(hit, position) for position, hit in enumerate(hits, 1)]}
    yield Result(outputs, metadata=metadata(total(spent)) if spent else {}, kinds={"result": "array[object]"})


def lookup(config: Config, scope: Scope) -> Lookup:
    """What is to be looked up, with the values of this run.

    Raises:
        NodeFailed: a model is to choose, and none is named.
    """
    multiple, mode = config.retrieval_mode != "single", config.metadata_filtering_mode or "disabled"
    router: Model | None = None
    if not multiple and len(config.dataset_ids or ()) > 1:
        router = model_of((config.single_retrieval_config or Single()).model or ModelChoice(), scope)
    filterer = model_of(config.metadata_model_config or ModelChoice(), scope) if mode == "automatic" else None
    return Lookup(
        datasets=config.dataset_ids or (),
        multiple=multiple,
        settings=settings(config.multiple_retrieval_config or Multiple(), wanted(config, scope.pool)),
        filtering="manual" if mode == "manual" else "automatic" if mode == "automatic" else "disabled",
        router=router,
        filterer=filterer,
    )


def settings(said: Multiple, documents: Filter) -> RetrievalSettings:
    reranker, weights = said.reranking_model or Reranker(), said.weights or WeightsOf()
    vector, keyword = weights.vector_setting or VectorSetting(), weights.keyword_setting or KeywordSetting()
    usual = Weights()
    return RetrievalSettings(
        top_k=4 if said.top_k is None else said.top_k,
        threshold=said.score_threshold,
        reranking=said.reranking_enable is not False,
        mode="weighted_score" if said.reranking_mode == "weighted_score" else "reranking_model",
        reranker=ModelName(reranker.provider or "", reranker.model or ""),
        weights=Weights(
            usual.vector if vector.vector_weight is None else vector.vector_weight,
            usual.keyword if keyword.keyword_weight is None else keyword.keyword_weight,
        ),
        filter=documents,
    )


def wanted(config: Config, pool: Pool) -> Filter:
    """The conditions on metadata, with what they refer to filled in."""
    said = config.metadata_filtering_conditions or Conditions()
    conditions = [Condition(one.name, one.comparison_operator, value(one.value, pool)) for one in said.conditions or ()]
    return Filter(tuple(conditions), every=said.logical_operator != "or")


def value(written: object, pool: Pool) -> str | float | tuple[str, ...] | None:
    if isinstance(written, list | tuple):
        items = cast("list[object]", written)
        return tuple(template.fill(item, pool) if isinstance(item, str) else str(item) for item in items)
    if isinstance(written, str):
        return template.fill(written, pool)
    return float(written) if isinstance(written, int | float) else None


def found(hit: Hit, position: int) -> dict[str, object]:
    """A passage as the nodes behind this one see it."""
    document, segment = hit.document, hit.segment
    own: dict[str, object] = {
        "child_chunks": [
            {"id": one.chunk.id, "content": one.chunk.content, "position": one.chunk.position, "score": one.score}
            for one in hit.children
        ],
        "segment_hit_count": segment.hit_count,
        "segment_word_count": segment.words,
        "segment_position": segment.position,
        "segment_index_node_hash": segment.digest,
    }
    about: dict[str, object] = {
        "_source": "knowledge",
        "position": position,
        "dataset_id": hit.dataset_id,
        "dataset_name": hit.dataset_name,
        "document_id": document.id,
        "document_name": document.name,
        "data_source_type": "external" if hit.external else "upload_file",
        **({} if hit.external else {"segment_id": segment.id}),
        "retriever_from": "workflow",
        "score": hit.score,
        **({} if hit.external else own),
        "doc_metadata": dict(document.metadata),
    }
    said: dict[str, object] = {"metadata": about, "title": document.name, "files": [], "content": told(hit)}
    return said | ({"summary": segment.summary} if segment.summary else {})
