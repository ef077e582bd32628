"""The commands of datasets: files into a dataset, and which datasets there are."""

import asyncio
import mimetypes
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import click
from msgspec import structs

from parlour import wiring
from parlour.domain.dataset import TENANT, Dataset, DatasetQuery
from parlour.domain.passages import Document, DocumentQuery, DocumentSource, Progress
from parlour.options import config_option, data_option, path, print_line, print_table, settings_of, with_storage
from parlour.ports.blobs import Blobs
from parlour.ports.knowledge import KnowledgeStore
from parlour.settings import BadSettings, Settings

LOOK = 0.2
"""Seconds between two looks at how far the work is."""
PIECE = 1024 * 1024
UNKNOWN = "application/octet-stream"

tenant_option = click.option("--tenant", default=TENANT, help="whose dataset it is")


@click.group()
def knowledge() -> None:
    """Datasets: what apps look things up in."""


@knowledge.command()
@click.argument("name")
@click.argument("paths", type=path, nargs=-1, required=True, metavar="PATH...")
@tenant_option
@config_option
@data_option
def add(name: str, paths: tuple[Path, ...], tenant: str, config: Path | None, data: Path | None) -> None:
    """Put files, and those in folders, into the dataset of this name; it is made if there is none.

    A file that is there already is replaced. A running server may help with the work, and finishes it if this command
    is stopped.
    """
    settings = settings_of(config, data)
    files = named(paths)
    if not files:
        raise BadSettings("there is no file in " + ", ".join(map(str, paths)))
    failed = asyncio.run(adding(settings, name, tenant, files))
    for file, error in failed:
        print_line(f"{file}: {error}")
    sys.exit(bool(failed))


@knowledge.command("list")
@tenant_option
@config_option
@data_option
def list_datasets(tenant: str, config: Path | None, data: Path | None) -> None:
    """The datasets there are."""

    async def work(storage: wiring.Storage) -> list[tuple[str, ...]]:
        page = await storage.knowledge.datasets.page(tenant, DatasetQuery(), 1, 1_000_000)
        counts = await storage.knowledge.counts.of_datasets(tenant, [one.id for one in page.items])
        return [(one.name, one.id, f"{counts[one.id].available}/{counts[one.id].documents}") for one in page.items]

    print_table(("NAME", "ID", "DOCUMENTS"), with_storage(settings_of(config, data), work))


def named(places: tuple[Path, ...]) -> dict[str, Path]:
    """Files by the name that each has as a document: one in a folder has its way there before it.

    Raises:
        BadSettings: two have the same.
    """
    found: dict[str, Path] = {}
    for place in places:
        for file in files_in(place):
            name = file.name if file == place else file.relative_to(place).as_posix()
            if found.setdefault(name, file) != file:
                raise BadSettings(f"{found[name]} and {file} would be one document, {name}: add them one by one")
    return found


def files_in(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif not place.is_dir():
        raise BadSettings(f"{place}: no such file or folder")
    else:
        found = sorted(file for file in place.rglob("*") if file.is_file())
        yield from (file for file in found if not any(part.startswith(".") for part in file.relative_to(place).parts))


async def adding(settings: Settings, name: str, tenant: str, files: dict[str, Path]) -> list[tuple[str, str]]:
    """Which of the files could not be indexed, and why."""
    async with AsyncExitStack() as stack:
        storage = wiring.open_storage(settings, serving=False)
        stack.push_async_callback(storage.close)
        blobs = wiring.open_blobs(settings)
        indexer = await wiring.open_indexer(settings, storage, blobs, stack, worker=f"command {uuid.uuid4()}")
        store = storage.knowledge
        dataset = await dataset_of(store, name, tenant)
        ids = await put(store, blobs, dataset, files)
        working = asyncio.create_task(indexer.drain())
        failed = await watched(store, dataset, ids, working)
        await working
        counts = (await store.counts.of_datasets(tenant, [dataset.id]))[dataset.id]
        print_line(f"{name}: {counts.available} of {counts.documents} documents can be found  (id {dataset.id})")
        return failed


async def dataset_of(store: KnowledgeStore, name: str, tenant: str) -> Dataset:
    page = await store.datasets.page(tenant, DatasetQuery(name=name), 1, 1)
    if page.items:
        return page.items[0]
    made = Dataset(str(uuid.uuid4()), tenant, name, time.time())
    await store.datasets.create(made)
    return made


async def put(store: KnowledgeStore, blobs: Blobs, dataset: Dataset, files: dict[str, Path]) -> list[str]:
    """The files as documents that are to be indexed; their ids."""
    known = {one.name: one for one in await documents_of(store, dataset)}
    batch, now, ids = str(uuid.uuid4()), time.time(), list[str]()
    for name, file in files.items():
        blob = str(uuid.uuid4())
        size = await blobs.put(blob, pieces(file))
        kind = mimetypes.guess_type(file.name)[0] or UNKNOWN
        source = DocumentSource("upload_file", blob, name, size, file.suffix[1:].lower(), kind)
        old = known.get(name)
        if old is None:
            form = dataset.form or "text_model"
            one = Document(str(uuid.uuid4()), dataset.tenant, dataset.id, name, now, batch, source, form=form)
            await store.documents.add(dataset.place, [one])
        else:
            one = structs.replace(old, source=source, batch=batch, updated_at=now, progress=Progress())
            await store.documents.update(dataset.place, [one], again=True)
            await blobs.delete(old.source.blob)
        ids.append(one.id)
    return ids


async def documents_of(store: KnowledgeStore, dataset: Dataset) -> tuple[Document, ...]:
    found = await store.documents.page(dataset.place, DocumentQuery(), 1, 1_000_000)
    return found.items


async def watched(
    store: KnowledgeStore, dataset: Dataset, ids: list[str], working: asyncio.Task[None]
) -> list[tuple[str, str]]:
    """Wait for all of them, with a bar where a person watches; those that failed."""
    with click.progressbar(length=len(ids), label="Indexing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        shown = 0
        while True:
            found = await store.documents.find(dataset.place, ids)
            over = [one for one in found if one.progress.status in {"completed", "error", "paused"}]
            bar.update(len(over) - shown)
            shown = len(over)
            if len(over) == len(found):
                return [(one.name, one.progress.error) for one in over if one.progress.error]
            if working.done():
                working.result()  # what ended it is told; else a server has the rest in hand
            await asyncio.sleep(LOOK)


async def pieces(file: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE):
            yield piece
