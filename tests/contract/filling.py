"""Datasets for the apps of a test: written into a running house, and indexed by it. Knows no route."""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial

from parlour.domain.annotation import Annotation, ReplySetting
from parlour.domain.app import App
from parlour.domain.dataset import TENANT, Dataset, ModelName, RetrievalSettings
from parlour.domain.passages import Document, DocumentQuery, DocumentSource, ProcessRule, Segmentation
from parlour.ports.knowledge import Knowledge
from tests.front_door import until
from tests.houses import Place

LINES = ProcessRule("custom", segmentation=Segmentation("\n", 500))
WORDS = ModelName("scripted", "words")


async def fill(
    place: Place,
    datasets: Mapping[str, Mapping[str, str]],
    *,
    tenant: str = TENANT,
    settings: RetrievalSettings | None = None,
) -> None:
    """Datasets by id, each with its documents by name; each line is a passage. All is indexed when this returns."""
    knowledge = place.house.knowledge
    for dataset_id, documents in datasets.items():
        made = Dataset(
            dataset_id,
            tenant,
            f"Dataset {dataset_id}",
            1.0,
            technique="high_quality",
            embedding=WORDS,
            retrieval=settings or RetrievalSettings(top_k=4, threshold=0.1),
        )
        await knowledge.store.datasets.create(made)
        for number, (name, text) in enumerate(documents.items(), 1):
            await place.house.blobs.put(f"{dataset_id} {name}", pieces(text))
            source = DocumentSource("text", f"{dataset_id} {name}", name, len(text), "txt", "text/plain")
            document = Document(
                f"{number:08d}{dataset_id[8:]}",
                tenant,
                dataset_id,
                name,
                2.0,
                "batch",
                source,
                LINES,
                metadata={"kind": name},
            )
            assert await knowledge.store.documents.add(made.place, [document])
        knowledge.editing.wake()
        await until(partial(indexed, knowledge, made, len(documents)), 20)


async def annotate(place: Place, app: App, said: Sequence[tuple[str, str]], threshold: float = 0.9) -> None:
    """Annotations of an app, as question and answer; they answer when this returns."""
    house = place.house
    for number, (question, answer) in enumerate(said, 1):
        annotation_id = f"{number:08d}-0000-4000-8000-00000000a000"
        await house.annotations.create(Annotation(annotation_id, app.card.id, question, answer, 3.0))
    job = await house.replies.order(app.card.id, "enable", ReplySetting(threshold, WORDS))
    house.knowledge.editing.wake()

    async def done() -> bool:
        found = await house.replies.job(app.card.id, "enable", job.id)
        return found is not None and found.status == "completed"

    await until(done, 20)


async def indexed(knowledge: Knowledge, dataset: Dataset, documents: int) -> bool:
    query = DocumentQuery(status="available")
    return (await knowledge.store.documents.page(dataset.place, query, 1, 99)).total >= documents


async def pieces(text: str) -> AsyncIterator[bytes]:
    yield text.encode()
