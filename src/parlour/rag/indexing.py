"""Documents become passages that can be found: the work, and the worker who does it. Does not know who asked for it.

Each step is written down as it ends, so whoever takes the work up after a crash goes on from there: passages are laid
out all at once, and each is completed together with its place in the index.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing, suppress

from msgspec import structs

from parlour.domain.dataset import Dataset
from parlour.domain.ids import Clock, NewId
from parlour.domain.passages import Document, Node, Progress, Segment, SegmentQuery
from parlour.domain.problems import DocumentUnreadable, InternalError, InvalidParam, Problem
from parlour.ports.blobs import Blobs
from parlour.ports.documents import Documents
from parlour.ports.embeddings import Embeddings
from parlour.ports.knowledge import KnowledgeStore
from parlour.ports.passages import ReplyTask, Task, Work, Written
from parlour.rag.asking import Asker
from parlour.rag.clean import clean
from parlour.rag.passages import bare_nodes, cut_into, new_segment
from parlour.rag.questions import pairs
from parlour.rag.replies import Replies
from parlour.rag.split import Piece, split

HOLD = 30.0
"""Seconds that work is held for without a sign of life."""
BEAT = 10.0
AT_ONCE = 16
"""Passages that are completed together."""
ASKED_AT_ONCE = 4
"""Passages that a model makes questions of at the same time."""
NO_PAIRS = (
    "There are no questions with answers in it: send a table with the columns question and answer, or a text of lines "
    "such as `Q1: …` and `A1: …`; or let a model make them (knowledge.questions)."
)
LARGEST = 64 * 1024 * 1024
"""Bytes of a document."""
MOST_SEGMENTS = 20_000
"""Passages of a document."""

log = logging.getLogger(__name__)


class Gone(Exception):
    """The work is somebody else's now, or nobody's."""


class Indexer:
    """Does the work that is there, one document after the other; asleep where there is none."""

    def __init__(  # noqa: PLR0913 -- each is a part of its own
        self,
        store: KnowledgeStore,
        blobs: Blobs,
        documents: Documents,
        embeddings: Embeddings,
        replies: Replies,
        *,
        now: Clock,
        new_id: NewId,
        worker: str = "server",
        asker: Asker | None = None,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._documents = documents
        self._embeddings = embeddings
        self._replies = replies
        self._now = now
        self._new_id = new_id
        self._worker = worker
        self._asker = asker
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    async def run(self) -> None:
        """Work for ever. What others have held is looked for whenever its time may be over."""
        while True:
            self._woken.clear()
            await self._try()
            with suppress(TimeoutError):
                async with asyncio.timeout(HOLD + 1):
                    await self._woken.wait()

    async def _try(self) -> None:
        [failed] = await asyncio.gather(self.drain(), return_exceptions=True)
        if failed is not None:
            log.error("documents could not be indexed for now", exc_info=failed)

    async def drain(self) -> None:
        """Do all that there is to do now."""
        while task := await self._store.indexing.take(self._worker, self._now(), self._until()):
            [failed] = await asyncio.gather(self._work(task), return_exceptions=True)
            if isinstance(failed, Gone):
                continue
            if isinstance(failed, BaseException):
                await self._fail(task, failed)

    async def _work(self, task: Work) -> None:
        beating = asyncio.create_task(self._beat(task))
        try:
            await (self._replies.work(task.app_id) if isinstance(task, ReplyTask) else self._index(task))
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _index(self, task: Task) -> None:
        [document] = await self._store.documents.find(task.place, [task.document_id]) or [None]
        dataset = await self._store.datasets.find(task.place)
        if document is None or dataset is None:
            raise Gone
        dataset = await self._settled(dataset, document)
        progress = document.progress
        if progress.status != "indexing":
            progress = await self._lay_out(task, document)
        if document.form == "qa_model" and self._asker is not None:
            progress = await self._ask(self._asker, task, document, progress)
        await self._complete(task, dataset, document, progress)

    async def _settled(self, dataset: Dataset, document: Document) -> Dataset:
        """The dataset with what its first document decides."""
        technique = dataset.technique or ("high_quality" if self._embeddings.usual().name else "economy")
        embedding = dataset.embedding
        if technique == "high_quality" and not embedding.name:
            embedding = self._embeddings.usual()
        settled = structs.replace(dataset, technique=technique, embedding=embedding, form=dataset.form or document.form)
        if settled != dataset:
            await self._store.datasets.update(settled)
        return settled

    async def _lay_out(self, task: Task, document: Document) -> Progress:
        progress = Progress("parsing", started_at=self._now())
        await self._advance(task, progress)
        text = await self._text(document)
        progress = structs.replace(progress, status="cleaning", parsed_at=self._now())
        await self._advance(task, progress)
        text = await asyncio.to_thread(clean, text, document.rule)
        progress = structs.replace(progress, status="splitting", cleaned_at=self._now())
        await self._advance(task, progress)
        cut = await asyncio.to_thread(cut_up, document, text, self._now(), asking=self._asker is not None)
        made = [(structs.replace(one, id=self._new_id()), parts) for one, parts in cut]
        children = (chunk for one, parts in made for chunk in cut_into(one, parts, self._now(), self._new_id))
        written = Written(tuple(one for one, _ in made), tuple(children))
        progress = structs.replace(
            progress,
            status="indexing",
            split_at=self._now(),
            words=sum(one.words for one in written.segments),
            tokens=sum(one.tokens for one in written.segments),
        )
        if not await self._store.indexing.lay_out(task, self._worker, written, progress, self._until()):
            raise Gone
        return progress

    async def _text(self, document: Document) -> str:
        source = document.source
        blob = await self._blobs.open(source.blob)
        if blob is None:
            raise DocumentUnreadable("Its file is gone: upload it again.")
        async with aclosing(blob.pieces) as pieces:
            if blob.size > LARGEST:
                raise DocumentUnreadable(
                    f"It is too large (at most {LARGEST // (1024 * 1024)} MB): split it into several documents."
                )
            data = b"".join([piece async for piece in pieces])
        if source.kind == "text":
            return data.decode("utf-8", "replace")
        return await self._documents.text(data, source.name or document.name, source.mime_type)

    async def _ask(self, asker: Asker, task: Task, document: Document, progress: Progress) -> Progress:
        """Have questions made of each passage that is none yet; they take its place, some passages at a time."""
        page, place = self._store.segments.page, task.place
        waiting = await page(place, document.id, SegmentQuery(statuses=("waiting",)), 1, MOST_SEGMENTS)
        texts = [one for one in waiting.items if one.answer is None]
        count = (await page(place, document.id, SegmentQuery(), 1, 1)).total - len(texts)
        while texts:
            some, texts = texts[:ASKED_AT_ONCE], texts[ASKED_AT_ONCE:]
            asking = [asker.pairs(one.content, document.language) for one in some]
            told = await asyncio.gather(*asking, return_exceptions=True)
            made: list[Segment] = []
            for one, found in zip(some, told, strict=True):
                if isinstance(found, BaseException):
                    raise found
                for at, (question, answer) in enumerate(found):
                    count += 1
                    pair = new_segment(document.id, count, Piece(question), answer, self._now())
                    made.append(structs.replace(pair, id=self._new_id() if at else one.id))
            gone = {one.id for one in some} - {one.id for one in made}
            await self._store.segments.delete(place, document.id, sorted(gone))
            progress = structs.replace(
                progress,
                words=progress.words + sum(one.words for one in made) - sum(one.words for one in some),
                tokens=progress.tokens + sum(one.tokens for one in made) - sum(one.tokens for one in some),
            )
            written = Written(tuple(made))
            if not await self._store.indexing.complete(task, self._worker, written, progress, self._until()):
                raise Gone
        if not count:
            raise DocumentUnreadable("The model found nothing to ask in it.")
        return progress

    async def _complete(self, task: Task, dataset: Dataset, document: Document, progress: Progress) -> None:
        """Bring what waits into the index, some passages at a time."""
        query = SegmentQuery(statuses=("waiting", "indexing", "error"))
        while True:
            page = await self._store.segments.page(task.place, document.id, query, 1, AT_ONCE)
            now = self._now()
            if page.total <= len(page.items):
                progress = structs.replace(progress, status="completed", completed_at=now)
            written = await self.completed(dataset, page.items)
            if not await self._store.indexing.complete(task, self._worker, written, progress, self._until()):
                raise Gone
            if progress.status == "completed":
                return

    async def completed(self, dataset: Dataset, segments: Sequence[Segment]) -> Written:
        """These passages, with the parts that they have, as the index is to hold them."""
        now = self._now()
        children = await self._store.children.of(dataset.place, [one.id for one in segments])
        done = tuple(
            structs.replace(one, status="completed", error=None, indexing_at=one.indexing_at or now, completed_at=now)
            for one in segments
        )
        return Written(done, children, await self.nodes(dataset, bare_nodes(done, children), done))

    async def nodes(self, dataset: Dataset, bare: Sequence[Node], segments: Sequence[Segment] = ()) -> tuple[Node, ...]:
        """The nodes with their vectors, where the dataset goes by these; a question is found by itself."""
        if dataset.technique == "economy":
            return tuple(bare)
        questions = {one.id: one.content for one in segments if one.answer is not None}
        texts = [questions.get(node.id, node.text) for node in bare]
        vectors = await self._embeddings.embed(dataset.embedding, texts)
        return tuple(structs.replace(node, vector=vector) for node, vector in zip(bare, vectors, strict=True))

    async def _beat(self, task: Work) -> None:
        """Hold the work for as long as it takes."""
        while True:
            await asyncio.sleep(BEAT)
            await self._store.indexing.hold(task, self._worker, self._until())

    async def _advance(self, task: Task, progress: Progress) -> None:
        if not await self._store.indexing.advance(task, self._worker, progress, self._until()):
            raise Gone

    async def _fail(self, task: Work, failed: BaseException) -> None:
        """The document ends in an error that says why; what is no problem of its own is told to the operator only."""
        if not isinstance(failed, Problem):
            log.error("a document could not be indexed, or annotations embedded: %s", task, exc_info=failed)
            failed = InternalError()
        if isinstance(task, ReplyTask):
            await self._replies.fail(task.app_id)
            return
        found = await self._store.documents.find(task.place, [task.document_id])
        for document in found:
            now = self._now()
            progress = structs.replace(document.progress, status="error", error=str(failed), stopped_at=now)
            await self._store.indexing.advance(task, self._worker, progress, now)

    def _until(self) -> float:
        return self._now() + HOLD


def cut_up(document: Document, text: str, now: float, *, asking: bool = False) -> list[tuple[Segment, tuple[str, ...]]]:
    """The passages of a text, still without ids and waiting, each with the texts of its parts.

    Those of a document of questions have answers; `asking`: where it has none, they are to be made of its passages.

    Raises:
        InvalidParam: the document's rule cannot be kept, or it has no questions and answers although it should.
        DocumentUnreadable: there is nothing in it, or too much.
    """
    found = pairs(text) if document.form == "qa_model" else []
    if found:
        cut = [(Piece(question), answer) for question, answer in found]
    elif document.form == "qa_model" and not asking:
        raise InvalidParam(NO_PAIRS)
    else:
        hierarchical, rule = document.form == "hierarchical_model", document.rule
        if hierarchical != (rule.mode == "hierarchical"):
            rule = structs.replace(rule, mode="hierarchical" if hierarchical else "custom")
        cut = [(piece, None) for piece in split(text, rule)]
    if not cut:
        raise DocumentUnreadable("There is no text in it.")
    if len(cut) > MOST_SEGMENTS:
        raise DocumentUnreadable(f"It has more than {MOST_SEGMENTS} passages: split it into several documents.")
    return [
        (new_segment(document.id, at, piece, answer, now), piece.parts) for at, (piece, answer) in enumerate(cut, 1)
    ]
