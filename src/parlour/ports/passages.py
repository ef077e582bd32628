"""Documents of datasets, their passages, and the index over these, kept. Does not know in what, nor how texts are cut.

Every call is one whole transaction, and every look-up goes by tenant and dataset: what is another's reads as what is
not there. Hidden are documents that are disabled, archived or not completed, and passages that are: the index keeps
them, and does not find them.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from parlour.domain.dataset import Counts, Place
from parlour.domain.passages import (
    ChildChunk,
    ChildrenPage,
    Document,
    DocumentQuery,
    DocumentsPage,
    Found,
    Node,
    Progress,
    Segment,
    SegmentCount,
    SegmentQuery,
    SegmentsPage,
)


class DatasetDocuments(Protocol):
    async def add(self, place: Place, documents: Sequence[Document]) -> tuple[Document, ...] | None:
        """Keep them, and the work of indexing them with them; with the position that each was given.

        None if the dataset is not there.
        """
        ...

    async def find(self, place: Place, document_ids: Sequence[str]) -> tuple[Document, ...]:
        """Those of them that are there, in this order."""
        ...

    async def page(self, place: Place, query: DocumentQuery, page: int, limit: int) -> DocumentsPage:
        """The `page`th part (from 1) of those that the query means, newest first."""
        ...

    async def update(
        self, place: Place, documents: Sequence[Document], *, again: bool = False, cut: bool = True
    ) -> bool:
        """Write all of them anew but their progress, position and hits; `again`: and have them indexed once more.
        Without `cut` they keep the passages that they have, and these alone are brought into the index anew.

        False, and nothing is done, if one is not there.
        """
        ...

    async def delete(self, place: Place, document_ids: Sequence[str]) -> tuple[str, ...] | None:
        """With all that was made of them. The blobs that nobody needs any more; None, and nothing is done, if one is
        not there."""
        ...


class DocumentCounts(Protocol):
    async def of_datasets(self, tenant: str, dataset_ids: Sequence[str]) -> Mapping[str, Counts]:
        """What each of them holds; those that are not there are left out."""
        ...

    async def of_documents(self, place: Place, document_ids: Sequence[str]) -> Mapping[str, SegmentCount]:
        """How many passages each of them has; those that are not there are left out."""
        ...

    async def searchable(self, place: Place) -> tuple[Document, ...]:
        """All that are not hidden."""
        ...


class Written(Struct, frozen=True):
    """Passages as they are to be, with their parts, and what the index is to hold of them."""

    segments: tuple[Segment, ...]
    children: tuple[ChildChunk, ...] = ()
    nodes: tuple[Node, ...] = ()


class Segments(Protocol):
    async def write(self, place: Place, document_id: str, written: Written) -> bool:
        """Keep these passages, new or not, with these parts and nodes in place of all that they had.

        False, and nothing is done, if the document is not there.
        """
        ...

    async def find(self, place: Place, segment_ids: Sequence[str]) -> tuple[Segment, ...]:
        """Those of them that are there, in this order."""
        ...

    async def page(self, place: Place, document_id: str, query: SegmentQuery, page: int, limit: int) -> SegmentsPage:
        """The `page`th part (from 1) of a document's passages that the query means, in their order."""
        ...

    async def delete(self, place: Place, document_id: str, segment_ids: Sequence[str]) -> int:
        """How many of them were there."""
        ...

    async def hit(self, place: Place, segment_ids: Sequence[str]) -> None:
        """They have answered once more."""
        ...


class Children(Protocol):
    async def write(self, place: Place, chunk: ChildChunk, node: Node) -> bool:
        """Keep this part, new or not; False if its passage is not there."""
        ...

    async def find(self, place: Place, chunk_ids: Sequence[str]) -> tuple[ChildChunk, ...]:
        """Those of them that are there, in this order."""
        ...

    async def of(self, place: Place, segment_ids: Sequence[str]) -> tuple[ChildChunk, ...]:
        """All parts of these passages, in their order."""
        ...

    async def page(self, place: Place, segment_id: str, keyword: str, page: int, limit: int) -> ChildrenPage:
        """The `page`th part (from 1) of those that hold the keyword in whatever case, in their order."""
        ...

    async def delete(self, place: Place, segment_id: str, chunk_id: str) -> bool: ...


class Index(Protocol):
    async def near(
        self, place: Place, vector: bytes, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        """The nodes nearest to a vector, the nearest first; scored by the cosine. `within`: documents, else all."""
        ...

    async def worded(
        self, place: Place, query: str, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        """The nodes with words of the query, those with the rarest and the most first; their scores tell no more."""
        ...


class Task(Struct, frozen=True):
    """A document to be indexed."""

    place: Place
    document_id: str


class ReplyTask(Struct, frozen=True):
    """An app whose annotations, or how they answer, have changed: the steps are the port `ReplyWork`."""

    app_id: str


Work = Task | ReplyTask


class Indexing(Protocol):
    """Work that outlives its process: what was added and has not been finished is taken up again."""

    async def take(self, worker: str, now: float, until: float) -> Work | None:
        """The oldest work that nobody else is at, held for this worker until then; None where there is none.

        A worker does one thing at a time: what it took before, and did not end, is there for it again.
        """
        ...

    async def hold(self, task: Work, worker: str, until: float) -> bool:
        """Hold it longer; False if it is this worker's no longer."""
        ...

    async def advance(self, task: Task, worker: str, progress: Progress, until: float) -> bool:
        """Say how far it is, and hold it longer; a status that is no work any more lets it go.

        False if it is this worker's no longer: the document was deleted, or is to be begun anew.
        """
        ...

    async def lay_out(self, task: Task, worker: str, written: Written, progress: Progress, until: float) -> bool:
        """Everything that the document had is gone, and these passages are there; otherwise as `advance`."""
        ...

    async def complete(self, task: Task, worker: str, written: Written, progress: Progress, until: float) -> bool:
        """These of its passages are as they are to be, with their nodes; otherwise as `advance`."""
        ...
