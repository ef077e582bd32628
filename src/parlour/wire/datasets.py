"""Datasets: what is asked of them and what they look like. Does not know whether one is there, nor what it holds.

As the published description of the Service API has them; what this server has none of (members, pipelines, icons) is
null or empty.
"""

from functools import partial
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from parlour.domain.dataset import (
    Counts,
    Dataset,
    DatasetQuery,
    External,
    MetadataField,
    ModelName,
    Tag,
    Technique,
)
from parlour.domain.problems import InvalidParam
from parlour.wire.bodies import Seconds
from parlour.wire.encode import encode
from parlour.wire.members import fitted, fitted_query
from parlour.wire.operation import Operation
from parlour.wire.queries import PageNumber
from parlour.wire.retrieval_model import RetrievalModel, RetrievalModelDict, settings_of, shown
from parlour.wire.tags import TagOfDataset
from parlour.wire.tenants import account

MOST = 100

Name = Annotated[str, Meta(min_length=1, max_length=40)]
Description = Annotated[str, Meta(max_length=400)]
Permission = Literal["only_me", "all_team_members", "partial_members"]
PageLimit = Annotated[int, Meta(ge=1, description="How many to send; never more than 100.")]


class SummarySetting(Struct):
    """How passages are to be summed up; kept, and not used here."""

    enable: bool = False
    model_name: str = ""
    model_provider_name: str = ""
    summary_prompt: str = ""


class DatasetRequest(Struct, kw_only=True):
    """A dataset to be made."""

    name: Name
    description: Description = ""
    indexing_technique: Technique | None = None
    permission: Permission = "only_me"
    provider: Literal["vendor", "external"] = "vendor"
    embedding_model: str = ""
    embedding_model_provider: str = ""
    retrieval_model: RetrievalModel | None = None
    external_knowledge_api_id: str = ""
    external_knowledge_id: str = ""
    summary_index_setting: SummarySetting | None = None


class Member(Struct):
    """Somebody who may see it."""

    user_id: str


class ExternalRetrieval(Struct):
    """How knowledge of somebody else's is searched."""

    top_k: int = 4
    score_threshold: float = 0.0
    score_threshold_enabled: bool = False


class DatasetChange(Struct):
    """What is to be otherwise; all that is not there stays."""

    name: Name | None = None
    description: Description | None = None
    indexing_technique: Technique | None = None
    permission: Permission | None = None
    embedding_model: str | None = None
    embedding_model_provider: str | None = None
    retrieval_model: RetrievalModel | None = None
    partial_member_list: tuple[Member | str, ...] | None = None
    external_retrieval_model: ExternalRetrieval | None = None
    external_knowledge_id: str | None = None
    external_knowledge_api_id: str | None = None


class DatasetsQuery(Struct, frozen=True):
    """A page of the datasets."""

    page: PageNumber = 1
    limit: PageLimit = 20
    keyword: Annotated[str, Meta(description="Only those with this in their name, in whatever case.")] = ""
    include_all: Annotated[bool, Meta(description="All are shown, whatever is said here.")] = False
    tag_ids: Annotated[tuple[str, ...], Meta(description="Only those with one of these tags.")] = ()


class ExternalInfo(Struct):
    """Where the knowledge really is."""

    external_knowledge_id: str
    external_knowledge_api_id: str
    external_knowledge_api_name: str = ""
    external_knowledge_api_endpoint: str = ""


class FieldOfDataset(Struct):
    """Something that can be said of each document."""

    id: str
    name: str
    type: str


class IconInfo(Struct):
    """No dataset has one here."""

    icon_type: str
    icon: str
    icon_background: str
    icon_url: str


class DatasetBody(Struct, kw_only=True):
    """A dataset."""

    id: str
    name: str
    description: str
    provider: str
    permission: str
    data_source_type: str | None
    indexing_technique: str | None
    app_count: int = 0
    document_count: int
    word_count: int
    created_by: str
    author_name: str
    created_at: Seconds
    updated_by: str
    updated_at: Seconds
    embedding_model: str | None
    embedding_model_provider: str | None
    embedding_available: bool
    retrieval_model_dict: RetrievalModelDict
    summary_index_setting: SummarySetting | None
    tags: tuple[TagOfDataset, ...]
    doc_form: str
    external_knowledge_info: ExternalInfo | None
    external_retrieval_model: ExternalRetrieval | None
    doc_metadata: tuple[FieldOfDataset, ...]
    built_in_field_enabled: bool
    pipeline_id: str | None = None
    runtime_mode: str | None = None
    chunk_structure: str | None = None
    icon_info: IconInfo | None = None
    is_published: bool = False
    total_documents: int
    total_available_documents: int
    enable_api: bool = True
    is_multimodal: bool = False
    maintainer: str | None = None
    partial_member_list: tuple[str, ...] | UnsetType = UNSET


class DatasetsBody(Struct):
    """Newest first; `total` counts all that were searched for."""

    data: tuple[DatasetBody, ...]
    has_more: bool
    limit: int
    total: int
    page: int


