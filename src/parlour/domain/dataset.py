"""A knowledge base, and how it is searched. Does not know where it is stored, nor what stands in its documents."""

from typing import Literal, get_args

from msgspec import Struct

Technique = Literal["high_quality", "economy"]
"""By the meaning of texts, or by their words alone."""
Form = Literal["text_model", "hierarchical_model", "qa_model"]
"""Whole passages; passages that are found by their parts; questions with their answers."""
Method = Literal["keyword_search", "semantic_search", "full_text_search", "hybrid_search"]
FieldType = Literal["string", "number", "time"]

TENANT = "default"
"""Whose knowledge keys and apps are that name no tenant."""


class Place(Struct, frozen=True):
    """A dataset as a place to look in. Whose it is belongs to it: what is another tenant's is not there."""

    tenant: str
    dataset_id: str


class ModelName(Struct, frozen=True):
    """An embedding or rerank model; empty for none. `provider` may be a path, whose last part is its name."""

    provider: str = ""
    name: str = ""


class Weights(Struct, frozen=True):
    """How much the meaning and the words count where both are searched."""

    vector: float = 0.7
    keyword: float = 0.3
    kind: str = "customized"
    embedding: ModelName = ModelName()
    """As whoever set the weights named it; the dataset's own model is asked."""


Comparison = Literal[
    "contains",
    "not contains",
    "start with",
    "end with",
    "is",
    "is not",
    "empty",
    "not empty",
    "in",
    "not in",
    "=",
    "≠",
    ">",
    "<",
    "≥",
    "≤",
    "before",
    "after",
]
COMPARISONS: frozenset[str] = frozenset(get_args(Comparison))


class Condition(Struct, frozen=True):
    """What a document's metadata must be."""

    name: str
    operator: str
    """One of the comparisons; what is none is told where it is tried."""
    value: str | float | tuple[str, ...] | None = None


class Filter(Struct, frozen=True):
    """Which documents are searched; all where there is no condition."""

    conditions: tuple[Condition, ...] = ()
    every: bool = True
    """Whether all conditions must hold, or one."""


class RetrievalSettings(Struct, frozen=True):
    """How passages are looked for, and which of them are good enough."""

    method: Method = "semantic_search"
    top_k: int = 4
    threshold: float | None = None
    """The least score; None for any."""
    reranking: bool = False
    mode: Literal["", "reranking_model", "weighted_score"] = ""
    reranker: ModelName = ModelName()
    weights: Weights | None = None
    filter: Filter = Filter()


class External(Struct, frozen=True):
    """Where the knowledge really is: behind an API of somebody else's."""

    knowledge_id: str
    api_id: str
    top_k: int = 4
    threshold: float | None = None


class Dataset(Struct, frozen=True):
    """A knowledge base."""

    id: str
    tenant: str
    name: str
    created_at: float
    description: str = ""
    permission: Literal["only_me", "all_team_members", "partial_members"] = "only_me"
    members: tuple[str, ...] = ()
    """Whom the permission `partial_members` names."""
    technique: Technique | None = None
    """None until its first document decides."""
    form: Form | None = None
    """None until its first document decides."""
    embedding: ModelName = ModelName()
    retrieval: RetrievalSettings = RetrievalSettings()
    built_in_fields: bool = False
    """Whether documents can be told apart by what is known of each: its name, its age, its source."""
    external: External | None = None
    created_by: str = ""
    updated_by: str = ""
    updated_at: float = 0.0
    summary: dict[str, object] | None = None
    """How passages are to be summed up, as clients set it."""

    @property
    def place(self) -> Place:
        return Place(self.tenant, self.id)


class DatasetQuery(Struct, frozen=True):
    """Which datasets: all by default."""

    keyword: str = ""
    """Within the name, in whatever case."""
    name: str = ""
    """The whole name."""
    tags: tuple[str, ...] = ()
    """One of them at least."""


class DatasetsPage(Struct, frozen=True):
    items: tuple[Dataset, ...]
    total: int


class Counts(Struct, frozen=True):
    """What a dataset holds."""

    documents: int = 0
    available: int = 0
    """Of them, those that can be found."""
    words: int = 0


class Tag(Struct, frozen=True):
    """A word that datasets are sorted by."""

    id: str
    tenant: str
    name: str
    created_at: float
    datasets: int = 0
    """How many have it."""


class MetadataField(Struct, frozen=True):
    """Something that can be said of each document of a dataset."""

    id: str
    name: str
    type: FieldType
    documents: int = 0
    """How many have a value for it."""
