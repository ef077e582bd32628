"""The routes of the files that documents were made from: a signed address, the file behind it, several as an archive.

Knows no store. The name that is signed holds the document's place: a key is not asked for again.
"""

import zipfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from parlour.domain.dataset import Place
from parlour.domain.message import Owner
from parlour.domain.passages import Document
from parlour.domain.problems import FileNotFound
from parlour.domain.uploads import Upload
from parlour.http.files import body_of_file
from parlour.http.house import House
from parlour.http.knowledge import dataset_of, document_of, documents_named
from parlour.http.rim import base_of, body_of, json, query_of
from parlour.wire import document_bodies, documents
from parlour.wire.body import identifier
from parlour.wire.members import fitted


def routes(house: House) -> list[Route]:
    every = "/v1/datasets/{dataset_id}/documents"
    return [
        Route(f"{every}/{{document_id}}/download", partial(download, house), methods=["GET"]),
        Route(f"{every}/download-zip", partial(archive, house), methods=["POST"]),
        Route("/files/documents/{dataset_id}/{document_id}", partial(signed, house), methods=["GET"]),
    ]


async def download(house: House, request: Request) -> Response:
    """A signed address of a document's file."""
    dataset = await dataset_of(house, request)
    document = await document_of(house, request, dataset)
    whose = urlencode({"tenant": dataset.tenant, "as_attachment": "true"})
    query = f"{house.signer.document_query(name_of(dataset.place, document.id))}&{whose}"
    base = base_of(house, request).rstrip("/")
    return json(document_bodies.download(f"{base}/files/documents/{dataset.id}/{document.id}?{query}"))


async def signed(house: House, request: Request) -> Response:
    """A document's file by an address that this server has given out not long ago."""
    query, document_id = query_of(request), request.path_params["document_id"]
    place = Place(query.get("tenant", ""), request.path_params["dataset_id"])
    if not house.signer.accepts(name_of(place, document_id), query, "document"):
        raise FileNotFound
    for found in await house.knowledge.store.documents.find(place, [document_id]):
        return await body_of_file(house, request, upload_of(found))
    raise FileNotFound


async def archive(house: House, request: Request) -> Response:
    """The files of documents in one archive."""
    dataset = await dataset_of(house, request)
    said = fitted(await body_of(house, request), documents.ZipRequest)
    wanted = list(dict.fromkeys(identifier(one) or "" for one in said.document_ids))
    found = await documents_named(house, dataset, wanted)
    headers = {"content-disposition": 'attachment; filename="documents.zip"'}
    return StreamingResponse(zipped(house, found), headers=headers, media_type="application/zip")


class Sink:
    """What an archive is written to: it cannot be gone back in, and is emptied piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


async def zipped(house: House, found: tuple[Document, ...]) -> AsyncGenerator[bytes]:
    """The archive as it is made; files are put in as they are, without being pressed."""
    sink, names = Sink(), dict[str, int]()
    with zipfile.ZipFile(sink, "w") as whole:  # pyright: ignore[reportArgumentType, reportCallIssue]
        for document in found:
            blob = await house.blobs.open(document.source.blob)
            if blob is None:
                continue  # deleted just now
            async with aclosing(blob.pieces) as pieces:
                with whole.open(name_in(names, document), "w", force_zip64=True) as entry:
                    async for piece in pieces:
                        entry.write(piece)
                        yield sink.taken()
            yield sink.taken()
    yield sink.taken()


def name_in(names: dict[str, int], document: Document) -> str:
    """The file's name, with a number if there is another one of that name; no folders."""
    name = (document.source.name or document.name).replace("/", "_").replace("\\", "_")
    names[name] = names.get(name, 0) + 1
    stem, dot, extension = name.rpartition(".")
    if names[name] == 1:
        return name
    return f"{stem} ({names[name]}).{extension}" if dot and stem else f"{name} ({names[name]})"


def name_of(place: Place, document_id: str) -> str:
    return f"{place.tenant}/{place.dataset_id}/{document_id}"


def upload_of(document: Document) -> Upload:
    source = document.source
    name = source.name or document.name
    return Upload(
        source.blob, Owner("", ""), name, source.size, source.extension, source.mime_type, document.created_at
    )