_operation = partial(Operation, tag="Datasets", knowledge=True)
OPERATIONS = (
    _operation(
        method="post",
        path="/v1/datasets",
        id="createDataset",
        summary="Make an empty dataset",
        request=DatasetRequest,
        response=DatasetBody,
    ),
    _operation(
        method="get",
        path="/v1/datasets",
        id="listDatasets",
        summary="List the datasets",
        query=DatasetsQuery,
        response=DatasetsBody,
    ),
    _operation(
        method="get",
        path="/v1/datasets/{dataset_id}",
        id="getDataset",
        summary="Look at a dataset",
        response=DatasetBody,
    ),
    _operation(
        method="patch",
        path="/v1/datasets/{dataset_id}",
        id="updateDataset",
        summary="Change a dataset",
        request=DatasetChange,
        response=DatasetBody,
    ),
    _operation(
        method="delete",
        path="/v1/datasets/{dataset_id}",
        id="deleteDataset",
        summary="Delete a dataset with all that is in it",
    ),
)


class Known(Struct, frozen=True):
    """A dataset with what is known around it."""

    dataset: Dataset
    counts: Counts = Counts()
    tags: tuple[Tag, ...] = ()
    fields: tuple[MetadataField, ...] = ()
    available: bool = True
    """Whether its embedding model can be asked."""


def parse_list(raw: bytes) -> DatasetsQuery:
    """Raises: InvalidParam, naming the parameter. A limit that is too large is cut."""
    found = fitted_query(raw, DatasetsQuery, "tag_ids")
    return structs.replace(found, limit=min(found.limit, MOST))


def query_of(asked: DatasetsQuery) -> DatasetQuery:
    return DatasetQuery(keyword=asked.keyword, tags=asked.tag_ids)


def made(said: DatasetRequest, dataset_id: str, tenant: str, now: float) -> Dataset:
    """Raises: InvalidParam, for knowledge of somebody else's that is not named."""
    external = None
    if said.provider == "external":
        for name in ("external_knowledge_id", "external_knowledge_api_id"):
            if not getattr(said, name):
                raise InvalidParam(f"{name}: is required where provider is external.", params=name)
        external = External(said.external_knowledge_id, said.external_knowledge_api_id)
    empty = Dataset(dataset_id, tenant, said.name, now)
    return structs.replace(
        empty,
        description=said.description,
        permission=said.permission,
        technique=said.indexing_technique,
        embedding=ModelName(said.embedding_model_provider, said.embedding_model),
        retrieval=settings_of(said.retrieval_model) if said.retrieval_model else empty.retrieval,
        external=external,
        updated_at=now,
        summary=structs.asdict(said.summary_index_setting) if said.summary_index_setting else None,
    )


def changed(dataset: Dataset, said: DatasetChange, now: float) -> Dataset:
    model = dataset.embedding
    return structs.replace(
        dataset,
        name=said.name or dataset.name,
        description=dataset.description if said.description is None else said.description,
        technique=said.indexing_technique or dataset.technique,
        permission=said.permission or dataset.permission,
        embedding=ModelName(
            model.provider if said.embedding_model_provider is None else said.embedding_model_provider,
            model.name if said.embedding_model is None else said.embedding_model,
        ),
        retrieval=settings_of(said.retrieval_model) if said.retrieval_model else dataset.retrieval,
        members=dataset.members
        if said.partial_member_list is None
        else tuple(one if isinstance(one, str) else one.user_id for one in said.partial_member_list),
        external=_external(dataset.external, said) if dataset.external else None,
        updated_at=now,
    )


def _external(known: External, said: DatasetChange) -> External:
    search = said.external_retrieval_model
    return External(
        said.external_knowledge_id or known.knowledge_id,
        said.external_knowledge_api_id or known.api_id,
        search.top_k if search else known.top_k,
        (search.score_threshold if search.score_threshold_enabled else None) if search else known.threshold,
    )


def one(known: Known, *, members: bool = False) -> bytes:
    """`members`: show whom it is shared with, whatever its permission."""
    body = _body(known)
    if members or known.dataset.permission == "partial_members":
        body.partial_member_list = known.dataset.members
    return encode(body)


def page(found: tuple[Known, ...], total: int, asked: DatasetsQuery) -> bytes:
    return encode(
        DatasetsBody(
            data=tuple(_body(known) for known in found),
            has_more=asked.page * asked.limit < total,
            limit=asked.limit,
            total=total,
            page=asked.page,
        )
    )


def _body(known: Known) -> DatasetBody:
    dataset, counts, made_by = known.dataset, known.counts, account(known.dataset.tenant)
    external = dataset.external
    return DatasetBody(
        id=dataset.id,
        name=dataset.name,
        description=dataset.description,
        provider="external" if external else "vendor",
        permission=dataset.permission,
        data_source_type="upload_file" if counts.documents else None,
        indexing_technique=dataset.technique,
        document_count=counts.documents,
        word_count=counts.words,
        created_by=made_by,
        author_name=dataset.tenant,
        created_at=int(dataset.created_at),
        updated_by=made_by,
        updated_at=int(dataset.updated_at),
        embedding_model=dataset.embedding.name or None,
        embedding_model_provider=dataset.embedding.provider or None,
        embedding_available=known.available,
        retrieval_model_dict=shown(dataset.retrieval),
        summary_index_setting=fitted(dataset.summary, SummarySetting) if dataset.summary else None,
        tags=tuple(TagOfDataset(tag.id, tag.name) for tag in known.tags),
        doc_form=dataset.form or "text_model",
        external_knowledge_info=ExternalInfo(external.knowledge_id, external.api_id) if external else None,
        external_retrieval_model=ExternalRetrieval(
            external.top_k, external.threshold or 0.0, external.threshold is not None
        )
        if external
        else None,
        doc_metadata=tuple(FieldOfDataset(field.id, field.name, field.type) for field in known.fields),
        built_in_field_enabled=dataset.built_in_fields,
        total_documents=counts.documents,
        total_available_documents=counts.available,
    )
