"""Datasets that say what is written for them, whatever they are asked; and what they were asked."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from parlour.domain.dataset import Dataset, RetrievalSettings
from parlour.domain.passages import Document, Hit, Segment
from parlour.ports.knowledge import Knowledge

Passages = Mapping[str, str]
"""By the name of their document."""
NOTHING: Passages = {}


class Library:
    def __init__(self, found: Sequence[Passages]) -> None:
        self._found = iter(found)
        self.searched: list[dict[str, list[str]]] = []

    def around(self, knowledge: Knowledge) -> Knowledge:
        return structs.replace(knowledge, named=self, retrieval=self)

    async def find(self, names: Sequence[str]) -> tuple[Dataset, ...]:
        """Each of them is here."""
        return tuple(Dataset(name, "default", f"set {number}", 0.0) for number, name in enumerate(names, 1))

    async def search(self, dataset: Dataset, query: str, settings: RetrievalSettings | None = None) -> tuple[Hit, ...]:
        del settings
        return self._hits((dataset,), query)

    async def several(self, datasets: Sequence[Dataset], query: str, settings: RetrievalSettings) -> tuple[Hit, ...]:
        del settings
        return self._hits(datasets, query)

    def _hits(self, datasets: Sequence[Dataset], query: str) -> tuple[Hit, ...]:
        self.searched.append({query: [dataset.id for dataset in datasets]})
        place, found = datasets[0], next(self._found, NOTHING)
        return tuple(
            Hit(
                place.id,
                place.name,
                Document(name, place.tenant, place.id, name, 0.0, ""),
                Segment(f"{name}.{number}", name, number, text, 0.0),
                1 / number,
            )
            for number, (name, text) in enumerate(found.items(), 1)
        )
