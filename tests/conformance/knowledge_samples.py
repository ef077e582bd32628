"""Datasets, documents and passages for the suites of knowledge. Knows no store."""

from parlour.domain.dataset import Dataset, Place
from parlour.domain.passages import ChildChunk, Document, Node, Progress, Segment
from parlour.domain.vectors import packed
from parlour.ports.knowledge import KnowledgeStore
from parlour.ports.passages import Task, Written

TENANT, OTHER = "acme", "umbrella"
HERE = Place(TENANT, "0d000000-0000-4000-8000-000000000001")
THERE = Place(OTHER, "0d000000-0000-4000-8000-000000000002")
FOREIGN = (Place(OTHER, HERE.dataset_id), Place("", HERE.dataset_id), Place(TENANT, "0d"))
"""Places where nobody may find what is in `HERE`."""
DONE = Progress("completed", words=7, completed_at=9.0)


def dataset(place: Place = HERE, name: str = "Handbook 漢字", at: float = 5.5) -> Dataset:
    return Dataset(place.dataset_id, place.tenant, name, at)


def document(one: str = "doc", place: Place = HERE, name: str = "leave.md") -> Document:
    return Document(one, place.tenant, place.dataset_id, name, 6.5, batch="b1", metadata={"age": 3.0, "who": "Ada"})


def segment(one: str, document_id: str = "doc", position: int = 1, content: str = "Staff get leave.") -> Segment:
    return Segment(one, document_id, position, content, 7.5, words=len(content), status="completed")


def node(one: str, *numbers: float, segment_id: str = "", text: str = "Staff get leave.") -> Node:
    return Node(one, segment_id or one, text, packed(numbers) if numbers else b"")


def child(one: str, segment_id: str = "s1", position: int = 1, content: str = "A part.") -> ChildChunk:
    return ChildChunk(one, segment_id, "doc", position, content, 8.5)


async def shelve(store: KnowledgeStore, place: Place = HERE, *documents: Document) -> tuple[Document, ...]:
    """A dataset with documents."""
    await store.datasets.create(dataset(place))
    added = await store.documents.add(place, documents or (document(place=place),))
    assert added is not None
    return added


async def finish(store: KnowledgeStore, place: Place, document_id: str, written: Written) -> None:
    """The document is in the index, and found."""
    task, worker = await taken(store, document_id)
    assert task.place == place
    assert await store.indexing.lay_out(task, worker, written, DONE, 100.0)


async def taken(store: KnowledgeStore, document_id: str) -> tuple[Task, str]:
    """The work on this document, held until 100, and who holds it; what is older is held by others."""
    for number in range(100):
        task = await store.indexing.take(f"worker {number}", 0.0, 100.0)
        if isinstance(task, Task) and task.document_id == document_id:
            return task, f"worker {number}"
    raise AssertionError(document_id)
