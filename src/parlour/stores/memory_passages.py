"""Documents, passages and their index in the memory of one process. Does not know how a document is cut."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import structs

from parlour.domain.dataset import Counts, Place
from parlour.domain.passages import (
    UNDONE,
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
    begun_again,
    standing,
)
from parlour.domain.terms import indexed, terms
from parlour.ports.passages import ReplyTask, Task, Work, Written
from parlour.stores.memory_annotations import AnnotationRows
from parlour.stores.memory_datasets import KnowledgeRows, Paper
from parlour.stores.scan import Scan


class MemoryDatasetDocuments:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def add(self, place: Place, documents: Sequence[Document]) -> tuple[Document, ...] | None:
        if self._rows.shelf(place) is None:
            return None
        papers = self._rows.papers(place)
        last = max((paper.document.position for paper in papers.values()), default=0)
        added = tuple(structs.replace(one, position=at) for at, one in enumerate(documents, last + 1))
        papers.update({one.id: Paper(one) for one in added})
        return added

    async def find(self, place: Place, document_ids: Sequence[str]) -> tuple[Document, ...]:
        papers = self._rows.papers(place)
        return tuple(with_hits(papers[one]) for one in document_ids if one in papers)

    async def page(self, place: Place, query: DocumentQuery, page: int, limit: int) -> DocumentsPage:
        wanted = query.keyword.casefold()
        found = [
            with_hits(paper)
            for paper in self._rows.papers(place).values()
            if wanted in paper.document.name.casefold()
            and query.batch in {"", paper.document.batch}
            and query.status in {"", standing(paper.document)}
        ]
        found.sort(key=lambda one: -one.position)
        return DocumentsPage(tuple(found[(page - 1) * limit : page * limit]), len(found))

    async def update(
        self, place: Place, documents: Sequence[Document], *, again: bool = False, cut: bool = True
    ) -> bool:
        papers = self._rows.papers(place)
        if any(one.id not in papers for one in documents):
            return False
        for one in documents:
            paper = papers[one.id]
            progress = begun_again(one.progress, cut=cut) if again else paper.document.progress
            paper.document = structs.replace(one, position=paper.document.position, progress=progress, hit_count=0)
            if again:
                paper.undone, paper.worker, paper.held_until = True, "", 0.0
            if again and not cut:
                waiting = {key: structs.replace(kept, status="waiting") for key, kept in paper.segments.items()}
                paper.segments = waiting
        return True

    async def delete(self, place: Place, document_ids: Sequence[str]) -> tuple[str, ...] | None:
        papers = self._rows.papers(place)
        if any(one not in papers for one in document_ids):
            return None
        gone = [papers.pop(one) for one in dict.fromkeys(document_ids)]
        return tuple(paper.document.source.blob for paper in gone if paper.document.source.blob)


class MemoryDocumentCounts:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def of_datasets(self, tenant: str, dataset_ids: Sequence[str]) -> Mapping[str, Counts]:
        found: dict[str, Counts] = {}
        for one in dataset_ids:
            if self._rows.shelf(Place(tenant, one)) is not None:
                papers = [paper.document for paper in self._rows.papers(Place(tenant, one)).values()]
                available = sum(standing(document) == "available" for document in papers)
                found[one] = Counts(len(papers), available, sum(document.progress.words for document in papers))
        return found

    async def of_documents(self, place: Place, document_ids: Sequence[str]) -> Mapping[str, SegmentCount]:
        papers = self._rows.papers(place)
        return {
            one: SegmentCount(
                len(papers[one].segments),
                sum(segment.status == "completed" for segment in papers[one].segments.values()),
            )
            for one in document_ids
            if one in papers
        }

    async def searchable(self, place: Place) -> tuple[Document, ...]:
        found = [paper for paper in self._rows.papers(place).values() if standing(paper.document) == "available"]
        return tuple(sorted((with_hits(paper) for paper in found), key=lambda one: one.position))


class MemorySegments:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def write(self, place: Place, document_id: str, written: Written) -> bool:
        paper = self._rows.papers(place).get(document_id)
        if paper is None:
            return False
        put(paper, written)
        return True

    async def find(self, place: Place, segment_ids: Sequence[str]) -> tuple[Segment, ...]:
        papers = self._rows.papers(place).values()
        found = (paper.segments.get(one) for one in segment_ids for paper in papers)
        return tuple(segment for segment in found if segment is not None)

    async def page(self, place: Place, document_id: str, query: SegmentQuery, page: int, limit: int) -> SegmentsPage:
        paper = self._rows.papers(place).get(document_id)
        wanted = query.keyword.casefold()
        found = [
            segment
            for segment in (paper.segments.values() if paper else ())
            if wanted in segment.content.casefold() and (not query.statuses or segment.status in query.statuses)
        ]
        found.sort(key=lambda one: one.position)
        return SegmentsPage(tuple(found[(page - 1) * limit : page * limit]), len(found))

    async def delete(self, place: Place, document_id: str, segment_ids: Sequence[str]) -> int:
        paper = self._rows.papers(place).get(document_id)
        known = [one for one in dict.fromkeys(segment_ids) if paper and one in paper.segments]
        for one in known:
            assert paper is not None  # noqa: S101 -- else none is known
            forget(paper, one)
            del paper.segments[one]
        return len(known)

    async def hit(self, place: Place, segment_ids: Sequence[str]) -> None:
        for paper in self._rows.papers(place).values():
            for one in set(segment_ids) & paper.segments.keys():
                segment = paper.segments[one]
                paper.segments[one] = structs.replace(segment, hit_count=segment.hit_count + 1)


class MemoryChildren:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def write(self, place: Place, chunk: ChildChunk, node: Node) -> bool:
        papers = self._rows.papers(place).values()
        paper = next((paper for paper in papers if chunk.segment_id in paper.segments), None)
        if paper is None:
            return False
        paper.children[chunk.id], paper.nodes[node.id] = chunk, node
        return True

    async def find(self, place: Place, chunk_ids: Sequence[str]) -> tuple[ChildChunk, ...]:
        papers = self._rows.papers(place).values()
        found = (paper.children.get(one) for one in chunk_ids for paper in papers)
        return tuple(chunk for chunk in found if chunk is not None)

    async def of(self, place: Place, segment_ids: Sequence[str]) -> tuple[ChildChunk, ...]:
        found = [
            (paper.segments[chunk.segment_id].position, chunk.position, chunk)
            for paper in self._rows.papers(place).values()
            for chunk in paper.children.values()
            if chunk.segment_id in segment_ids
        ]
        return tuple(chunk for _, _, chunk in sorted(found, key=lambda one: one[:2]))

    async def page(self, place: Place, segment_id: str, keyword: str, page: int, limit: int) -> ChildrenPage:
        wanted = keyword.casefold()
        found = tuple(one for one in await self.of(place, [segment_id]) if wanted in one.content.casefold())
        return ChildrenPage(found[(page - 1) * limit : page * limit], len(found))

    async def delete(self, place: Place, segment_id: str, chunk_id: str) -> bool:
        for paper in self._rows.papers(place).values():
            if chunk_id in paper.children and paper.children[chunk_id].segment_id == segment_id:
                del paper.children[chunk_id]
                paper.nodes.pop(chunk_id, None)
                return True
        return False


class MemoryIndex:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def near(
        self, place: Place, vector: bytes, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        shown = [one for one in self._shown(place, within) if len(one[1].vector) == len(vector)]
        scan = Scan(len(vector))
        scan.extend([(at, node.vector) for at, (_, node) in enumerate(shown)])
        ranked = (one for some in scan.ranking(vector).portions(limit) for one in some)
        found = [(shown[at], score) for at, score in ranked][:limit]
        return tuple(Found(node.id, node.segment_id, document, score) for (document, node), score in found)

    async def worded(
        self, place: Place, query: str, limit: int, within: frozenset[str] | None = None
    ) -> tuple[Found, ...]:
        wanted = set(terms(query))
        shown = [(document, node, Counter(indexed(node.text))) for document, node in self._shown(place, within)]
        holding = Counter(term for _, _, known in shown for term in wanted & known.keys())
        found = [
            Found(
                node.id,
                node.segment_id,
                document,
                sum(rarity(len(shown), holding[one]) * known[one] / (known[one] + 1.2) for one in wanted & set(known)),
            )
            for document, node, known in shown
            if wanted & known.keys()
        ]
        return tuple(sorted(found, key=lambda one: -one.score)[:limit])

    def _shown(self, place: Place, within: frozenset[str] | None) -> list[tuple[str, Node]]:
        return [
            (document, node)
            for document, paper in self._rows.papers(place).items()
            if standing(paper.document) == "available" and (within is None or document in within)
            for node in paper.nodes.values()
            if paper.segments[node.segment_id].enabled and paper.segments[node.segment_id].status == "completed"
        ]


class MemoryIndexing:
    def __init__(self, rows: KnowledgeRows, annotations: AnnotationRows) -> None:
        self._rows = rows
        self._annotations = annotations

    async def take(self, worker: str, now: float, until: float) -> Work | None:
        for shelf in self._rows.shelves.values():
            for paper in shelf.papers.values():
                if paper.undone and (paper.held_until <= now or paper.worker == worker):
                    paper.worker, paper.held_until = worker, until
                    return Task(shelf.dataset.place, paper.document.id)
        for app_id, desk in self._annotations.desks.items():
            if desk.held_until <= now or desk.worker == worker:
                desk.worker, desk.held_until = worker, until
                return ReplyTask(app_id)
        return None

    async def hold(self, task: Work, worker: str, until: float) -> bool:
        of_app = isinstance(task, ReplyTask)
        held = self._annotations.desks.get(task.app_id) if of_app else self._own(task, worker)
        if held is None or held.worker != worker:
            return False
        held.held_until = until
        return True

    async def advance(self, task: Task, worker: str, progress: Progress, until: float) -> bool:
        return self._step(task, worker, progress, until) is not None

    async def lay_out(self, task: Task, worker: str, written: Written, progress: Progress, until: float) -> bool:
        paper = self._step(task, worker, progress, until)
        if paper is None:
            return False
        paper.segments, paper.children, paper.nodes = {}, {}, {}
        put(paper, written)
        return True

    async def complete(self, task: Task, worker: str, written: Written, progress: Progress, until: float) -> bool:
        paper = self._step(task, worker, progress, until)
        if paper is None:
            return False
        put(paper, written)
        return True

    def _own(self, task: Task, worker: str) -> Paper | None:
        paper = self._rows.papers(task.place).get(task.document_id)
        return paper if paper and paper.undone and paper.worker == worker else None

    def _step(self, task: Task, worker: str, progress: Progress, until: float) -> Paper | None:
        paper = self._own(task, worker)
        if paper is None:
            return None
        paper.document = structs.replace(paper.document, progress=progress)
        paper.undone, paper.held_until = progress.status in UNDONE, until
        return paper


def put(paper: Paper, written: Written) -> None:
    for segment in written.segments:
        forget(paper, segment.id)
        known = paper.segments.get(segment.id)
        paper.segments[segment.id] = structs.replace(segment, hit_count=known.hit_count if known else 0)
    paper.children.update({chunk.id: chunk for chunk in written.children})
    paper.nodes.update({node.id: node for node in written.nodes})


def forget(paper: Paper, segment_id: str) -> None:
    paper.children = {one: chunk for one, chunk in paper.children.items() if chunk.segment_id != segment_id}
    paper.nodes = {one: node for one, node in paper.nodes.items() if node.segment_id != segment_id}


def with_hits(paper: Paper) -> Document:
    return structs.replace(paper.document, hit_count=sum(segment.hit_count for segment in paper.segments.values()))


def rarity(whole: int, holding: int) -> float:
    return math.log(1 + whole / holding)
