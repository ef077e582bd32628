"""The models that datasets can be given, as clients see them. Does not know how one is asked."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from parlour.domain.dataset import ModelName
from parlour.domain.problems import InvalidParam
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.tenants import account

TYPES = ("text-embedding", "rerank", "llm", "tts", "speech2text", "moderation")


class Labels(Struct):
    """The same in every language."""

    en_US: str  # noqa: N815 -- as the contract has it
    zh_Hans: str  # noqa: N815


class Properties(Struct):
    """What is known of a model; nothing here."""

    context_size: int | None = None


class ModelBody(Struct):
    """A model."""

    model: str
    label: Labels
    model_type: str
    features: tuple[str, ...] | None
    fetch_from: str
    model_properties: Properties
    status: str
    deprecated: bool
    load_balancing_enabled: bool
    has_invalid_load_balancing_configs: bool


class ProviderBody(Struct):
    """A provider with its models."""

    provider: str
    label: Labels
    icon_small: Labels
    status: str
    models: tuple[ModelBody, ...]
    tenant_id: str
    icon_small_dark: Labels | None


class ModelsBody(Struct):
    """By provider."""

    data: Annotated[tuple[ProviderBody, ...], Meta(description="Only those that are known by name.")]


OPERATIONS = (
    Operation(
        method="get",
        path="/v1/workspaces/current/models/model-types/{model_type}",
        id="listModels",
        summary="List the models that a dataset can be given",
        tag="Datasets",
        knowledge=True,
        words={"model_type": TYPES},
        response=ModelsBody,
    ),
)


def check_type(given: str) -> None:
    """Raises: InvalidParam."""
    if given not in TYPES:
        raise InvalidParam(f"model_type: must be one of {', '.join(TYPES)}.", params="model_type")


def several(models: Sequence[ModelName], kind: str, tenant: str) -> bytes:
    by_provider: dict[str, list[ModelBody]] = {}
    for one in models:
        by_provider.setdefault(one.provider, []).append(_model(one.name, kind))
    return encode(
        ModelsBody(tuple(_provider(name, tuple(known), account(tenant)) for name, known in by_provider.items()))
    )


def _provider(name: str, models: tuple[ModelBody, ...], tenant_id: str) -> ProviderBody:
    return ProviderBody(name, Labels(name, name), Labels("", ""), "active", models, tenant_id, None)


def _model(name: str, kind: str) -> ModelBody:
    return ModelBody(
        model=name,
        label=Labels(name, name),
        model_type=kind,
        features=None,
        fetch_from="customizable-model",
        model_properties=Properties(),
        status="active",
        deprecated=False,
        load_balancing_enabled=False,
        has_invalid_load_balancing_configs=False,
    )
