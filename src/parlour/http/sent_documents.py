"""What comes in as a document: its bytes to their place, and what it decides of a dataset that has none yet.

Knows no store of documents. What is refused later leaves no bytes behind.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager

from msgspec import Struct, structs
from starlette.requests import Request

from parlour.domain.dataset import Dataset, ModelName
from parlour.domain.passages import DocumentSource
from parlour.domain.problems import InvalidParam, UnsupportedFileType
from parlour.http.files import file_of
from parlour.http.house import House
from parlour.wire import documents, uploads
from parlour.wire.documents import Setup
from parlour.wire.retrieval_model import settings_of

PIECE = 64 * 1024


class Arrived(Struct, frozen=True):
    """What came, and what was said with it."""

    said: Setup
    source: DocumentSource | None = None
    """None where there is nothing new."""
    name: str = ""
    stays: Callable[[], None] = lambda: None
    """Called when a document is kept that has these bytes."""


@asynccontextmanager
async def arrived_text(house: House, said: Setup, name: str, text: str | None) -> AsyncGenerator[Arrived]:
    if text is None:
        yield Arrived(said, name=name)
        return
    data, blob = text.encode(), house.new_id()
    async with kept(house, blob) as stays:
        await house.blobs.put(blob, pieces(data))
        file = name if uploads.extension_of(name) == "txt" else f"{name}.txt"
        yield Arrived(said, DocumentSource("text", blob, file, len(data), "txt", "text/plain"), name, stays)


@asynccontextmanager
async def arrived_file(house: House, request: Request) -> AsyncGenerator[Arrived]:
    """A form with a file, or without where it changes a document.

    Raises:
        Problem: it cannot be read, or its file is of no type that there is text in.
    """
    form, blob = uploads.Form(request.headers.get("content-type", "")), house.new_id()
    async with kept(house, blob) as stays:
        async with aclosing(file_of(form, house, request)) as sent:
            size = await house.blobs.put(blob, sent)
        said = documents.parse_data(form.fields())
        if form.file is None:
            yield Arrived(said, name=said.name or "")
            return
        file = form.sent()
        if not house.contents.reads(file.name, file.mime_type):
            raise UnsupportedFileType("File type not allowed: there is no text to be had of a file of this type.")
        source = DocumentSource("upload_file", blob, file.name, size, file.extension, file.mime_type)
        yield Arrived(said, source, said.name or file.name, stays)


@asynccontextmanager
async def kept(house: House, blob: str) -> AsyncGenerator[Callable[[], None]]:
    """The blob stays if that is said, whatever fails after it."""
    needed = asyncio.Event()
    try:
        yield needed.set
    finally:
        if not needed.is_set():
            await house.blobs.delete(blob)


async def pieces(data: bytes) -> AsyncGenerator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def settled(house: House, dataset: Dataset, said: Setup) -> Dataset:
    """The dataset as a document makes it that comes with this.

    Raises:
        InvalidParam: it takes none, or none of this form, or nobody has said how it is to be indexed.
        ProviderNotInitialized: there is no model to compare its texts.
    """
    if dataset.external is not None:
        raise InvalidParam("External datasets are not supported.")
    technique = dataset.technique or said.indexing_technique
    if technique is None:
        raise InvalidParam("indexing_technique is required.", params="indexing_technique")
    if dataset.form is not None and said.doc_form not in {None, dataset.form}:
        raise InvalidParam(f"doc_form is different from the dataset doc_form: {dataset.form}.", params="doc_form")
    embedding = dataset.embedding
    if technique == "high_quality":
        asked = ModelName(said.embedding_model_provider, said.embedding_model)
        embedding = embedding if embedding.name else asked if asked.name else house.knowledge.embeddings.usual()
        house.knowledge.embeddings.check(embedding)
    retrieval = dataset.retrieval
    if dataset.technique is None and said.retrieval_model is not None:
        retrieval = settings_of(said.retrieval_model)
    form = dataset.form or said.doc_form or "text_model"
    return structs.replace(dataset, technique=technique, embedding=embedding, form=form, retrieval=retrieval)
