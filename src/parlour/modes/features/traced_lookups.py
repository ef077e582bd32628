"""What a run looks up in datasets by itself, beside any node, as spans. Knows no dataset from the inside."""

from collections.abc import Awaitable, Callable, Sequence

from parlour.domain.dataset import Dataset, RetrievalSettings
from parlour.domain.passages import Hit
from parlour.domain.problems import Problem
from parlour.domain.trace import Attributes, Span
from parlour.modes.features.spans import LONGEST
from parlour.ports.knowledge import Retrieval


class TracedRetrieval:
    """The port `Retrieval`."""

    def __init__(self, retrieval: Retrieval, now: Callable[[], float], *, texts: bool) -> None:
        self._retrieval = retrieval
        self._now = now
        self._texts = texts
        self.spans: list[Span] = []
        """One for each look-up that has ended, within the run's."""

    async def search(self, dataset: Dataset, query: str, settings: RetrievalSettings | None = None) -> tuple[Hit, ...]:
        return await self._told((dataset,), query, self._retrieval.search(dataset, query, settings))

    async def several(self, datasets: Sequence[Dataset], query: str, settings: RetrievalSettings) -> tuple[Hit, ...]:
        return await self._told(datasets, query, self._retrieval.several(datasets, query, settings))

    async def _told(
        self, datasets: Sequence[Dataset], query: str, search: Awaitable[tuple[Hit, ...]]
    ) -> tuple[Hit, ...]:
        attributes: Attributes = {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": ",".join(one.id for one in datasets),
        }
        if self._texts:
            attributes["gen_ai.retrieval.query.text"] = query[:LONGEST]
        began = self._now()
        name = f"retrieval {', '.join(one.name for one in datasets)}"
        span = Span(name, began, began, parent=0, attributes=attributes)
        try:
            hits = await search
            attributes["parlour.retrieval.found"] = len(hits)
        except Problem as problem:
            span.error = type(problem).__name__
            raise
        finally:
            span.ended = self._now()
            self.spans.append(span)
        return hits
