"""The port `Editing`: passages that somebody writes by hand. Does not know who, nor how they are found."""

from collections.abc import Sequence

from msgspec import structs

from parlour.domain.dataset import Dataset
from parlour.domain.ids import Clock, NewId
from parlour.domain.passages import ChildChunk, Document, Node, Segment, Segmentation, SegmentQuery
from parlour.ports.knowledge import KnowledgeStore
from parlour.ports.passages import Written
from parlour.rag.indexing import Indexer
from parlour.rag.passages import bare_nodes, cut_into, weighed
from parlour.rag.split import checked, cut


class Editor:
    """Changes what documents hold, and has the rest indexed."""

    def __init__(self, store: KnowledgeStore, indexer: Indexer, now: Clock, new_id: NewId) -> None:
        self._store = store
        self._indexer = indexer
        self._now = now
        self._new_id = new_id

    async def write(
        self, dataset: Dataset, document: Document, segments: Sequence[Segment], *, cut: bool = True
    ) -> tuple[Segment, ...] | None:
        last = await self._last(dataset, document) if any(not one.position for one in segments) else 0
        now = self._now()
        done: list[Segment] = []
        for one in segments:
            last += not one.position
            position = one.position or last
            fresh = structs.replace(one, position=position, status="completed", error=None, updated_at=now)
            done.append(weighed(structs.replace(fresh, indexing_at=now, completed_at=now)))
        children = await self._children(dataset, document, done, cut=cut)
        nodes = await self._indexer.nodes(dataset, bare_nodes(done, children), done)
        written = await self._store.segments.write(dataset.place, document.id, Written(tuple(done), children, nodes))
        return tuple(done) if written else None

    async def write_child(self, dataset: Dataset, chunk: ChildChunk) -> ChildChunk | None:
        position, now = chunk.position, self._now()
        if not position:
            known = await self._store.children.of(dataset.place, [chunk.segment_id])
            position = max((one.position for one in known), default=0) + 1
        chunk = structs.replace(chunk, position=position, words=len(chunk.content), updated_at=now)
        [node] = await self._indexer.nodes(dataset, [Node(chunk.id, chunk.segment_id, chunk.content)])
        return chunk if await self._store.children.write(dataset.place, chunk, node) else None

    def wake(self) -> None:
        self._indexer.wake()

    async def _last(self, dataset: Dataset, document: Document) -> int:
        """The last position that is taken, without reading what comes before it."""
        page, every = self._store.segments.page, SegmentQuery()
        total = (await page(dataset.place, document.id, every, 1, 1)).total
        last = await page(dataset.place, document.id, every, max(total, 1), 1)
        return max((one.position for one in last.items), default=0)

    async def _children(
        self, dataset: Dataset, document: Document, segments: Sequence[Segment], *, cut: bool
    ) -> tuple[ChildChunk, ...]:
        if document.form != "hierarchical_model":
            return ()
        if not cut:
            return await self._store.children.of(dataset.place, [one.id for one in segments])
        how = checked(document.rule.parts, least=1)
        return tuple(
            chunk for one in segments for chunk in cut_into(one, parts_of(one.content, how), self._now(), self._new_id)
        )


def parts_of(text: str, how: Segmentation) -> list[str]:
    return list(cut(text, how))
