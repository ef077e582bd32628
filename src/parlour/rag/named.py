"""Datasets as the files of apps name them: the port `NamedDatasets`. Does not know who reads the files.

An exported file names datasets by ids of the house that it comes from; the operator says which stand for them here.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from parlour.domain.dataset import TENANT, Dataset, DatasetQuery, External, Place, RetrievalSettings
from parlour.ports.datasets import Datasets


class Standing(Struct, frozen=True):
    """A dataset that stands for another one."""

    name: str
    tenant: str = TENANT
    external: External | None = None
    """Where it is not here at all."""


class Named:
    """`standing`: by the id in the file. An id that is not among them is one of this house, of the tenant `default`."""

    def __init__(self, datasets: Datasets, standing: Mapping[str, Standing]) -> None:
        self._datasets = datasets
        self._standing = standing

    async def find(self, names: Sequence[str]) -> tuple[Dataset, ...]:
        found: dict[str, Dataset] = {}
        for name in dict.fromkeys(names):
            dataset = await self._find(name)
            if dataset is not None:
                found[dataset.id] = dataset
        return tuple(found.values())

    async def _find(self, name: str) -> Dataset | None:
        standing = self._standing.get(name)
        if standing is None:
            return await self._datasets.find(Place(TENANT, name))
        if external := standing.external:
            retrieval = RetrievalSettings(top_k=external.top_k, threshold=external.threshold)
            return Dataset(name, standing.tenant, standing.name, 0.0, external=external, retrieval=retrieval)
        page = await self._datasets.page(standing.tenant, DatasetQuery(name=standing.name), 1, 1)
        return page.items[0] if page.items else None
